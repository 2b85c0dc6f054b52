from collections.abc import Iterator

import pytest

from tests.integration.sandbox import running
from tests.integration.sandbox.running import Running


@pytest.fixture(scope="package")
def shared_provider() -> Iterator[Running]:
    with running.provider("--drop-after", "0.05", "--slow", "0.05") as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Running) -> Iterator[Running]:
    yield shared_provider
    shared_provider.http.delete("/faults")


@pytest.fixture(scope="package")
def shared_mailsink() -> Iterator[Running]:
    with running.mailsink() as mailsink:
        yield mailsink


@pytest.fixture
def mailsink(shared_mailsink: Running) -> Iterator[Running]:
    shared_mailsink.http.delete("/api/v1/messages")
    yield shared_mailsink
    shared_mailsink.http.delete("/faults")

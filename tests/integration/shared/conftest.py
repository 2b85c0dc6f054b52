"""The toy service on servers that the tests here may kill, and on clean tables and streams."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import nats
import pytest

from shared.events.topology import ConsumerLimits
from shared.messaging import consumer, topology_setup
from shared.settings import ServiceSettings
from shopctl.servers import Servers
from tests.integration.servers import own_servers
from tests.integration.settings import settings_on
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import Toy, toy_of
from tests.integration.shared.toy_tables import make_tables

ACK_WAIT_S = 0.8


class MakeToy(Protocol):
    async def __call__(self, **settings: object) -> Toy: ...


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with own_servers("shared") as servers:
        yield servers


@pytest.fixture(scope="module")
async def database_url(servers: Servers, request: pytest.FixtureRequest) -> str:
    """A database of the module's own, with inbox, outbox and the toy's one table."""
    url = await servers.new_database(Path(request.node.path).stem)
    await make_tables(url)
    return url


async def ignore(_error: Exception) -> None:
    """The test kills the broker: nats-py need not say so."""


@pytest.fixture
async def floor(servers: Servers, database_url: str) -> AsyncIterator[Floor]:
    """Empty tables and streams, and eyes on both."""
    broker = await nats.connect(
        servers.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=ignore
    )
    floor = Floor(servers, database_url, broker, broker.jetstream(timeout=5))
    await floor.clear()
    await floor.wipe_redis()
    yield floor
    await broker.close()


@pytest.fixture
async def impatient(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker waits less than a second for an answer."""
    limits = ConsumerLimits(ack_wait=timedelta(seconds=ACK_WAIT_S))
    monkeypatch.setattr(topology_setup, "CONSUMER_LIMITS", limits)
    monkeypatch.setattr(consumer, "CONSUMER_LIMITS", limits)
    await floor.clear()


@pytest.fixture
def settings(servers: Servers, database_url: str) -> ServiceSettings:
    return settings_on(ServiceSettings, servers, database_url, log_level="INFO")


BOTH_WAYS = pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
"""For tests of what has to hold however the toy handles its events."""


@pytest.fixture
def together() -> bool:
    return False


@pytest.fixture
async def make_toy(
    floor: Floor, settings: ServiceSettings, together: bool
) -> AsyncIterator[MakeToy]:
    """Starts toys in this process, which end with the test."""
    async with AsyncExitStack() as stack:

        async def make(**changes: object) -> Toy:
            toy = toy_of(settings.model_copy(update=changes), together=together)
            app = toy.service.app
            await stack.enter_async_context(app.router.lifespan_context(app))
            return toy

        yield make


@pytest.fixture
async def toy(make_toy: MakeToy) -> Toy:
    return await make_toy()

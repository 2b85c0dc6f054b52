"""What the audit's tests start from."""

from collections.abc import Iterator

import pytest

from audit.evidence import Evidence
from tests.unit.audit.good_shop import good_shop


@pytest.fixture
def shop() -> Iterator[Evidence]:
    """Evidence in which nothing is wrong."""
    evidence = good_shop()
    yield evidence
    evidence.close()

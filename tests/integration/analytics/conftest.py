"""Analytics on real servers."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from shopctl.servers import Servers
from tests.integration.servers import servers_of

TABLES = (
    "inbox",
    "event_counts",
    "revenue_minutes",
    "order_facts",
    "product_sales",
    "payment_method_totals",
    "buyers",
)


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with servers_of("analytics") as servers:
        yield servers


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    return servers.database_url("analytics")


@pytest.fixture(autouse=True)
async def nothing_stored(connection: asyncpg.Connection) -> None:
    await connection.execute(f"TRUNCATE {', '.join(TABLES)}")

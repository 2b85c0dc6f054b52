"""The order service, whole, in the tests' own process, on real servers."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from httpx import AsyncClient
from nats.js import JetStreamContext

from services.order.main import build
from services.order.settings import OrderSettings
from shopctl.servers import Servers
from tests.integration.in_process import running
from tests.integration.order.counter import Counter
from tests.integration.servers import servers_of
from tests.integration.settings import settings_on


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with servers_of("order") as servers:
        yield servers


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    return servers.database_url("order")


@pytest.fixture(scope="session")
def settings(servers: Servers, database_url: str) -> OrderSettings:
    return settings_on(
        OrderSettings,
        servers,
        database_url,
        log_level="ERROR",
        order_catalogue_every_s=0.05,
    )


@pytest.fixture(scope="module")
async def client(settings: OrderSettings) -> AsyncIterator[AsyncClient]:
    async with running(build(settings)) as client:
        yield client


@pytest.fixture
async def counter(
    client: AsyncClient, jetstream: JetStreamContext, connection: asyncpg.Connection
) -> Counter:
    """Where one buys: the catalogue has a lamp for 12.50 and a mug for 7.95."""
    counter = Counter(client, jetstream, connection)
    await counter.stock_catalogue()
    return counter

"""The order service, whole, in the tests' own process, on real servers."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import nats
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from nats.js import JetStreamContext
from pydantic import SecretStr

from services.order.main import build
from services.order.settings import OrderSettings
from shared.messaging.topology_setup import set_up
from shared.persistence.migrations import upgrade
from shopctl.servers import Servers
from tests.integration.order.counter import Counter
from tests.integration.servers import own_servers


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with own_servers("order") as servers:
        await set_up(servers.nats_url)
        yield servers


@pytest.fixture(scope="session")
async def database_url(servers: Servers) -> str:
    url = servers.database_url("order")
    await asyncio.to_thread(upgrade, "order", url)
    return url


@pytest.fixture(scope="session")
def settings(servers: Servers, database_url: str) -> OrderSettings:
    return OrderSettings(
        database_url=database_url,
        nats_url=servers.nats_url,
        redis_url=servers.redis_url,
        customer_token=SecretStr("customer-token"),
        operator_token=SecretStr("operator-token"),
        log_level="ERROR",
        order_catalogue_every_s=0.05,
    )


@pytest.fixture(scope="module")
async def app(settings: OrderSettings) -> AsyncIterator[FastAPI]:
    app = build(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://order") as client:
        yield client


@pytest.fixture(scope="session")
async def jetstream(servers: Servers) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(servers.nats_url)
    yield connection.jetstream()
    await connection.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def counter(
    client: AsyncClient, jetstream: JetStreamContext, connection: asyncpg.Connection
) -> Counter:
    """Where one buys: the catalogue has a lamp for 12.50 and a mug for 7.95."""
    counter = Counter(client, jetstream, connection)
    await counter.stock_catalogue()
    return counter

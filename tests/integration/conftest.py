"""What a service's tests use of the `servers` and the `database_url` of their package."""

from collections.abc import AsyncIterator

import asyncpg
import nats
import pytest
from nats.js import JetStreamContext

from shared.persistence.database import Database
from shopctl.servers import Servers
from tests.integration.shifted_clock import ShiftedClock


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, application="tests", pool_size=12)
    yield database
    await database.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def jetstream(servers: Servers) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(servers.nats_url)
    yield connection.jetstream()
    await connection.close()


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()

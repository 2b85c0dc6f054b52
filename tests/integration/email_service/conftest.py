"""Email on real servers: Postgres with its schema, and a mail server that does as it is told."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from shared.persistence.database import Database
from shared.persistence.migrations import upgrade
from shopctl.servers import Servers, running_servers
from tests.integration.email_service.replicas import Replica, ShiftedClock, open_replica
from tests.unit.email_service.mail_server import MailServer


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    place = Path(mkdtemp(prefix="shop-email-"))
    async with running_servers(place) as servers:
        yield servers
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
async def database_url(servers: Servers) -> str:
    url = servers.database_url("email")
    await asyncio.to_thread(upgrade, "email", url)
    return url


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, application="email-tests", pool_size=8)
    yield database
    await database.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def replica(
    database: Database, server: MailServer, clock: ShiftedClock
) -> AsyncIterator[Replica]:
    async with open_replica(database, server.port, clock) as replica:
        yield replica


@pytest.fixture
async def twin(
    database: Database, server: MailServer, clock: ShiftedClock
) -> AsyncIterator[Replica]:
    """A second process's parts, on the same database."""
    async with open_replica(database, server.port, clock) as replica:
        yield replica

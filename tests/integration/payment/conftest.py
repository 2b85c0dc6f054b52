"""Payment on real servers: Postgres with its schema, and the sandbox's provider."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import httpx
import pytest

from shared.persistence.database import Database
from shared.persistence.migrations import upgrade
from shopctl import outside
from shopctl.ports import Ports
from shopctl.run_dir import RunDir
from shopctl.servers import Servers, running_servers
from shopctl.state_file import State
from shopctl.supervisor import Supervisor
from tests.integration.payment.bookkeeping import ProviderBooks
from tests.integration.payment.replicas import Replica, ShiftedClock, open_replica


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    place = Path(mkdtemp(prefix="shop-payment-"))
    async with running_servers(place) as servers:
        yield servers
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
async def database_url(servers: Servers) -> str:
    url = servers.database_url("payment")
    await asyncio.to_thread(upgrade, "payment", url)
    return url


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, application="payment-tests", pool_size=8)
    yield database
    await database.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def outside_dir() -> Iterator[RunDir]:
    run_dir = RunDir.at(Path(mkdtemp(prefix="shop-provider-")))
    run_dir.prepare()
    yield run_dir
    run_dir.remove_data()
    shutil.rmtree(run_dir.path)


@pytest.fixture(scope="session")
async def world(outside_dir: RunDir) -> AsyncIterator[Supervisor]:
    """Runs the provider, which the tests may kill and start again by the name of `provider`."""
    supervisor = Supervisor(outside_dir, State(), report=lambda _name, _what: None)
    ports = Ports()
    try:
        await supervisor.start(lambda: outside.provider(outside_dir, ports))
        yield supervisor
    finally:
        await supervisor.stop(list(supervisor.state.running))


@pytest.fixture
async def books(world: Supervisor) -> AsyncIterator[ProviderBooks]:
    url = world.state.running["provider"].program.urls["url"]
    async with httpx.AsyncClient(base_url=url, timeout=5.0) as client:
        books = ProviderBooks(client)
        yield books
        await books.behave()


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def replica(
    database: Database, books: ProviderBooks, clock: ShiftedClock
) -> AsyncIterator[Replica]:
    async with open_replica(database, books.url, clock) as replica:
        yield replica


@pytest.fixture
async def twin(
    database: Database, books: ProviderBooks, clock: ShiftedClock
) -> AsyncIterator[Replica]:
    """A second process's parts, on the same database."""
    async with open_replica(database, books.url, clock) as replica:
        yield replica

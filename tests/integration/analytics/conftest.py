"""Analytics on real servers: a Postgres with its schema, a NATS with the topology, a Valkey."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from shared.messaging.topology_setup import set_up
from shared.persistence.database import Database
from shared.persistence.migrations import upgrade
from shopctl import nats, postgres, valkey
from shopctl.ports import Ports
from shopctl.run_dir import RunDir
from shopctl.state_file import State
from shopctl.supervisor import Supervisor

PASSWORD = "integration"
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
def run_dir() -> Iterator[RunDir]:
    run_dir = RunDir.at(Path(mkdtemp(prefix="shop-analytics-")))
    run_dir.prepare()
    yield run_dir
    run_dir.remove_data()
    shutil.rmtree(run_dir.path)


@pytest.fixture(scope="session")
async def supervisor(run_dir: RunDir) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(run_dir, State(), report=lambda _name, _what: None)
    yield supervisor
    await supervisor.stop(list(supervisor.state.running))


@pytest.fixture(scope="session")
async def postgres_url(run_dir: RunDir, supervisor: Supervisor) -> str:
    ports = Ports()
    await postgres.prepare(run_dir)
    server = await supervisor.start(lambda: postgres.program(run_dir, ports))
    await postgres.provision(run_dir, server, ["analytics"], password=PASSWORD)
    url = postgres.url(server, "analytics", password=PASSWORD)
    await asyncio.to_thread(upgrade, "analytics", url)
    return url


@pytest.fixture(scope="session")
async def nats_url(run_dir: RunDir, supervisor: Supervisor) -> str:
    ports = Ports()
    server = await supervisor.start(lambda: nats.program(run_dir, ports))
    await set_up(server.urls["url"])
    return server.urls["url"]


@pytest.fixture(scope="session")
async def redis_url(run_dir: RunDir, supervisor: Supervisor) -> str:
    ports = Ports()
    server = await supervisor.start(lambda: valkey.program(run_dir, ports))
    return server.urls["url"]


@pytest.fixture(scope="session")
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, application="analytics-tests", pool_size=12)
    yield database
    await database.close()


@pytest.fixture
async def connection(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
async def nothing_stored(connection: asyncpg.Connection) -> None:
    await connection.execute(f"TRUNCATE {', '.join(TABLES)}")

"""Payment on real servers, with the sandbox's provider."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import httpx
import pytest

from shared.persistence.database import Database
from shopctl import outside
from shopctl.ports import Ports
from shopctl.servers import Servers
from shopctl.supervisor import Supervisor
from tests.integration.payment.bookkeeping import ProviderBooks
from tests.integration.payment.replicas import Replica, open_replica
from tests.integration.servers import own_world, servers_of
from tests.integration.shifted_clock import ShiftedClock


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with servers_of("payment") as servers:
        yield servers


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    return servers.database_url("payment")


@pytest.fixture(scope="session")
async def world() -> AsyncIterator[Supervisor]:
    """Runs the provider, which the tests may kill and start again by the name of `provider`."""
    async with own_world("provider") as world:
        await world.start(lambda: outside.provider(world.run_dir, Ports()))
        yield world


@pytest.fixture
async def books(world: Supervisor) -> AsyncIterator[ProviderBooks]:
    url = world.state.running["provider"].program.urls["url"]
    async with httpx.AsyncClient(base_url=url, timeout=5.0) as client:
        books = ProviderBooks(client)
        yield books
        await books.behave()


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


@pytest.fixture
async def books_begin(connection: asyncpg.Connection, books: ProviderBooks) -> None:
    """Let the reconciliation begin here, whatever other tests did, at whatever time of theirs."""
    await connection.execute("TRUNCATE payments, payment_mismatches")
    await connection.execute(
        "UPDATE reconciliation SET since = clock_timestamp(), next_at = 'epoch', movement_id = $1,"
        " movement_key = $2, orders_until = $3, refunds_until = 'epoch', finished_at = NULL",
        *await books.last(),
        UUID(int=0),
    )

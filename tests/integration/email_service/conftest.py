"""Email on real servers, with a mail server that does as it is told."""

from collections.abc import AsyncIterator

import pytest

from shared.persistence.database import Database
from shopctl.servers import Servers
from tests.integration.email_service.replicas import Replica, open_replica
from tests.integration.servers import servers_of
from tests.integration.shifted_clock import ShiftedClock
from tests.unit.email_service.mail_server import MailServer


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with servers_of("email") as servers:
        yield servers


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    return servers.database_url("email")


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


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

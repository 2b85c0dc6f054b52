"""Inventory on real servers."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.inventory.settings import InventorySettings
from shopctl.servers import Servers
from tests.integration.servers import servers_of
from tests.integration.settings import settings_on

TABLES = ("inbox", "outbox_groups", "receipts", "reservations", "products")


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with servers_of("inventory") as servers:
        yield servers


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    return servers.database_url("inventory")


@pytest.fixture(autouse=True)
async def nothing_stored(connection: asyncpg.Connection) -> None:
    await connection.execute(f"TRUNCATE {', '.join(TABLES)}")


@pytest.fixture(scope="session")
def settings(servers: Servers, database_url: str) -> InventorySettings:
    return settings_on(
        InventorySettings,
        servers,
        database_url,
        inventory_expiry_every_s=0.05,
        inventory_import_max_bytes=1_000_000,
    )

"""Each service's migrations make the tables that its rows declare."""

import asyncio
from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlmodel import SQLModel

from shared.persistence import tables
from shared.persistence.database import Database
from shared.persistence.migrations import upgrade
from shopctl.plan import SERVICES
from shopctl.servers import Servers


def declared_by(service: str) -> MetaData:
    """Return its own tables, with inbox and outbox."""
    declared = MetaData()
    for module in (import_module(f"services.{service}.tables"), tables):
        for row in vars(module).values():
            if isinstance(row, type) and issubclass(row, SQLModel) and hasattr(row, "__table__"):
                row.__table__.to_metadata(declared)
    return declared


@pytest.mark.parametrize("service", SERVICES)
async def test_the_migrations_make_the_tables_that_the_rows_declare(
    servers: Servers, service: str
) -> None:
    declared = declared_by(service)

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, declared))

    url = servers.database_url(service)
    await asyncio.to_thread(upgrade, service, url)
    database = Database(url, application="migrations")
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()
    assert {"inbox", "outbox"} < set(declared.tables)

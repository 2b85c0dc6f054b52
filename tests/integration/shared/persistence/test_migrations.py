"""Each service's migrations make the tables that its rows declare."""

import asyncio
from datetime import timedelta
from importlib import import_module

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlmodel import SQLModel

from shared.messaging import outbox
from shared.persistence import tables
from shared.persistence.database import Database
from shared.persistence.migrations import alembic_config, upgrade
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
    assert {"inbox", "outbox_groups"} < set(declared.tables)


STORED = """
INSERT INTO outbox (event_id, subject, payload, traceparent, published_at, stream_seq)
SELECT uuidv7(), 'orders.placed', convert_to('event ' || n, 'UTF8'), '00-aa-bb-01',
    CASE WHEN n < 3 THEN now() END, CASE WHEN n < 3 THEN n END
FROM generate_series(1, 4) AS n
"""
ROWS = "SELECT * FROM outbox ORDER BY event_id"


@pytest.mark.parametrize("service", SERVICES)
async def test_what_the_outbox_has_outlives_its_new_form_and_the_way_back(
    servers: Servers, service: str
) -> None:
    url = await servers.new_database(f"grouping_{service}")
    configuration = alembic_config(service, url)
    by_group = "0003" if service == "payment" else "0002"
    await asyncio.to_thread(command.upgrade, configuration, f"{by_group}-1")
    connection = await asyncpg.connect(url)
    await connection.execute(STORED)
    stored = await connection.fetch(ROWS)

    await asyncio.to_thread(command.upgrade, configuration, by_group)
    assert await connection.fetch(ROWS) == stored
    groups = await outbox.unpublished(connection, timedelta(0), 10)
    assert [it.payload for group in groups for it in group.messages] == [b"event 3", b"event 4"]

    await asyncio.to_thread(command.downgrade, configuration, f"{by_group}-1")
    assert await connection.fetch(ROWS) == stored
    await connection.close()

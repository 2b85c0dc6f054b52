from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

from services.order import tables
from shared.persistence import tables as shared_tables
from shared.persistence.database import Database

OURS = {
    table.__tablename__
    for module in (tables, shared_tables)
    for table in vars(module).values()
    if isinstance(table, type) and issubclass(table, SQLModel) and hasattr(table, "__table__")
}


async def test_the_tables_are_what_the_migrations_make(database_url: str) -> None:
    database = Database(database_url, application="migrations")
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await database.close()
    assert len(OURS) == 6
    assert differences == []


def _differences(connection: Connection) -> list[object]:
    def ours(_object: object, name: str, kind: str, *_: object) -> bool:
        return kind != "table" or name in OURS

    context = MigrationContext.configure(
        connection, opts={"include_object": ours, "compare_type": True}
    )
    found: list[object] = compare_metadata(context, SQLModel.metadata)
    return found

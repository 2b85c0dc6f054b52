from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from services.analytics import tables
from shared.persistence.database import Database
from shared.persistence.tables import InboxRow, OutboxRow

ROWS = (
    InboxRow,
    OutboxRow,
    tables.EventCount,
    tables.RevenueMinute,
    tables.OrderFactRow,
    tables.ProductSales,
    tables.PaymentMethodTotal,
    tables.Buyer,
)


def differences(connection: Connection) -> list[object]:
    declared = MetaData()
    for row in ROWS:
        row.__table__.to_metadata(declared)  # type: ignore[union-attr]  # set by SQLModel
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, declared))


async def test_the_migrated_database_is_the_declared_one(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []

"""What is read outside of any decision: the catalogue, and the reservations that ran out."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from services.inventory.tables import LIVE, ProductRow, ReservationRow
from shared.persistence.database import Database


async def find_product(database: Database, sku: str) -> ProductRow | None:
    async with database.session() as session:
        return await session.get(ProductRow, sku)


async def list_products(database: Database, *, after: str, limit: int) -> list[ProductRow]:
    """Return the products that follow a SKU, in the order of their SKUs."""
    page = (
        select(ProductRow)
        .where(col(ProductRow.sku) > after)
        .order_by(col(ProductRow.sku))
        .limit(limit)
    )
    async with database.session() as session:
        return list(await session.exec(page))


async def find_overdue(database: Database, *, before: datetime, limit: int) -> list[UUID]:
    """Return the orders whose live reservations ran out before that moment, oldest first."""
    overdue = (
        select(ReservationRow.order_id)
        .where(LIVE)
        .where(col(ReservationRow.expires_at) <= before)
        .order_by(col(ReservationRow.expires_at))
        .limit(limit)
    )
    async with database.session() as session:
        return list(await session.exec(overdue))

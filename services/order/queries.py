"""Reading orders: from the read model, and from the history itself."""

from uuid import UUID

from sqlmodel import col, select

from services.order.domain import OrderNotFound, OrderStatus
from services.order.schemas import HistoryEntry, OrderOut, OrdersOut
from services.order.tables import OrderEventRow, OrderRow
from shared.persistence.database import Database


async def find_order(database: Database, order_id: UUID) -> OrderOut:
    """Raises OrderNotFound."""
    async with database.session() as session:
        row = await session.get(OrderRow, order_id)
    if row is None:
        raise OrderNotFound(order_id)
    return _out(row)


async def find_history(database: Database, order_id: UUID) -> list[HistoryEntry]:
    """Raises OrderNotFound."""
    query = (
        select(OrderEventRow)
        .where(OrderEventRow.order_id == order_id)
        .order_by(col(OrderEventRow.version))
    )
    async with database.session() as session:
        rows = (await session.exec(query)).all()
    if not rows:
        raise OrderNotFound(order_id)
    return [
        HistoryEntry(
            version=row.version, event_type=row.event_type, timestamp=row.timestamp, data=row.data
        )
        for row in rows
    ]


async def list_orders(
    database: Database,
    *,
    customer_id: str | None,
    status: OrderStatus | None,
    after: UUID | None,
    limit: int,
) -> OrdersOut:
    """Return a page, newest first; `after` is the last order id of the page before."""
    query = select(OrderRow).order_by(col(OrderRow.order_id).desc()).limit(limit + 1)
    if customer_id is not None:
        query = query.where(OrderRow.customer_id == customer_id)
    if status is not None:
        query = query.where(OrderRow.status == status)
    if after is not None:
        query = query.where(col(OrderRow.order_id) < after)
    async with database.session() as session:
        rows = (await session.exec(query)).all()
    page = rows[:limit]
    more = len(rows) > limit
    return OrdersOut(
        orders=[_out(row) for row in page],
        next_cursor=str(page[-1].order_id) if more else None,
    )


def _out(row: OrderRow) -> OrderOut:
    shipment = (
        {"carrier": row.carrier, "tracking_number": row.tracking_number or ""}
        if row.carrier
        else None
    )
    return OrderOut(
        order_id=row.order_id,
        status=OrderStatus(row.status),
        customer_id=row.customer_id,
        customer_email=row.customer_email,
        items=row.items,
        total_cents=row.total_cents,
        currency=row.currency,
        payment_method=row.payment_method,
        placed_at=row.placed_at,
        updated_at=row.updated_at,
        version=row.version,
        cancel_reason=row.cancel_reason,
        payment_id=row.payment_id,
        shipment=shipment,
    )

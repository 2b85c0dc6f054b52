"""What only time brings about: orders that are never decided, keys that nobody asks for again."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, delete, select

from services.order.domain import OPEN
from services.order.tables import IdempotencyKeyRow, OrderRow
from services.order.use_cases import Desk, expire_order
from shared.clock import first_id_at
from shared.persistence.database import Database

BATCH = 500


class Expiry:
    """Cancels orders that are still open `after` their placing.

    Order ids begin with their time, so that the primary key finds the old ones; what lies before
    the watermark is decided, and is not looked at again.
    """

    def __init__(self, desk: Desk, database: Database, *, after: timedelta) -> None:
        self._desk = desk
        self._database = database
        self._after = after
        self._decided_until = UUID(int=0)

    async def sweep(self) -> None:
        now = self._desk.clock()
        until = first_id_at(now - self._after)
        while order_ids := await self._open_before(until):
            await asyncio.gather(*(self._expire(order_id, now) for order_id in order_ids))
        self._decided_until = until

    async def _expire(self, order_id: UUID, now: datetime) -> None:
        await expire_order(self._desk, order_id, detail="it took too long", at=now)

    async def _open_before(self, until: UUID) -> Sequence[UUID]:
        query = (
            select(OrderRow.order_id)
            .where(
                col(OrderRow.order_id) >= self._decided_until,
                col(OrderRow.order_id) < until,
                col(OrderRow.status).in_(list(OPEN)),
            )
            .order_by(col(OrderRow.order_id))
            .limit(BATCH)
        )
        async with self._database.session() as session:
            return (await session.exec(query)).all()


async def forget_keys(desk: Desk, database: Database, *, after: timedelta) -> None:
    """Delete idempotency keys that were answered so long ago."""
    before = desk.clock() - after
    async with database.session() as session:
        await session.exec(
            delete(IdempotencyKeyRow).where(
                col(IdempotencyKeyRow.order_id) < first_id_at(before),
                col(IdempotencyKeyRow.created_at) < before,
            )
        )
        await session.commit()

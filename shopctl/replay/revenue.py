"""What analytics and the order service say of a replay."""

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from uuid import UUID

from shopctl.replay.posting import CURRENCY
from shopctl.replay.spool import Spool
from shopctl.shop import Shop

PAGE = 100

ByDay = Mapping[str, int]  # ISO day, cents


class Lost(NamedTuple):
    """A sale of the file whose order was cancelled."""

    invoice: str
    line: int
    order_id: UUID
    cents: int
    reason: str


async def revenue_by_day(shop: Shop) -> ByDay:
    report = await shop.get("analytics", "/reports/revenue", window="day")
    return {
        window["start"][:10]: window["revenue_cents"]
        for window in report["windows"]
        if window["currency"] == CURRENCY
    }


def gained(before: ByDay, after: ByDay) -> dict[str, int]:
    """The days on which revenue has changed, and by how much."""
    days = sorted({*before, *after})
    changes = {day: after.get(day, 0) - before.get(day, 0) for day in days}
    return {day: cents for day, cents in changes.items() if cents}


async def newest_order(shop: Shop) -> UUID | None:
    page = await shop.get("order", "/orders", limit=1)
    return UUID(page["orders"][0]["order_id"]) if page["orders"] else None


async def lost_sales(shop: Shop, spool: Spool) -> AsyncIterator[Lost]:
    """Newest first, those of earlier replays included."""
    query: dict[str, str | int] = {"status": "CANCELLED", "limit": PAGE}
    while True:
        page = await shop.get("order", "/orders", **query)
        for order in page["orders"]:
            order_id = UUID(order["order_id"])
            if sale := spool.sale_of(order_id):
                yield Lost(*sale, order_id, order["total_cents"], order["cancel_reason"])
        if not page["next_cursor"]:
            return
        query["cursor"] = page["next_cursor"]

"""Analytics, as tutorials write it."""

from sqlalchemy.dialects.postgresql import insert

from loadtests.baselines.tutorial.kit import hears, is_new, session
from loadtests.baselines.tutorial.tables import EventCount
from shared.events import Event, OrderConfirmed, OrderPlaced, PaymentProcessed, StockReserved


@hears("analytics", OrderPlaced)
async def placed(event: OrderPlaced) -> None:
    await _count(event)


@hears("analytics", StockReserved)
async def reserved(event: StockReserved) -> None:
    await _count(event)


@hears("analytics", PaymentProcessed)
async def paid(event: PaymentProcessed) -> None:
    await _count(event)


@hears("analytics", OrderConfirmed)
async def confirmed(event: OrderConfirmed) -> None:
    await _count(event)


async def _count(event: Event) -> None:
    if not await is_new("analytics", event):
        return
    one_more = insert(EventCount).values(event_type=event.event_type, events=1)
    async with session() as db:
        await db.exec(
            one_more.on_conflict_do_update(
                index_elements=["event_type"], set_={"events": EventCount.events + 1}
            )
        )
        await db.commit()

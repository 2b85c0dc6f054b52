"""Event → use case."""

from datetime import timedelta

from services.inventory.use_cases import (
    Commits,
    release_stock,
    reserve_stock,
    sell_stock,
)
from shared.clock import Clock, NewId, new_id, utc_now
from shared.events import OrderCancelled, OrderConfirmed, OrderPlaced
from shared.messaging.consumer import Consumer


def register(
    consumer: Consumer,
    commits: Commits,
    *,
    hold_for: timedelta,
    clock: Clock = utc_now,
    new_id: NewId = new_id,
) -> None:
    @consumer.on(OrderPlaced)
    async def on_order_placed(event: OrderPlaced) -> None:
        """Reserves all lines of the order, or none."""
        work = reserve_stock(event, at=clock(), new_id=new_id, hold_for=hold_for)
        await commits.run(work)

    @consumer.on(OrderConfirmed)
    async def on_order_confirmed(event: OrderConfirmed) -> None:
        """Makes the reservation a sale."""
        await commits.run(sell_stock(event, at=clock(), new_id=new_id))

    @consumer.on(OrderCancelled)
    async def on_order_cancelled(event: OrderCancelled) -> None:
        """Releases what the order holds, and takes back what it bought."""
        await commits.run(release_stock(event, at=clock(), new_id=new_id))

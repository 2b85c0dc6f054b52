"""Event → use case."""

from datetime import timedelta

from services.inventory.use_cases import (
    Commits,
    StockWork,
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
    linger_s: float,
    clock: Clock = utc_now,
    new_id: NewId = new_id,
) -> None:
    @consumer.deciding(OrderPlaced, commits)
    def on_order_placed(event: OrderPlaced) -> StockWork[None]:
        """Reserves all lines of the order, or none."""
        return reserve_stock(event, at=clock(), new_id=new_id, hold_for=hold_for)

    @consumer.deciding(OrderConfirmed, commits, linger_s=linger_s)
    def on_order_confirmed(event: OrderConfirmed) -> StockWork[None]:
        """Makes the reservation a sale."""
        return sell_stock(event, at=clock(), new_id=new_id)

    @consumer.deciding(OrderCancelled, commits)
    def on_order_cancelled(event: OrderCancelled) -> StockWork[None]:
        """Releases what the order holds, and takes back what it bought."""
        return release_stock(event, at=clock(), new_id=new_id)

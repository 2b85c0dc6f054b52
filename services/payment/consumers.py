"""Event → use case."""

from services.payment.use_cases import Cashier
from shared.events import OrderCancelled, StockReserved
from shared.messaging.consumer import Consumer


def subscribe(consumer: Consumer, cashier: Cashier) -> None:
    @consumer.on(StockReserved)
    async def on_stock_reserved(event: StockReserved) -> None:
        """Charge the order."""
        await cashier.charge_order(event)

    @consumer.on(OrderCancelled)
    async def on_order_cancelled(event: OrderCancelled) -> None:
        """Charge it no more, and give back what was taken."""
        await cashier.call_off(event)

"""Event → use case."""

from services.order import use_cases
from services.order.use_cases import Desk, OrderWork
from shared.events import (
    PaymentProcessed,
    ProductChanged,
    StockRejected,
    StockReleased,
    StockReserved,
)
from shared.messaging.consumer import Consumer


def register(consumer: Consumer, desk: Desk) -> None:
    @consumer.deciding(StockReserved, desk.commits)
    def on_stock_reserved(event: StockReserved) -> OrderWork[None]:
        return use_cases.note_reservation(desk, event)

    @consumer.deciding(StockRejected, desk.commits)
    def on_stock_rejected(event: StockRejected) -> OrderWork[None]:
        return use_cases.note_missing_stock(desk, event)

    @consumer.deciding(StockReleased, desk.commits)
    def on_stock_released(event: StockReleased) -> OrderWork[None]:
        return use_cases.note_released_stock(desk, event)

    @consumer.deciding(PaymentProcessed, desk.commits)
    def on_payment_processed(event: PaymentProcessed) -> OrderWork[None]:
        return use_cases.note_payment(desk, event)

    @consumer.on(ProductChanged)
    async def on_product_changed(event: ProductChanged) -> None:
        await use_cases.copy_product(desk, event)

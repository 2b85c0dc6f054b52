"""Event → use case."""

from services.order import use_cases
from services.order.use_cases import Desk
from shared.events import (
    PaymentProcessed,
    ProductChanged,
    StockRejected,
    StockReleased,
    StockReserved,
)
from shared.messaging.consumer import Consumer


def register(consumer: Consumer, desk: Desk) -> None:
    @consumer.on(StockReserved)
    async def on_stock_reserved(event: StockReserved) -> None:
        await use_cases.note_reservation(desk, event)

    @consumer.on(StockRejected)
    async def on_stock_rejected(event: StockRejected) -> None:
        await use_cases.note_missing_stock(desk, event)

    @consumer.on(StockReleased)
    async def on_stock_released(event: StockReleased) -> None:
        await use_cases.note_released_stock(desk, event)

    @consumer.on(PaymentProcessed)
    async def on_payment_processed(event: PaymentProcessed) -> None:
        await use_cases.note_payment(desk, event)

    @consumer.on(ProductChanged)
    async def on_product_changed(event: ProductChanged) -> None:
        await use_cases.copy_product(desk, event)

"""Event → use case."""

from services.email.use_cases import Mailroom
from shared.events import OrderCancelled, OrderConfirmed, OrderShipped, PaymentRefunded
from shared.messaging.consumer import Consumer


def subscribe(consumer: Consumer, mailroom: Mailroom, *, linger_s: float) -> None:
    @consumer.on(OrderConfirmed, linger_s=linger_s)
    async def on_order_confirmed(event: OrderConfirmed) -> None:
        """Confirm the order to the customer."""
        await mailroom.announce(event)

    @consumer.on(OrderCancelled, linger_s=linger_s)
    async def on_order_cancelled(event: OrderCancelled) -> None:
        """Tell the customer that it is cancelled, and why."""
        await mailroom.announce(event)

    @consumer.on(OrderShipped, linger_s=linger_s)
    async def on_order_shipped(event: OrderShipped) -> None:
        """Send the tracking number."""
        await mailroom.announce(event)

    @consumer.on(PaymentRefunded, linger_s=linger_s)
    async def on_payment_refunded(event: PaymentRefunded) -> None:
        """Tell the customer that the money is on its way back."""
        await mailroom.announce(event)

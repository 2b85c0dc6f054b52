"""Orders in every state, and what happens to them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.order.domain import Line, Order, OrderStatus, Placed
from shared.events import PaymentProcessed, PaymentStatus, first_cause

ORDER = UUID("0198c0de-0000-7000-8000-000000000001")
CAUSE = UUID("0198c0de-0000-7000-8000-000000000002")
RESERVATION = UUID("0198c0de-0000-7000-8000-000000000003")
PAYMENT = UUID("0198c0de-0000-7000-8000-000000000004")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDS = START + timedelta(minutes=15)
"""The reservation's end."""

PLACED = Placed(
    customer_id="ada",
    customer_email="ada@example.com",
    items=(Line("lamp", "Lamp", 2, 1250), Line("mug", "Mug", 1, 795)),
    total_cents=3295,
    currency="EUR",
    payment_method="card_ok",
    correlation_id=CAUSE,
)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def placed() -> Order:
    return Order.place(ORDER, PLACED, at=START)


def order_in(status: OrderStatus) -> Order:
    order = placed()
    if status in {OrderStatus.RESERVED, OrderStatus.CONFIRMED, OrderStatus.SHIPPED}:
        order.note_reservation(RESERVATION, expires_at=ENDS, at=after(1))
    if status in {OrderStatus.CONFIRMED, OrderStatus.SHIPPED}:
        order.note_payment(PAYMENT, at=after(2))
    if status is OrderStatus.SHIPPED:
        order.ship("post", "42", at=after(3))
    if status is OrderStatus.CANCELLED:
        order.cancel(at=after(1))
    return order


def paid() -> PaymentProcessed:
    return PaymentProcessed(
        **first_cause(event_id=UUID(int=999), at=after(2)),
        order_id=ORDER,
        payment_id=PAYMENT,
        amount_cents=3295,
        currency="EUR",
        payment_method="card_ok",
        status=PaymentStatus.SUCCESS,
        reason=None,
    )

"""Events of an order, as the observer hears them."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from shared.events import (
    CancelReason,
    Event,
    Item,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
    StockReserved,
    continued,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = UUID(int=1)
ADA: dict[str, Any] = {"customer_id": "ada", "customer_email": "ada@example.com"}
MONEY: dict[str, Any] = {"total_cents": 795, "currency": "EUR"}
ITEMS = (Item("MUG", "Mug", 1, 795),)

E = TypeVar("E", bound=Event)


def placed(order_id: UUID = ORDER) -> OrderPlaced:
    return _event(OrderPlaced, order_id, **ADA, **MONEY, items=ITEMS, payment_method="card_ok")


def reserved(order_id: UUID = ORDER) -> StockReserved:
    return _event(
        StockReserved,
        order_id,
        **MONEY,
        items=ITEMS,
        customer_id="ada",
        payment_method="card_ok",
        reservation_id=UUID(int=9),
        expires_at=NOW,
    )


def confirmed(order_id: UUID = ORDER, *, after_s: float = 0.02) -> OrderConfirmed:
    at = NOW + timedelta(seconds=after_s)
    payment_id = UUID(int=8)
    return _event(
        OrderConfirmed, order_id, at=at, **ADA, **MONEY, items=ITEMS, payment_id=payment_id
    )


def cancelled(order_id: UUID = ORDER) -> OrderCancelled:
    return _event(OrderCancelled, order_id, **ADA, **MONEY, reason=CancelReason.OUT_OF_STOCK)


def shipped(order_id: UUID = ORDER) -> OrderShipped:
    return _event(OrderShipped, order_id, **ADA, carrier="Post", tracking_number="1")


def _event(event_type: type[E], order_id: UUID, *, at: datetime = NOW, **fields: Any) -> E:
    envelope: Any = continued(event_id=UUID(int=2), at=at, correlation_id=UUID(int=3))
    own = {"order_id": order_id, **fields}
    return event_type(**envelope, **own)

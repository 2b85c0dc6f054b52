"""Orders and shelves to tell stories with; nothing here depends on the time of day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from services.inventory.domain import Description, Product, Reservation
from services.inventory.shelf import Shelf
from services.inventory.use_cases import release_stock, reserve_stock, sell_stock
from shared.events import (
    CancelReason,
    Event,
    Item,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    caused_by,
    first_cause,
)
from shared.persistence.work import Decision

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MUG = Description("Mug, blue", 795, "EUR")

_numbers: Iterator[int] = count(1)


def new_id() -> UUID:
    return UUID(int=next(_numbers))


def product(sku: str, on_hand: int) -> Product:
    return Product(
        sku, f"The {sku}", 100, "EUR", NOON, on_hand=on_hand, received=on_hand, row_version=1
    )


def shelf_of(**on_hand: int) -> Shelf:
    return Shelf([product(sku, quantity) for sku, quantity in on_hand.items()])


def placed(*lines: tuple[str, int], order_id: UUID | None = None) -> OrderPlaced:
    items = tuple(Item(sku, f"The {sku}", quantity, 100) for sku, quantity in lines)
    return OrderPlaced(
        **first_cause(event_id=new_id(), at=NOON),
        order_id=order_id or new_id(),
        customer_id="ada",
        customer_email="ada@example.com",
        items=items,
        total_cents=sum(item.quantity * item.unit_price_cents for item in items),
        currency="EUR",
        payment_method="card_ok",
    )


def confirmed(order: OrderPlaced) -> OrderConfirmed:
    return OrderConfirmed(
        **caused_by(order, event_id=new_id(), at=NOON),
        order_id=order.order_id,
        customer_id=order.customer_id,
        customer_email=order.customer_email,
        items=order.items,
        total_cents=order.total_cents,
        currency=order.currency,
        payment_id=new_id(),
    )


def cancelled(
    order: OrderPlaced, reason: CancelReason = CancelReason.CUSTOMER_REQUEST
) -> OrderCancelled:
    return OrderCancelled(
        **caused_by(order, event_id=new_id(), at=NOON),
        order_id=order.order_id,
        customer_id=order.customer_id,
        customer_email=order.customer_email,
        reason=reason,
        total_cents=order.total_cents,
        currency=order.currency,
    )


def hear(shelf: Shelf, event: Event, *, at: datetime = NOON) -> tuple[Event, ...]:
    """Decide on an event as the consumers do; return what is said."""
    decision: Decision[None]
    match event:
        case OrderPlaced():
            decision = reserve_stock(event, at=at, new_id=new_id, hold_for=HOUR).decide(shelf)
        case OrderConfirmed():
            decision = sell_stock(event, at=at, new_id=new_id).decide(shelf)
        case OrderCancelled():
            decision = release_stock(event, at=at, new_id=new_id).decide(shelf)
        case _:
            raise AssertionError(event)
    return decision.events


def reservation(**quantities: int) -> Reservation:
    return Reservation(new_id(), new_id(), new_id(), quantities, NOON + HOUR)


def stock(shelf: Shelf, sku: str) -> tuple[int, int, int]:
    """Return what is on hand, reserved and sold."""
    it = shelf.products[sku]
    return it.on_hand, it.reserved, it.sold

"""What the order service tells the others: changes of an order → events of the contract."""

from services.order.domain import (
    Cancelled,
    Confirmed,
    Order,
    Placed,
    Recorded,
    Reserved,
    Shipped,
)
from shared.clock import NewId
from shared.events import (
    CancelReason,
    EnvelopeFields,
    Event,
    Item,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
    continued,
    first_cause,
)

Said = Placed | Confirmed | Cancelled | Shipped


def events_after(
    order: Order, version: int, *, cause: Event | None, new_id: NewId
) -> tuple[Event, ...]:
    """Return what is to be said of the changes recorded after `version`.

    Of a reservation nothing: inventory has said so.
    """
    return tuple(
        [
            _event_of(order, entry.change, _envelope(order, entry, cause, new_id))
            for entry in order.recorded
            if entry.version > version and not isinstance(entry.change, Reserved)
        ]
    )


def _envelope(order: Order, entry: Recorded, cause: Event | None, new_id: NewId) -> EnvelopeFields:
    if isinstance(entry.change, Placed):
        return first_cause(event_id=order.placed.correlation_id, at=entry.at)
    return continued(
        event_id=new_id(),
        at=entry.at,
        correlation_id=order.placed.correlation_id,
        causation_id=cause.event_id if cause else None,
    )


def _event_of(order: Order, change: Said, envelope: EnvelopeFields) -> Event:
    placed = order.placed
    match change:
        case Placed():
            return OrderPlaced(
                **envelope,
                order_id=order.order_id,
                customer_id=placed.customer_id,
                customer_email=placed.customer_email,
                items=_items(placed),
                total_cents=placed.total_cents,
                currency=placed.currency,
                payment_method=placed.payment_method,
            )
        case Confirmed(payment_id):
            return OrderConfirmed(
                **envelope,
                order_id=order.order_id,
                customer_id=placed.customer_id,
                customer_email=placed.customer_email,
                items=_items(placed),
                total_cents=placed.total_cents,
                currency=placed.currency,
                payment_id=payment_id,
            )
        case Cancelled(reason, detail):
            return OrderCancelled(
                **envelope,
                order_id=order.order_id,
                customer_id=placed.customer_id,
                customer_email=placed.customer_email,
                reason=CancelReason(reason),
                detail=detail,
                total_cents=placed.total_cents,
                currency=placed.currency,
            )
        case Shipped(carrier, tracking_number):
            return OrderShipped(
                **envelope,
                order_id=order.order_id,
                customer_id=placed.customer_id,
                customer_email=placed.customer_email,
                carrier=carrier,
                tracking_number=tracking_number,
            )


def _items(placed: Placed) -> tuple[Item, ...]:
    return tuple(
        [Item(line.sku, line.name, line.quantity, line.unit_price_cents) for line in placed.items]
    )

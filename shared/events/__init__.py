"""What the services say to each other."""

from shared.events.bad_payload import BadPayload
from shared.events.envelope import EnvelopeFields, Event, caused_by, continued, first_cause
from shared.events.inventory import (
    MissingItem,
    ProductChanged,
    StockRejected,
    StockReleased,
    StockReserved,
)
from shared.events.order import (
    CancelReason,
    Item,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
)
from shared.events.payment import PaymentProcessed, PaymentRefunded, PaymentStatus
from shared.events.published import published

EVENTS: tuple[type[Event], ...] = (
    OrderPlaced,
    OrderConfirmed,
    OrderCancelled,
    OrderShipped,
    StockReserved,
    StockRejected,
    StockReleased,
    ProductChanged,
    PaymentProcessed,
    PaymentRefunded,
)
"""Every event type of the system."""

__all__ = [
    "EVENTS",
    "BadPayload",
    "CancelReason",
    "EnvelopeFields",
    "Event",
    "Item",
    "MissingItem",
    "OrderCancelled",
    "OrderConfirmed",
    "OrderPlaced",
    "OrderShipped",
    "PaymentProcessed",
    "PaymentRefunded",
    "PaymentStatus",
    "ProductChanged",
    "StockRejected",
    "StockReleased",
    "StockReserved",
    "caused_by",
    "continued",
    "first_cause",
    "published",
]

"""What each kind of mail has to say, as plain words: the context of its templates."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from services.email.rendering.money import money
from shared.events import (
    CancelReason,
    Item,
    OrderCancelled,
    OrderConfirmed,
    OrderShipped,
    PaymentRefunded,
)

Notice = OrderConfirmed | OrderCancelled | OrderShipped | PaymentRefunded
"""The events that call for a mail."""

REASONS: Mapping[CancelReason, str] = MappingProxyType(
    {
        CancelReason.OUT_OF_STOCK: "We are sorry: something you ordered is out of stock.",
        CancelReason.PAYMENT_FAILED: "We are sorry: your payment did not go through.",
        CancelReason.CUSTOMER_REQUEST: "You asked us to cancel it, and we did.",
        CancelReason.EXPIRED: "We are sorry: it could not be completed in time.",
    }
)

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


Line = tuple[str, str, str, str, str]
"""An item as its row shows it: name, SKU, quantity, price, amount."""


def one_line(text: str) -> str:
    """Return the text with no line break and no control character in it."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", " ".join(text.split()))


def words_of(notice: Notice) -> dict[str, object]:
    """Return what the templates of this kind of mail fill in, and its subject."""
    order_id = str(notice.order_id)
    match notice:
        case OrderConfirmed():
            return {
                "order_id": order_id,
                "subject": f"Your order {order_id} is confirmed",
                "lines": _lines(notice.items, notice.currency),
                "total": money(notice.total_cents, notice.currency),
            }
        case OrderCancelled():
            return {
                "order_id": order_id,
                "subject": f"Your order {order_id} is cancelled",
                "reason": REASONS[notice.reason],
                "total": money(notice.total_cents, notice.currency),
            }
        case OrderShipped():
            return {
                "order_id": order_id,
                "subject": f"Your order {order_id} is on its way",
                "carrier": one_line(notice.carrier),
                "tracking_number": one_line(notice.tracking_number),
            }
        case PaymentRefunded():
            return {
                "order_id": order_id,
                "subject": f"Your refund for order {order_id}",
                "amount": money(notice.amount_cents, notice.currency),
            }


def _lines(items: tuple[Item, ...], currency: str) -> list[Line]:
    return [
        (
            one_line(item.name),
            one_line(item.sku),
            f"{item.quantity:,}",
            money(item.unit_price_cents, currency),
            money(item.unit_price_cents * item.quantity, currency),
        )
        for item in items
    ]

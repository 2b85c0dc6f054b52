"""The events and mails of one order, for the tests."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.email.domain import CLAIM_LASTS, Claim, Errand, Kind, Mail
from services.email.rendering.words import Notice
from services.email.use_cases import draft_of, kind_of
from shared.clock import new_id
from shared.events import (
    CancelReason,
    Item,
    OrderCancelled,
    OrderConfirmed,
    OrderShipped,
    PaymentRefunded,
    first_cause,
)

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ADDRESS = "rosa@example.org"
TEAPOT = Item(sku="TEA-1", name="Teapot", quantity=2, unit_price_cents=1999)


def claim(*, at: datetime = NOON) -> Claim:
    """Return a claim of somebody new, made at that moment."""
    return Claim(new_id(), at + CLAIM_LASTS)


def confirmed(
    order_id: UUID | None = None,
    *,
    items: tuple[Item, ...] = (TEAPOT,),
    email: str = ADDRESS,
    currency: str = "EUR",
) -> OrderConfirmed:
    return OrderConfirmed(
        **first_cause(event_id=new_id(), at=NOON),
        order_id=order_id or new_id(),
        customer_id="customer-1",
        customer_email=email,
        items=items,
        total_cents=sum(item.quantity * item.unit_price_cents for item in items),
        currency=currency,
        payment_id=new_id(),
    )


def cancelled(
    order_id: UUID | None = None,
    *,
    reason: CancelReason = CancelReason.CUSTOMER_REQUEST,
    email: str = ADDRESS,
) -> OrderCancelled:
    return OrderCancelled(
        **first_cause(event_id=new_id(), at=NOON),
        order_id=order_id or new_id(),
        customer_id="customer-1",
        customer_email=email,
        reason=reason,
        total_cents=3998,
        currency="EUR",
    )


def shipped(order_id: UUID | None = None, *, carrier: str = "PostNord") -> OrderShipped:
    return OrderShipped(
        **first_cause(event_id=new_id(), at=NOON),
        order_id=order_id or new_id(),
        customer_id="customer-1",
        customer_email=ADDRESS,
        carrier=carrier,
        tracking_number="0037-99",
    )


def refunded(order_id: UUID | None = None) -> PaymentRefunded:
    return PaymentRefunded(
        **first_cause(event_id=new_id(), at=NOON),
        order_id=order_id or new_id(),
        payment_id=new_id(),
        refund_id=new_id(),
        amount_cents=3998,
        currency="EUR",
        reason="CUSTOMER_REQUEST",
    )


def mail_of(notice: Notice, *, at: datetime = NOON) -> Mail:
    return draft_of(notice, at)


def errand_of(notice: Notice, *, recipient: str = ADDRESS) -> Errand:
    kind: Kind = kind_of(notice)
    mail, event = mail_of(notice), notice.to_bytes().decode()
    return Errand(notice.order_id, kind, notice.event_id, event, recipient, claim(), mail)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)

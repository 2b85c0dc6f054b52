"""Payments and what befalls them, for the tests of this folder."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.payment.domain import Payment
from services.payment.terms import Cancellation, Terms
from shared.clock import new_id

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)
SOON = NOON + timedelta(seconds=1)
EXPIRY = NOON + timedelta(minutes=15)
TOO_LATE = EXPIRY + timedelta(seconds=1)


def terms(*, amount_cents: int = 1250, expires_at: datetime = EXPIRY) -> Terms:
    return Terms(
        order_id=new_id(),
        amount_cents=amount_cents,
        currency="EUR",
        payment_method="card_ok",
        expires_at=expires_at,
        correlation_id=new_id(),
        cause_id=new_id(),
    )


def cancellation(order_id: UUID | None = None) -> Cancellation:
    return Cancellation(
        order_id=order_id or new_id(),
        amount_cents=1250,
        currency="EUR",
        reason="CUSTOMER_REQUEST",
        correlation_id=new_id(),
        cause_id=new_id(),
    )


def pending() -> Payment:
    return Payment.begin(terms(), NOON)

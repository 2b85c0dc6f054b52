"""What the payment service says."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from shared.events.envelope import Cents, Currency, Event


class PaymentStatus(StrEnum):
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class PaymentProcessed(Event, frozen=True, kw_only=True):
    """The provider's answer is known: the money was taken, or `reason` says why not."""

    event_type: Literal["PaymentProcessed"] = "PaymentProcessed"
    version: Literal[1] = 1
    order_id: UUID
    payment_id: UUID
    amount_cents: Cents
    currency: Currency
    payment_method: str
    status: PaymentStatus
    reason: str | None = None


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """Money went back to the customer."""

    event_type: Literal["PaymentRefunded"] = "PaymentRefunded"
    version: Literal[1] = 1
    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount_cents: Cents
    currency: Currency
    reason: str

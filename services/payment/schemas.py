"""Payments over HTTP. Amounts are integers in minor units of the currency beside them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.payment.domain import Status
from services.payment.reconciliation.comparison import Kind, Problem


class PaymentView(BaseModel):
    """One order's payment."""

    model_config = ConfigDict(from_attributes=True)

    payment_id: UUID
    order_id: UUID
    status: Status
    amount_cents: int
    refunded_cents: int
    currency: str
    payment_method: str | None = Field(description="null if the order was cancelled before")
    reason: str | None = Field(description="why it failed, is unknown, or was refunded")
    charge_id: str | None = Field(description="the provider's id of the charge")
    refund_id: UUID | None = Field(description="set as soon as money has to go back")
    cancel_reason: str | None = Field(description="why the order was cancelled, if it was")
    created_at: datetime
    updated_at: datetime


class MismatchView(BaseModel):
    """A difference between a payment and the provider's ledger."""

    model_config = ConfigDict(from_attributes=True)

    mismatch_id: int
    problem: Problem
    kind: Kind
    key: str = Field(description="the movement's idempotency key at the provider")
    order_id: str = Field(description="as the provider has it; need not be one of ours")
    charge_id: str | None = Field(description="null if the ledger has no such movement")
    expected: str
    found: str
    given_back_cents: int = Field(description="of the charge, by refunds that are not payment's")
    made_at: datetime | None = Field(description="by the provider's clock")
    first_seen_at: datetime
    gone_at: datetime | None = Field(description="set when it has turned out right")


class MismatchPage(BaseModel):
    """Mismatches, newest first; `next_cursor` is null on the last page."""

    mismatches: list[MismatchView]
    compared_at: datetime | None = Field(description="when the last comparison was finished")
    next_cursor: int | None

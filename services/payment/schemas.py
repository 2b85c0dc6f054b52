"""Payments over HTTP. Amounts are integers in minor units of the currency beside them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.payment.domain import Status


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

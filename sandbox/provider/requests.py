"""What the provider is asked to do."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=200)]
Cents = Annotated[int, Field(ge=0, le=10**12)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    order_id: Id
    amount_cents: Cents
    currency: Currency


class ChargeRequest(_Asked):
    payment_method: Id


class RefundRequest(_Asked):
    charge_id: Id

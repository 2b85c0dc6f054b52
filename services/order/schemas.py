"""What comes in by HTTP, and what goes out."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.order.domain import OrderStatus

MAX_ITEMS = 2000
MAX_QUANTITY = 1_000_000
MAX_PRICE_CENTS = 1_000_000_000

# Printable, without line breaks: both go into mail headers and logs.
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
# Not all of RFC 5321, but what shops take; above all no blanks, no line breaks, one "@".
Email = Annotated[
    str,
    Field(
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        examples=["ada@example.com"],
    ),
]
PaymentMethod = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$", examples=["card_ok"])]


class In(BaseModel):
    """A request body: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ItemIn(In):
    sku: Name
    quantity: int = Field(ge=1, le=MAX_QUANTITY)
    unit_price_cents: int | None = Field(
        default=None, ge=0, le=MAX_PRICE_CENTS, description="An agreed price; operators only."
    )


class OrderIn(In):
    customer_id: Name
    customer_email: Email
    items: list[ItemIn] = Field(min_length=1, max_length=MAX_ITEMS)
    payment_method: PaymentMethod

    def to_json(self) -> bytes:
        """Return the same bytes for the same order, however it was written."""
        return self.__pydantic_serializer__.to_json(self)


class ShipmentIn(In):
    carrier: Name
    tracking_number: Name


class OrderAccepted(BaseModel):
    order_id: UUID
    status: OrderStatus
    total_cents: int
    currency: str


class OrderOut(BaseModel):
    order_id: UUID
    status: OrderStatus
    customer_id: str
    customer_email: str
    items: list[dict[str, Any]]
    total_cents: int
    currency: str
    payment_method: str
    placed_at: datetime
    updated_at: datetime
    version: int
    cancel_reason: str | None
    payment_id: UUID | None
    shipment: dict[str, str] | None


class OrdersOut(BaseModel):
    orders: list[OrderOut]
    next_cursor: str | None


class HistoryEntry(BaseModel):
    version: int
    event_type: str
    timestamp: datetime
    data: dict[str, Any]

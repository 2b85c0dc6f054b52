"""What the order service says."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict

from shared.events.envelope import Cents, Currency, Event, Quantity
from shared.values import value


@value
class Item:
    """One line of an order. A SKU may stand in several."""

    __pydantic_config__ = ConfigDict(strict=True)

    sku: str
    name: str
    quantity: Quantity
    unit_price_cents: Cents


class CancelReason(StrEnum):
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    EXPIRED = "EXPIRED"


class OrderPlaced(Event, frozen=True, kw_only=True):
    """A customer ordered; nothing is reserved and nothing paid."""

    event_type: Literal["OrderPlaced"] = "OrderPlaced"
    version: Literal[1] = 1
    order_id: UUID
    customer_id: str
    customer_email: str
    items: tuple[Item, ...]
    total_cents: Cents
    currency: Currency
    payment_method: str


class OrderConfirmed(Event, frozen=True, kw_only=True):
    """The order is paid: the reservation becomes a sale."""

    event_type: Literal["OrderConfirmed"] = "OrderConfirmed"
    version: Literal[1] = 1
    order_id: UUID
    customer_id: str
    customer_email: str
    items: tuple[Item, ...]
    total_cents: Cents
    currency: Currency
    payment_id: UUID


class OrderCancelled(Event, frozen=True, kw_only=True):
    """The order will not be fulfilled: what is held is released, what was taken goes back."""

    event_type: Literal["OrderCancelled"] = "OrderCancelled"
    version: Literal[1] = 1
    order_id: UUID
    customer_id: str
    customer_email: str
    reason: CancelReason
    detail: str = ""
    total_cents: Cents
    currency: Currency


class OrderShipped(Event, frozen=True, kw_only=True):
    """The goods left the house."""

    event_type: Literal["OrderShipped"] = "OrderShipped"
    version: Literal[1] = 1
    order_id: UUID
    customer_id: str
    customer_email: str
    carrier: str
    tracking_number: str

"""What the inventory service says."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict

from shared.events.envelope import Cents, Count, Currency, Event, Quantity, UtcDatetime
from shared.events.order import Item
from shared.values import value


@value
class MissingItem:
    """A SKU of which the order wants more than there is."""

    __pydantic_config__ = ConfigDict(strict=True)

    sku: str
    requested: Quantity
    available: Count


class StockReserved(Event, frozen=True, kw_only=True):
    """Every item is held for this order until `expires_at`; carries what the charge needs."""

    event_type: Literal["StockReserved"] = "StockReserved"
    version: Literal[1] = 1
    order_id: UUID
    reservation_id: UUID
    items: tuple[Item, ...]
    expires_at: UtcDatetime
    customer_id: str
    total_cents: Cents
    currency: Currency
    payment_method: str


class StockRejected(Event, frozen=True, kw_only=True):
    """Something is missing, so nothing was reserved."""

    event_type: Literal["StockRejected"] = "StockRejected"
    version: Literal[1] = 1
    order_id: UUID
    missing: tuple[MissingItem, ...]


class StockReleased(Event, frozen=True, kw_only=True):
    """The reservation is no more, and its items can be sold again."""

    event_type: Literal["StockReleased"] = "StockReleased"
    version: Literal[1] = 1
    order_id: UUID
    reservation_id: UUID
    reason: str


class ProductChanged(Event, frozen=True, kw_only=True):
    """The catalogue has this product, at this price from now on."""

    event_type: Literal["ProductChanged"] = "ProductChanged"
    version: Literal[1] = 1
    sku: str
    name: str
    price_cents: Cents
    currency: Currency

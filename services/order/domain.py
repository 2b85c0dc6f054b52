"""What an order is, and what may happen to it. Event-sourced: its changes are the truth.

            ┌────────▶ CANCELLED ◀───────┐
            │              ▲             │
    PLACED ─┴─▶ RESERVED ──┴─▶ CONFIRMED ┴─▶ SHIPPED

The other services' answers travel on different ways and may overtake each other, come twice, or
come when the order is long decided: each verb says what it makes of that. Commands that come too
late raise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from shared.values import value


class OrderStatus(StrEnum):
    PLACED = "PLACED"
    RESERVED = "RESERVED"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"


class Reason(StrEnum):
    """Why an order was cancelled."""

    OUT_OF_STOCK = "OUT_OF_STOCK"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    EXPIRED = "EXPIRED"


OPEN = frozenset({OrderStatus.PLACED, OrderStatus.RESERVED})


class OrderError(Exception):
    """A command that the order's state does not allow; nothing was changed."""


class IllegalTransition(OrderError):
    def __init__(self, order_id: UUID, status: OrderStatus, verb: str) -> None:
        super().__init__(f"order {order_id} is {status}: it cannot be {verb}")
        self.order_id = order_id
        self.status = status


class OrderNotFound(OrderError):
    def __init__(self, order_id: object) -> None:
        super().__init__(f"there is no order {order_id}")
        self.order_id = order_id


@value
class Line:
    """So many of one product, at the price of the day. Amounts in minor units."""

    sku: str
    name: str
    quantity: int
    unit_price_cents: int

    @property
    def total_cents(self) -> int:
        return self.quantity * self.unit_price_cents


@value
class Placed:
    customer_id: str
    customer_email: str
    items: Sequence[Line]
    total_cents: int
    currency: str
    payment_method: str
    correlation_id: UUID


@value
class Reserved:
    reservation_id: UUID
    expires_at: datetime


@value
class Confirmed:
    payment_id: UUID


@value
class Cancelled:
    reason: Reason
    detail: str


@value
class Shipped:
    carrier: str
    tracking_number: str


Change = Placed | Reserved | Confirmed | Cancelled | Shipped


@value
class Recorded:
    """A change, as it stands in the order's history: versions are gapless from 1."""

    version: int
    at: datetime
    change: Change


@dataclass(slots=True)
class Order:
    """One order at one version, and the changes recorded on it since it was loaded."""

    order_id: UUID
    placed: Placed
    placed_at: datetime
    updated_at: datetime
    status: OrderStatus = OrderStatus.PLACED
    version: int = 1
    reservation_expires_at: datetime | None = None
    payment_id: UUID | None = None
    cancelled: Cancelled | None = None
    shipped: Shipped | None = None
    recorded: list[Recorded] = field(default_factory=list)

    @classmethod
    def place(cls, order_id: UUID, placed: Placed, *, at: datetime) -> Self:
        """A new order; the price of each line was looked up by the caller."""
        order = cls(order_id, placed, placed_at=at, updated_at=at)
        order.recorded.append(Recorded(1, at, placed))
        return order

    @classmethod
    def from_history(cls, order_id: UUID, history: list[Recorded]) -> Self:
        """Fold the order's changes, the first of which is Placed, into its state."""
        first, *later = history
        if not isinstance(first.change, Placed):
            raise OrderError(f"the history of order {order_id} does not begin with Placed")
        order = cls(order_id, first.change, placed_at=first.at, updated_at=first.at)
        for entry in later:
            order._apply(entry)
        return order

    # What the other services say

    def note_reservation(self, reservation_id: UUID, *, expires_at: datetime, at: datetime) -> None:
        """The stock is held until `expires_at`. Overtaken by the payment, it changes nothing."""
        if self.status is OrderStatus.PLACED:
            self._record(Reserved(reservation_id, expires_at), at)

    def note_payment(self, payment_id: UUID, *, at: datetime) -> None:
        """The money was taken: confirm, unless the reservation has run out meanwhile.

        If the order is cancelled, payment hears of that and gives the money back.
        """
        if self.status not in OPEN:
            return
        if self.reservation_expires_at is not None and at > self.reservation_expires_at:
            self._record(Cancelled(Reason.EXPIRED, "paid after the reservation ran out"), at)
        else:
            self._record(Confirmed(payment_id), at)

    def note_failed_payment(self, detail: str, *, at: datetime) -> None:
        if self.status in OPEN:
            self._record(Cancelled(Reason.PAYMENT_FAILED, detail), at)

    def note_missing_stock(self, detail: str, *, at: datetime) -> None:
        """There is not enough stock, or no longer: a confirmed order too cannot be kept then."""
        if self.status in OPEN or self.status is OrderStatus.CONFIRMED:
            self._record(Cancelled(Reason.OUT_OF_STOCK, detail), at)

    def note_expired_reservation(self, *, at: datetime) -> None:
        self.expire("the reservation ran out", at=at)

    # What people and clocks want

    def cancel(self, *, at: datetime) -> None:
        """The customer does not want it any more. Twice is as good as once.

        Raises:
            IllegalTransition: it has left the house.
        """
        if self.status is OrderStatus.CANCELLED:
            return
        if self.status is OrderStatus.SHIPPED:
            raise IllegalTransition(self.order_id, self.status, "cancelled")
        self._record(Cancelled(Reason.CUSTOMER_REQUEST, ""), at)

    def ship(self, carrier: str, tracking_number: str, *, at: datetime) -> None:
        """Raises IllegalTransition unless it is confirmed."""
        if self.status is not OrderStatus.CONFIRMED:
            raise IllegalTransition(self.order_id, self.status, "shipped")
        self._record(Shipped(carrier, tracking_number), at)

    def expire(self, detail: str, *, at: datetime) -> None:
        """It took too long. An order that is decided stays as it is."""
        if self.status in OPEN:
            self._record(Cancelled(Reason.EXPIRED, detail), at)

    def _record(self, change: Change, at: datetime) -> None:
        # Clocks of two machines differ; a history does not run backwards.
        entry = Recorded(self.version + 1, max(at, self.updated_at), change)
        self._apply(entry)
        self.recorded.append(entry)

    def _apply(self, entry: Recorded) -> None:
        match entry.change:
            case Reserved(_, expires_at):
                self.status = OrderStatus.RESERVED
                self.reservation_expires_at = expires_at
            case Confirmed(payment_id):
                self.status = OrderStatus.CONFIRMED
                self.payment_id = payment_id
            case Cancelled():
                self.status = OrderStatus.CANCELLED
                self.cancelled = entry.change
            case Shipped():
                self.status = OrderStatus.SHIPPED
                self.shipped = entry.change
            case Placed():
                raise OrderError(f"order {self.order_id} is placed twice")
        self.version = entry.version
        self.updated_at = entry.at


@value
class Product:
    """What the catalogue says of a SKU, and since when: of two, the later holds."""

    sku: str
    name: str
    price_cents: int
    currency: str
    changed_at: datetime

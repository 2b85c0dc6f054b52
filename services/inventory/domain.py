"""The rules of stock. Times and ids are passed in; nothing here waits, reads or writes.

A piece of stock is always in exactly one place: `received = on_hand + reserved + sold`, for
each product at any moment, and none of them is ever negative.

A reservation is what one order holds, all of its lines or none:

    REQUESTED ─┬─ reserve ─▶ RESERVED ─┬─ sell ────▶ SOLD ─── release ─▶ RELEASED
               ├─ reject ──▶ REJECTED  ├─ release ─▶ RELEASED
               └─ release ─▶ RELEASED  └─ expire ──▶ EXPIRED ─┬─ sell ────▶ SOLD
                                                              ├─ reject ──▶ REJECTED
                                                              └─ release ─▶ RELEASED
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from shared.errors import ShopError, TransientError
from shared.values import value

CLOCK_TICK = timedelta(microseconds=1)


class ProductNotFound(ShopError):
    """Nobody described that SKU."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"no product has the SKU {sku!r}")
        self.sku = sku


class ReceiptConflict(ShopError):
    """A reference that was counted for this SKU comes again with another quantity."""

    def __init__(self, sku: str, reference: str, counted: int) -> None:
        super().__init__(f"receipt {reference!r} of {sku!r} was counted with quantity {counted}")
        self.sku = sku
        self.reference = reference
        self.counted = counted


class ReservationNotFound(TransientError):
    """Nothing was heard of the order yet: its placing is still on the way."""

    def __init__(self, order_id: UUID) -> None:
        super().__init__(f"nothing was reserved for order {order_id} yet")
        self.order_id = order_id


class IllegalTransition(ShopError):
    def __init__(self, order_id: UUID, state: str, to: str) -> None:
        super().__init__(f"the reservation of order {order_id} is {state}: it cannot become {to}")
        self.order_id = order_id


class NotEnough(ShopError):
    """A move of stock that would leave less than nothing: a bug, never a customer's wish."""

    def __init__(self, sku: str, quantity: int) -> None:
        super().__init__(f"{sku!r} has not {quantity} to move")
        self.sku = sku
        self.quantity = quantity


@value
class Description:
    """What a product is called and what it costs, in minor units of its currency."""

    name: str
    price_cents: int
    currency: str


@dataclass(slots=True)
class Product:
    """One SKU and its stock, counted by where it is."""

    sku: str
    name: str
    price_cents: int
    currency: str
    changed_at: datetime
    on_hand: int = 0
    reserved: int = 0
    sold: int = 0
    received: int = 0
    moved: bool = field(default=False, compare=False, repr=False)
    """Stock has changed its place since it was read from the database."""
    touched: bool = field(default=False, compare=False, repr=False)
    """Anything else has changed since then."""
    row_version: int | None = field(default=None, compare=False, repr=False)
    """That of the row it was read from; None if it was made since."""

    @classmethod
    def new(cls, sku: str, description: Description, *, at: datetime) -> "Product":
        """Make a product of which there is no stock yet."""
        name, price_cents = description.name, description.price_cents
        return cls(sku, name, price_cents, description.currency, at, touched=True)

    def describe(self, description: Description, *, at: datetime) -> bool:
        """Take the new name and price; return whether that changed anything.

        `changed_at` always grows, also where clocks disagree: readers take the newest.
        """
        if description == Description(self.name, self.price_cents, self.currency):
            return False
        self.name = description.name
        self.price_cents = description.price_cents
        self.currency = description.currency
        self.changed_at = max(at, self.changed_at + CLOCK_TICK)
        self.touched = True
        return True

    def receive(self, quantity: int) -> None:
        self._move(quantity, on_hand=quantity)
        self.received += quantity
        self.touched = True

    def reserve(self, quantity: int) -> None:
        self._move(quantity, on_hand=-quantity, reserved=quantity)

    def sell(self, quantity: int) -> None:
        self._move(quantity, reserved=-quantity, sold=quantity)

    def release(self, quantity: int) -> None:
        self._move(quantity, reserved=-quantity, on_hand=quantity)

    def take_back(self, quantity: int) -> None:
        """Undo a sale."""
        self._move(quantity, sold=-quantity, on_hand=quantity)

    def _move(self, quantity: int, *, on_hand: int = 0, reserved: int = 0, sold: int = 0) -> None:
        """Move stock between its places.

        Raises:
            NotEnough: there is less than that where it is taken from; nothing was changed.
        """
        on_hand, reserved, sold = self.on_hand + on_hand, self.reserved + reserved, self.sold + sold
        if quantity < 0 or on_hand < 0 or reserved < 0 or sold < 0:
            raise NotEnough(self.sku, quantity)
        self.on_hand, self.reserved, self.sold = on_hand, reserved, sold
        self.moved = True


class ReservationState(StrEnum):
    REQUESTED = "REQUESTED"
    RESERVED = "RESERVED"
    SOLD = "SOLD"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


_S = ReservationState
TRANSITIONS: Final[Mapping[ReservationState, frozenset[ReservationState]]] = MappingProxyType(
    {
        _S.REQUESTED: frozenset({_S.RESERVED, _S.REJECTED, _S.RELEASED}),
        _S.RESERVED: frozenset({_S.SOLD, _S.RELEASED, _S.EXPIRED}),
        _S.SOLD: frozenset({_S.RELEASED}),
        _S.EXPIRED: frozenset({_S.SOLD, _S.REJECTED, _S.RELEASED}),
        _S.RELEASED: frozenset(),
        _S.REJECTED: frozenset(),
    }
)


@dataclass(slots=True)
class Reservation:
    """What one order holds: a quantity for each SKU, lines of the same SKU added up."""

    order_id: UUID
    reservation_id: UUID
    correlation_id: UUID
    quantities: Mapping[str, int]
    expires_at: datetime
    state: ReservationState = ReservationState.REQUESTED
    stored: ReservationState | None = None
    """The state in which it was read from the database; none if it is new."""

    def reserve(self) -> None:
        self._become(ReservationState.RESERVED)

    def reject(self) -> None:
        self._become(ReservationState.REJECTED)

    def sell(self) -> None:
        self._become(ReservationState.SOLD)

    def release(self) -> None:
        self._become(ReservationState.RELEASED)

    def expire(self) -> None:
        self._become(ReservationState.EXPIRED)

    def is_due(self, moment: datetime) -> bool:
        """Tell whether it is still held and ran out at that moment or before."""
        return self.state is ReservationState.RESERVED and self.expires_at <= moment

    def _become(self, state: ReservationState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(self.order_id, self.state, state)
        self.state = state


@value
class Shortage:
    """A SKU of which an order wants more than there is; one that is unknown has 0 available."""

    sku: str
    requested: int
    available: int


@value
class Receipt:
    """Goods that came in. `reference` is the sender's own: for each SKU it counts once."""

    sku: str
    reference: str
    quantity: int

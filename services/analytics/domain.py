"""What analytics counts. Everything is a sum, so that events may come in any order.

The one thing that is no sum is the revenue which a cancellation takes back: it needs two facts of
the same order, its confirmed amount and the moment of its cancellation, whichever comes first.
`OrderFact` holds them until they are together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from services.analytics.windows import minute_of


class MinuteKey(NamedTuple):
    minute: datetime
    currency: str


class SkuKey(NamedTuple):
    sku: str
    currency: str


class MethodKey(NamedTuple):
    payment_method: str
    currency: str


class Line(Protocol):
    """One item of an order, as the event has it."""

    @property
    def sku(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price_cents(self) -> int: ...


@dataclass(slots=True)
class Minute:
    """One minute's increments in one currency. Revenue is `confirmed_cents - deducted_cents`."""

    orders_placed: int = 0
    orders_confirmed: int = 0
    orders_cancelled: int = 0
    confirmed_cents: int = 0
    deducted_cents: int = 0
    refunded_cents: int = 0


@dataclass(slots=True)
class Sales:
    """What was sold of one SKU in one currency; its name is the one it was last sold under."""

    named_at: datetime
    name: str
    quantity: int = 0
    revenue_cents: int = 0

    def add(self, line: Line, *, at: datetime) -> None:
        self.quantity += line.quantity
        self.revenue_cents += line.quantity * line.unit_price_cents
        self.named_at, self.name = max((self.named_at, self.name), (at, line.name))


@dataclass(slots=True)
class Payments:
    """Answers of one payment method in one currency; the amount is that of the succeeded."""

    succeeded: int = 0
    failed: int = 0
    amount_cents: int = 0


@dataclass(slots=True)
class OrderFact:
    """What decides whether an order's revenue is taken back: both are known, or not yet."""

    currency: str
    confirmed_cents: int | None = None
    cancelled_at: datetime | None = None


@dataclass(slots=True)
class Tally:
    """The increments of one group of events: the flush adds them to what is stored."""

    events: Counter[str] = field(default_factory=Counter)
    minutes: defaultdict[MinuteKey, Minute] = field(default_factory=lambda: defaultdict(Minute))
    sales: dict[SkuKey, Sales] = field(default_factory=dict)
    payments: defaultdict[MethodKey, Payments] = field(
        default_factory=lambda: defaultdict(Payments)
    )
    facts: dict[UUID, OrderFact] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)

    def heard(self, event_type: str) -> None:
        self.events[event_type] += 1

    def order_placed(self, customer_id: str, *, at: datetime, currency: str) -> None:
        self.minutes[MinuteKey(minute_of(at), currency)].orders_placed += 1
        self.customers.add(customer_id)

    def order_confirmed(
        self,
        order_id: UUID,
        *,
        at: datetime,
        lines: Iterable[Line],
        total_cents: int,
        currency: str,
    ) -> None:
        minute = self.minutes[MinuteKey(minute_of(at), currency)]
        minute.orders_confirmed += 1
        minute.confirmed_cents += total_cents
        self._fact(order_id, currency).confirmed_cents = total_cents
        for line in lines:
            self._sales(line, at=at, currency=currency).add(line, at=at)

    def order_cancelled(self, order_id: UUID, *, at: datetime, currency: str) -> None:
        self.minutes[MinuteKey(minute_of(at), currency)].orders_cancelled += 1
        self._fact(order_id, currency).cancelled_at = at

    def payment_succeeded(self, method: str, *, amount_cents: int, currency: str) -> None:
        payments = self.payments[MethodKey(method, currency)]
        payments.succeeded += 1
        payments.amount_cents += amount_cents

    def payment_failed(self, method: str, *, currency: str) -> None:
        self.payments[MethodKey(method, currency)].failed += 1

    def payment_refunded(self, *, at: datetime, amount_cents: int, currency: str) -> None:
        self.minutes[MinuteKey(minute_of(at), currency)].refunded_cents += amount_cents

    def deduct(self, confirmed_cents: int, *, cancelled_at: datetime, currency: str) -> None:
        """Take back a confirmed order's revenue, in the minute of its cancellation."""
        minute = self.minutes[MinuteKey(minute_of(cancelled_at), currency)]
        minute.deducted_cents += confirmed_cents

    def _fact(self, order_id: UUID, currency: str) -> OrderFact:
        return self.facts.setdefault(order_id, OrderFact(currency))

    def _sales(self, line: Line, *, at: datetime, currency: str) -> Sales:
        key = SkuKey(line.sku, currency)
        if key not in self.sales:
            self.sales[key] = Sales(named_at=at, name=line.name)
        return self.sales[key]

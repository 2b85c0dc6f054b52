"""What the reports state, computed from the stored sums. Pure.

Money of several currencies is never added up: each amount stands beside its currency, and the
summary's headline has amounts only while there is one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    currency: str
    orders_confirmed: int
    confirmed_cents: int
    deducted_cents: int
    refunded_cents: int

    @property
    def revenue_cents(self) -> int:
        return self.confirmed_cents - self.deducted_cents

    @property
    def average_order_cents(self) -> int | None:
        """Gross, over all confirmed orders, halves rounded up; None before the first."""
        if not self.orders_confirmed:
            return None
        return (2 * self.confirmed_cents + self.orders_confirmed) // (2 * self.orders_confirmed)


@dataclass(frozen=True, slots=True)
class SummaryFigures:
    events: Mapping[str, int]
    customers: int
    payments_succeeded: int
    payments_failed: int
    by_currency: tuple[CurrencyFigures, ...]

    @property
    def orders_placed(self) -> int:
        return self.events.get("OrderPlaced", 0)

    @property
    def orders_confirmed(self) -> int:
        return self.events.get("OrderConfirmed", 0)

    @property
    def orders_cancelled(self) -> int:
        return self.events.get("OrderCancelled", 0)

    @property
    def orders_shipped(self) -> int:
        return self.events.get("OrderShipped", 0)

    @property
    def stock_rejections(self) -> int:
        return self.events.get("StockRejected", 0)

    @property
    def payment_success_rate(self) -> float | None:
        """From 0 to 1; None before the first answer."""
        answers = self.payments_succeeded + self.payments_failed
        return self.payments_succeeded / answers if answers else None

    @property
    def currency(self) -> str | None:
        return self._headline.currency if self._headline else None

    @property
    def revenue_cents(self) -> int | None:
        return self._headline.revenue_cents if self._headline else self._nothing_yet

    @property
    def refunded_cents(self) -> int | None:
        return self._headline.refunded_cents if self._headline else self._nothing_yet

    @property
    def average_order_cents(self) -> int | None:
        return self._headline.average_order_cents if self._headline else None

    @property
    def _headline(self) -> CurrencyFigures | None:
        return self.by_currency[0] if len(self.by_currency) == 1 else None

    @property
    def _nothing_yet(self) -> int | None:
        return None if self.by_currency else 0


@dataclass(frozen=True, slots=True)
class WindowFigures:
    start: datetime
    end: datetime
    currency: str
    revenue_cents: int
    refunded_cents: int
    orders_placed: int
    orders_confirmed: int
    orders_cancelled: int


def sole_currency(windows: Iterable[WindowFigures]) -> str | None:
    """Return the currency that all of them are in; None if there is none or are several."""
    currencies = {window.currency for window in windows}
    return currencies.pop() if len(currencies) == 1 else None


@dataclass(frozen=True, slots=True)
class ProductFigures:
    sku: str
    name: str
    currency: str
    quantity: int
    revenue_cents: int


@dataclass(frozen=True, slots=True)
class MethodFigures:
    payment_method: str
    currency: str
    succeeded: int
    failed: int
    amount_cents: int

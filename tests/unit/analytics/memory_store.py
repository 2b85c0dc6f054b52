"""The stored sums as dictionaries: what `repository.py` does in Postgres, to try the domain on."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TypeVar
from uuid import UUID

from services.analytics.domain import OrderFact, Tally
from services.analytics.use_cases import add
from shared.events import Event

T = TypeVar("T")


class MemoryStore:
    def __init__(self) -> None:
        self.inbox: set[UUID] = set()
        self.facts: dict[UUID, OrderFact] = {}
        self.events: Counter[str] = Counter()
        self.customers: set[str] = set()
        self.minutes: defaultdict[Any, Counter[str]] = defaultdict(Counter)
        self.sales: dict[Any, Any] = {}
        self.payments: defaultdict[Any, Counter[str]] = defaultdict(Counter)

    def commit(self, group: Iterable[Event]) -> None:
        """Count a group's new events, as one transaction."""
        tally = Tally()
        for event in group:
            if event.event_id not in self.inbox:
                self.inbox.add(event.event_id)
                add(event, tally)
        self._merge_facts(tally)
        self.events.update(tally.events)
        self.customers |= tally.customers
        for minute, added in tally.minutes.items():
            self.minutes[minute].update(asdict(added))
        for method, answers in tally.payments.items():
            self.payments[method].update(asdict(answers))
        self._add_sales(tally)

    def _merge_facts(self, tally: Tally) -> None:
        for order_id, new in tally.facts.items():
            known = self.facts.setdefault(order_id, OrderFact(new.currency))
            known.confirmed_cents = _first(known.confirmed_cents, new.confirmed_cents)
            known.cancelled_at = _first(known.cancelled_at, new.cancelled_at)
            if known.confirmed_cents is not None and known.cancelled_at is not None:
                tally.deduct(
                    known.confirmed_cents,
                    cancelled_at=known.cancelled_at,
                    currency=known.currency,
                )

    def _add_sales(self, tally: Tally) -> None:
        for key, sold in tally.sales.items():
            named, quantity, cents = self.sales.get(key, ((sold.named_at, sold.name), 0, 0))
            newest = max(named, (sold.named_at, sold.name))
            self.sales[key] = (newest, quantity + sold.quantity, cents + sold.revenue_cents)

    def stored(self) -> dict[str, Any]:
        return {
            "events": dict(self.events),
            "customers": self.customers,
            "minutes": {
                key: {name: n for name, n in sums.items() if n}
                for key, sums in self.minutes.items()
            },
            "sales": {
                key: (named[1], quantity, cents)
                for key, (named, quantity, cents) in self.sales.items()
            },
            "payments": {
                key: (sums["succeeded"], sums["failed"], sums["amount_cents"])
                for key, sums in self.payments.items()
            },
        }


def _first(known: T | None, new: T | None) -> T | None:
    return new if known is None else known

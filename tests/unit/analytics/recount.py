"""The reports' definitions (services/analytics/README.md), counted anew from a whole history.

It knows nothing of groups, tallies or sums: this is what an auditor would write.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from shared.events import (
    Event,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    PaymentProcessed,
    PaymentRefunded,
)

Rows = dict[str, Any]


def recount(history: Iterable[Event]) -> Rows:
    """Return each report's rows by key, as `stored` of a store does."""
    events = list({event.event_id: event for event in history}.values())
    return {
        "events": dict(Counter(event.event_type for event in events)),
        "customers": {event.customer_id for event in events if isinstance(event, OrderPlaced)},
        "minutes": _minutes(events),
        "sales": _sales(events),
        "payments": _payments(events),
    }


def _minutes(events: list[Event]) -> Rows:
    minutes: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    confirmed = {e.order_id: e.total_cents for e in events if isinstance(e, OrderConfirmed)}
    for event in events:
        start = event.timestamp.replace(second=0, microsecond=0)
        match event:
            case OrderPlaced():
                minutes[start, event.currency]["orders_placed"] += 1
            case OrderConfirmed():
                minutes[start, event.currency]["orders_confirmed"] += 1
                minutes[start, event.currency]["confirmed_cents"] += event.total_cents
            case OrderCancelled():
                minutes[start, event.currency]["orders_cancelled"] += 1
                back = confirmed.get(event.order_id, 0)
                minutes[start, event.currency]["deducted_cents"] += back
            case PaymentRefunded():
                minutes[start, event.currency]["refunded_cents"] += event.amount_cents
    return {key: {name: n for name, n in sums.items() if n} for key, sums in minutes.items()}


def _sales(events: list[Event]) -> Rows:
    lines = [
        (event.timestamp, line.name, line, event.currency)
        for event in events
        if isinstance(event, OrderConfirmed)
        for line in event.items
    ]
    sales: dict[Any, Any] = {}
    for _, name, line, currency in sorted(lines, key=lambda one: one[:2]):
        _, quantity, cents = sales.get((line.sku, currency), ("", 0, 0))
        revenue = cents + line.quantity * line.unit_price_cents
        sales[line.sku, currency] = (name, quantity + line.quantity, revenue)
    return sales


def _payments(events: list[Event]) -> Rows:
    payments: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    for event in events:
        if isinstance(event, PaymentProcessed):
            of_method = payments[event.payment_method, event.currency]
            of_method[event.status] += 1
            of_method["amount_cents"] += event.amount_cents if event.status == "SUCCESS" else 0
    return {
        key: (sums["SUCCESS"], sums["FAILED"], sums["amount_cents"])
        for key, sums in payments.items()
    }

"""The reports, counted again from what the streams hold.

The definitions are those of analytics' page; the arithmetic is another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.evidence import Evidence

Rows = Mapping[tuple[str, ...], tuple[Any, ...]]
"""The lines of a report: key → figures."""

WIDTHS_US = {"minute": 60_000_000, "hour": 3_600_000_000, "day": 86_400_000_000}
ALL_TIME_US = 2**62
MOST_PRODUCTS = 1000
AT_DIGITS = 20

# What analytics could not handle, and says so by a dead letter, it cannot have counted; what the
# desk sent it instead, it counted as it was sent.
COUNTED = """
CREATE TEMP VIEW IF NOT EXISTS counted AS
SELECT * FROM events
WHERE event_id NOT IN (SELECT event_id FROM letters WHERE service = 'analytics')
    AND event_id NOT IN (SELECT event_id FROM recounted)
UNION ALL SELECT * FROM recounted
"""
SOLD = """
CREATE TEMP VIEW IF NOT EXISTS sold AS
SELECT * FROM lines WHERE event_id NOT IN (SELECT event_id FROM recounted)
UNION ALL SELECT * FROM recounted_lines
"""

EVENTS = "SELECT event_type, count(*) FROM counted GROUP BY event_type"

CUSTOMERS = "SELECT count(DISTINCT customer_id) FROM counted WHERE event_type = 'OrderPlaced'"

# Each amount in the window of its own event; a confirmed order that was cancelled is taken back in
# the window of its cancellation.
WINDOWS = """
WITH figures AS (
    SELECT at_us, currency,
        event_type = 'OrderPlaced' AS placed,
        event_type = 'OrderConfirmed' AS confirmed,
        event_type = 'OrderCancelled' AS cancelled,
        CASE event_type WHEN 'OrderConfirmed' THEN cents ELSE 0 END AS confirmed_cents,
        CASE event_type WHEN 'PaymentRefunded' THEN cents ELSE 0 END AS refunded_cents,
        0 AS deducted_cents
    FROM counted
    WHERE event_type IN ('OrderPlaced', 'OrderConfirmed', 'OrderCancelled', 'PaymentRefunded')
    UNION ALL
    SELECT o.at_us, o.currency, 0, 0, 0, 0, 0, c.cents
    FROM counted AS o JOIN counted AS c USING (order_id)
    WHERE o.event_type = 'OrderCancelled' AND c.event_type = 'OrderConfirmed'
)
SELECT at_us / ?1 * ?1, currency, sum(confirmed_cents) - sum(deducted_cents),
    sum(refunded_cents), sum(placed), sum(confirmed), sum(cancelled), sum(confirmed_cents)
FROM figures GROUP BY 1, 2 ORDER BY 1, 2
"""

# The name is that of the newest event, and of two at the same moment the greater.
PRODUCTS = """
SELECT sku, currency, max(printf('%020d', at_us) || name), sum(quantity),
    sum(quantity * unit_price_cents)
FROM sold JOIN counted USING (event_id)
GROUP BY sku, currency ORDER BY 4 DESC, 5 DESC, sku, currency LIMIT ?
"""

METHODS = """
SELECT payment_method, currency, sum(outcome = 'SUCCESS'), sum(outcome = 'FAILED'),
    sum(CASE outcome WHEN 'SUCCESS' THEN cents ELSE 0 END)
FROM counted WHERE event_type = 'PaymentProcessed'
GROUP BY payment_method, currency ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Reports:
    """What analytics reports.

    Attributes:
        summary: as the contract has it.
        windows: for each width the windows: (start, currency) → revenue, refunded, placed,
            confirmed, cancelled.
        products: (sku, currency) → name, quantity, revenue; the best first.
        methods: (method, currency) → succeeded, failed, amount.
    """

    summary: Mapping[str, Any]
    windows: Mapping[str, Rows]
    products: Rows
    methods: Rows


def recount(evidence: Evidence) -> Reports:
    evidence.execute(COUNTED)
    evidence.execute(SOLD)
    methods = _methods(evidence)
    return Reports(
        summary=_summary(evidence, methods),
        windows={name: _windows(evidence, width) for name, width in WIDTHS_US.items()},
        products=_products(evidence),
        methods=methods,
    )


def _windows(evidence: Evidence, width_us: int) -> Rows:
    rows = evidence.select(WINDOWS, width_us)
    return {
        (_time(start_us), currency): tuple(figures[:5]) for start_us, currency, *figures in rows
    }


def _time(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()


def _products(evidence: Evidence) -> Rows:
    rows = evidence.select(PRODUCTS, MOST_PRODUCTS)
    return {
        (sku, currency): (name[AT_DIGITS:], quantity, revenue)
        for sku, currency, name, quantity, revenue in rows
    }


def _methods(evidence: Evidence) -> Rows:
    return {(row[0], row[1]): row[2:] for row in evidence.select(METHODS)}


def _summary(evidence: Evidence, methods: Rows) -> dict[str, Any]:
    events: dict[str, int] = dict(evidence.select(EVENTS))
    ((customers,),) = evidence.select(CUSTOMERS)
    succeeded = sum(figures[0] for figures in methods.values())
    failed = sum(figures[1] for figures in methods.values())
    currencies = [_currency(*row) for row in evidence.select(WINDOWS, ALL_TIME_US)]
    return {
        "orders_placed": events.get("OrderPlaced", 0),
        "orders_confirmed": events.get("OrderConfirmed", 0),
        "orders_cancelled": events.get("OrderCancelled", 0),
        "orders_shipped": events.get("OrderShipped", 0),
        "stock_rejections": events.get("StockRejected", 0),
        "customers": customers,
        "payments_succeeded": succeeded,
        "payments_failed": failed,
        "payment_success_rate": succeeded / (succeeded + failed) if methods else None,
        **_headline(currencies),
        "by_currency": currencies,
        "events": events,
    }


def _currency(
    _: int, currency: str, revenue: int, refunded: int, __: int, orders: int, ___: int, gross: int
) -> dict[str, Any]:
    return {
        "currency": currency,
        "orders_confirmed": orders,
        "confirmed_cents": gross,
        "revenue_cents": revenue,
        # Halves go up.
        "average_order_cents": (2 * gross + orders) // (2 * orders) if orders else None,
        "refunded_cents": refunded,
    }


def _headline(currencies: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the amounts of the one currency; none if there are several, zeros before any."""
    names = ("currency", "revenue_cents", "average_order_cents", "refunded_cents")
    if len(currencies) == 1:
        return {name: currencies[0][name] for name in names}
    nothing = None if currencies else 0
    return dict.fromkeys(names) | {"revenue_cents": nothing, "refunded_cents": nothing}

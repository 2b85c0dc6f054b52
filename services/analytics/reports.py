"""The stored sums → what the reports state. Each report is of one moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.analytics.figures import (
    CurrencyFigures,
    MethodFigures,
    ProductFigures,
    SummaryFigures,
    WindowFigures,
)
from services.analytics.windows import EPOCH, Span
from shared.persistence.database import Database

EVENTS = text("SELECT event_type, events FROM event_counts")

# `sum` of bigint is numeric; the amounts fit a bigint again.
CURRENCIES = text("""
SELECT currency,
    sum(orders_confirmed)::bigint AS orders_confirmed,
    sum(confirmed_cents)::bigint AS confirmed_cents,
    sum(deducted_cents)::bigint AS deducted_cents,
    sum(refunded_cents)::bigint AS refunded_cents
FROM revenue_minutes GROUP BY currency ORDER BY currency
""")

PAYMENTS = text("""
SELECT coalesce(sum(succeeded), 0)::bigint AS succeeded, coalesce(sum(failed), 0)::bigint AS failed
FROM payment_method_totals
""")

CUSTOMERS = text("SELECT count(*) AS customers FROM buyers")

# Hours and days are put together from minutes here: only minutes are stored.
WINDOWS = text("""
SELECT start, currency,
    sum(confirmed_cents - deducted_cents)::bigint AS revenue_cents,
    sum(refunded_cents)::bigint AS refunded_cents,
    sum(orders_placed)::bigint AS orders_placed,
    sum(orders_confirmed)::bigint AS orders_confirmed,
    sum(orders_cancelled)::bigint AS orders_cancelled
FROM revenue_minutes, date_bin(:width, minute, :epoch) AS start
WHERE minute >= :first AND minute < :last
GROUP BY start, currency ORDER BY start, currency
""")

TOP_PRODUCTS = text("""
SELECT sku, name, currency, quantity, revenue_cents FROM product_sales
ORDER BY quantity DESC, revenue_cents DESC, sku, currency LIMIT :limit
""")

METHODS = text("""
SELECT payment_method, currency, succeeded, failed, amount_cents FROM payment_method_totals
ORDER BY payment_method, currency
""")


class Reports:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def summary(self) -> SummaryFigures:
        async with self._snapshot() as snapshot:
            events = (await snapshot.execute(EVENTS)).all()
            currencies = (await snapshot.execute(CURRENCIES)).mappings()
            payments = (await snapshot.execute(PAYMENTS)).one()
            customers = (await snapshot.execute(CUSTOMERS)).scalar_one()
        return SummaryFigures(
            events={row.event_type: row.events for row in events},
            customers=customers,
            payments_succeeded=payments.succeeded,
            payments_failed=payments.failed,
            by_currency=tuple(CurrencyFigures(**row) for row in currencies),
        )

    async def revenue(self, span: Span) -> list[WindowFigures]:
        """Return the span's windows in which something happened, by start and currency."""
        width = span.window.width
        parameters = {"width": width, "epoch": EPOCH, "first": span.start, "last": span.end}
        async with self._snapshot() as snapshot:
            rows = (await snapshot.execute(WINDOWS, parameters)).mappings()
        return [WindowFigures(**row, end=row["start"] + width) for row in rows]

    async def top_products(self, limit: int) -> list[ProductFigures]:
        async with self._snapshot() as snapshot:
            rows = (await snapshot.execute(TOP_PRODUCTS, {"limit": limit})).mappings()
        return [ProductFigures(**row) for row in rows]

    async def payment_methods(self) -> list[MethodFigures]:
        async with self._snapshot() as snapshot:
            rows = (await snapshot.execute(METHODS)).mappings()
        return [MethodFigures(**row) for row in rows]

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection whose statements all see the same moment."""
        async with self._database.session() as session:
            yield await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})

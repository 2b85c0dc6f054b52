"""A group's tally → the stored sums: one upsert a table, each row once, in key order.

All replicas lock tables and rows in the same order, so none can wait for another in a circle.
Nothing is read first: a sum needs no old value, and the upsert of the order facts returns the
orders of which this group completed the pair (confirmed, cancelled).
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

import asyncpg

from services.analytics.domain import Tally
from shared.persistence.writes import Row, Writes

# Facts meet, whichever comes first. What changes nothing is not returned, and the two facts of an
# order each come once (inbox), so a returned row that has both got its second one just now.
MERGE_FACTS = """
INSERT INTO order_facts AS f (order_id, currency, confirmed_cents, cancelled_at)
SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::timestamptz[])
ORDER BY 1
ON CONFLICT (order_id) DO UPDATE SET
    confirmed_cents = coalesce(f.confirmed_cents, excluded.confirmed_cents),
    cancelled_at = coalesce(f.cancelled_at, excluded.cancelled_at)
WHERE (f.confirmed_cents IS NULL AND excluded.confirmed_cents IS NOT NULL)
   OR (f.cancelled_at IS NULL AND excluded.cancelled_at IS NOT NULL)
RETURNING currency, confirmed_cents, cancelled_at
"""

ADD_EVENTS = """
INSERT INTO event_counts AS t (event_type, events)
SELECT unnest($1::text[]), unnest($2::bigint[]) ORDER BY 1
ON CONFLICT (event_type) DO UPDATE SET events = t.events + excluded.events
"""

ADD_MINUTES = """
INSERT INTO revenue_minutes AS t (minute, currency, orders_placed, orders_confirmed,
    orders_cancelled, confirmed_cents, deducted_cents, refunded_cents)
SELECT unnest($1::timestamptz[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::bigint[]),
    unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[])
ORDER BY 1, 2
ON CONFLICT (minute, currency) DO UPDATE SET
    orders_placed = t.orders_placed + excluded.orders_placed,
    orders_confirmed = t.orders_confirmed + excluded.orders_confirmed,
    orders_cancelled = t.orders_cancelled + excluded.orders_cancelled,
    confirmed_cents = t.confirmed_cents + excluded.confirmed_cents,
    deducted_cents = t.deducted_cents + excluded.deducted_cents,
    refunded_cents = t.refunded_cents + excluded.refunded_cents
"""

# The newest name wins, of two in the same moment the greater by code points, as in the domain.
ADD_SALES = """
INSERT INTO product_sales AS t (sku, currency, name, named_at, quantity, revenue_cents)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::timestamptz[]),
    unnest($5::bigint[]), unnest($6::bigint[]) ORDER BY 1, 2
ON CONFLICT (sku, currency) DO UPDATE SET
    name = CASE WHEN (excluded.named_at, excluded.name COLLATE "C") > (t.named_at, t.name)
        THEN excluded.name ELSE t.name END,
    named_at = greatest(t.named_at, excluded.named_at),
    quantity = t.quantity + excluded.quantity,
    revenue_cents = t.revenue_cents + excluded.revenue_cents
"""

ADD_PAYMENTS = """
INSERT INTO payment_method_totals AS t (payment_method, currency, succeeded, failed, amount_cents)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::bigint[]),
    unnest($5::bigint[])
ORDER BY 1, 2
ON CONFLICT (payment_method, currency) DO UPDATE SET
    succeeded = t.succeeded + excluded.succeeded,
    failed = t.failed + excluded.failed,
    amount_cents = t.amount_cents + excluded.amount_cents
"""

ADD_BUYERS = """
INSERT INTO buyers (customer_id) SELECT unnest($1::text[]) ORDER BY 1
ON CONFLICT (customer_id) DO NOTHING
"""


Columns = Callable[[object], tuple[object, ...]]

# In the order of the statements' arrays, after the key.
MINUTE_SUMS = attrgetter(
    "orders_placed",
    "orders_confirmed",
    "orders_cancelled",
    "confirmed_cents",
    "deducted_cents",
    "refunded_cents",
)
SALES_SUMS = attrgetter("name", "named_at", "quantity", "revenue_cents")
PAYMENT_SUMS = attrgetter("succeeded", "failed", "amount_cents")
FACTS = attrgetter("currency", "confirmed_cents", "cancelled_at")


class TallyRepository:
    """The group's shared state is a fresh tally; saving adds it to the sums."""

    async def load(self, _tx: asyncpg.Connection, _needs: Sequence[None]) -> Tally:
        return Tally()

    async def save(self, writes: Writes, tally: Tally) -> None:
        """Add the tally to the sums; the rows that all replicas want are locked last."""
        await self._merge_facts(writes, tally)
        await writes.at_once(ADD_BUYERS, [(customer_id,) for customer_id in tally.customers])
        await writes.at_once(ADD_SALES, _rows(tally.sales.items(), SALES_SUMS))
        await writes.at_once(ADD_PAYMENTS, _rows(tally.payments.items(), PAYMENT_SUMS))
        await writes.at_once(ADD_MINUTES, _rows(tally.minutes.items(), MINUTE_SUMS))
        await writes.at_once(ADD_EVENTS, list(tally.events.items()))

    async def _merge_facts(self, writes: Writes, tally: Tally) -> None:
        """Store the facts; where an order now has both, take its revenue back."""
        rows = [(order_id, *FACTS(fact)) for order_id, fact in tally.facts.items()]
        for currency, confirmed_cents, cancelled_at in await writes.at_once(MERGE_FACTS, rows):
            if confirmed_cents is not None and cancelled_at is not None:
                tally.deduct(confirmed_cents, cancelled_at=cancelled_at, currency=currency)


def _rows(sums: Iterable[tuple[tuple[object, ...], object]], columns: Columns) -> list[Row]:
    return [(*key, *columns(added)) for key, added in sums]

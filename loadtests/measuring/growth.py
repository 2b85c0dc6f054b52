"""A shop that has sold for a long time: its tables filled by set-based SQL, in a minute or two.

What is written is what such a shop would hold: finished orders with their histories, reservations,
payments, mails, the inboxes' rows and an outbox of the last hour's size. Ids are UUIDv7 of a month
ago, so that they sort before all that is new. The books stay balanced: what was sold was received.
"""

# ruff: noqa: S608 - statements are put together from the constants of this file

import asyncio
from collections.abc import Callable
from time import time
from urllib.parse import urlsplit

import asyncpg

from loadtests.measuring.systems import Place
from shopctl.run_dir import RunDir

# Ids made from a number: the same order has the same id in every database. 48 bits of time (a
# millisecond an order, from a month ago), the version, a salt for the kind, the number.
# STABLE, as what they call: else Postgres would not inline them, and be many times slower.
FUNCTIONS = """
CREATE FUNCTION pg_temp.id(n bigint, kind int) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT (lpad(to_hex({began_ms} + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
          || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;
CREATE FUNCTION pg_temp.at(n bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT to_timestamp(({began_ms} + n) / 1000.0) $$;
"""

ORDER, EVENT, PAYMENT, RESERVATION = 1, 16, 2, 3
"""Kinds of ids; an order's events are EVENT and the following."""

# Three of the hundred products each, one piece of each.
SKUS = "ARRAY[n % 100, (n + 7) % 100, (n + 31) % 100]"
SKU = "'BENCH-' || lpad(k::text, 3, '0')"

ITEMS = f"""
(SELECT jsonb_agg(jsonb_build_object('sku', {SKU}, 'name', 'Benchmark product ' || k,
                                     'quantity', 1, 'unit_price_cents', 500 + 7 * k))
 FROM unnest({SKUS}) AS k)
"""
TOTAL = f"(SELECT sum(500 + 7 * k) FROM unnest({SKUS}) AS k)"

ORDERS = f"""
INSERT INTO orders (order_id, version, status, customer_id, customer_email, items, total_cents,
                    currency, payment_method, correlation_id, placed_at, updated_at,
                    reservation_expires_at, payment_id)
SELECT pg_temp.id(n, {ORDER}), 3, 'CONFIRMED', 'customer-' || n % 5000,
       'old-' || n || '@example.com',
       {ITEMS}, {TOTAL}, 'EUR', 'card_ok', pg_temp.id(n, {EVENT}), pg_temp.at(n), pg_temp.at(n),
       pg_temp.at(n + 900000), pg_temp.id(n, {PAYMENT})
FROM generate_series($1::bigint, $2::bigint) AS n
"""

HISTORY = f"""
INSERT INTO order_events (order_id, version, event_type, "timestamp", data)
SELECT o.order_id, v, (ARRAY['OrderPlaced', 'OrderReserved', 'OrderConfirmed'])[v], o.placed_at,
       CASE v WHEN 1 THEN jsonb_build_object(
                  'customer_id', o.customer_id, 'customer_email', o.customer_email,
                  'items', o.items, 'total_cents', o.total_cents, 'currency', o.currency,
                  'payment_method', o.payment_method, 'correlation_id', o.correlation_id)
              WHEN 2 THEN jsonb_build_object(
                  'reservation_id', pg_temp.id(n, {RESERVATION}),
                  'expires_at', o.reservation_expires_at)
              ELSE jsonb_build_object('payment_id', o.payment_id) END
FROM generate_series($1::bigint, $2::bigint) AS n
JOIN orders AS o ON o.order_id = pg_temp.id(n, {ORDER}), generate_series(1, 3) AS v
"""

RESERVATIONS = f"""
INSERT INTO reservations (order_id, reservation_id, correlation_id, state, quantities, expires_at)
SELECT pg_temp.id(n, {ORDER}), pg_temp.id(n, {RESERVATION}), pg_temp.id(n, {EVENT}), 'SOLD',
       (SELECT jsonb_object_agg({SKU}, 1) FROM unnest({SKUS}) AS k), pg_temp.at(n + 900000)
FROM generate_series($1::bigint, $2::bigint) AS n
"""

SALES = f"""
WITH sold AS (
    SELECT {SKU} AS sku, count(*) AS pieces
    FROM generate_series($1::bigint, $2::bigint) AS n, unnest({SKUS}) AS k GROUP BY k),
came AS (
    INSERT INTO receipts (sku, reference, quantity)
    SELECT sku, 'growth-' || $1::bigint, pieces FROM sold)
UPDATE products SET sold = products.sold + pieces, received = received + pieces
FROM sold WHERE products.sku = sold.sku
"""

PAYMENTS = f"""
INSERT INTO payments (payment_id, order_id, status, amount_cents, refunded_cents, currency,
                      payment_method, expires_at, correlation_id, cause_id, charge_key, charge_id,
                      announced, created_at, updated_at)
SELECT pg_temp.id(n, {PAYMENT}), pg_temp.id(n, {ORDER}), 'SUCCESS', {TOTAL}, 0, 'EUR', 'card_ok',
       pg_temp.at(n + 900000), pg_temp.id(n, {EVENT}), pg_temp.id(n, {EVENT + 1}),
       'charge-' || pg_temp.id(n, {PAYMENT}), 'ch_old_' || n, true, pg_temp.at(n), pg_temp.at(n)
FROM generate_series($1::bigint, $2::bigint) AS n
"""

MAILS = f"""
INSERT INTO mails (order_id, kind, event_id, event, recipient, status, attempts, detail, sent_at,
                   created_at, updated_at)
SELECT pg_temp.id(n, {ORDER}), 'CONFIRMED', pg_temp.id(n, {EVENT + 3}), '',
       'old-' || n || '@example.com', 'SENT', 1, '', pg_temp.at(n), pg_temp.at(n), pg_temp.at(n)
FROM generate_series($1::bigint, $2::bigint) AS n
"""

FACTS = f"""
INSERT INTO order_facts (order_id, currency, confirmed_cents)
SELECT pg_temp.id(n, {ORDER}), 'EUR', {TOTAL} FROM generate_series($1::bigint, $2::bigint) AS n
"""

MINUTES = """
INSERT INTO revenue_minutes (minute, currency, orders_placed, orders_confirmed, orders_cancelled,
                             confirmed_cents, deducted_cents, refunded_cents)
SELECT date_trunc('minute', pg_temp.at(n * 2592)), 'EUR', 1, 1, 0, 1000, 0, 0
FROM generate_series($1::bigint, $2::bigint) AS n ON CONFLICT DO NOTHING
"""

BUYERS = """
INSERT INTO buyers (customer_id) SELECT 'old-customer-' || n
FROM generate_series($1::bigint, $2::bigint) AS n WHERE n % 10 = 0
"""


def inbox(*kinds: int) -> str:
    """Return what fills the inbox with so many events of each order."""
    return f"""
INSERT INTO inbox (event_id, subject, consumed_at)
SELECT pg_temp.id(n, kind), 'orders.confirmed', pg_temp.at(n)
FROM generate_series($1::bigint, $2::bigint) AS n, unnest(ARRAY{list(kinds)}) AS kind
"""


# Published rows are kept for an hour; without numbers in their streams, as those stay short.
OUTBOX = f"""
INSERT INTO outbox_groups (group_id, event_ids, subjects, payloads, traceparents, created_at,
                           published_at)
SELECT pg_temp.id(n, {EVENT}), ARRAY[pg_temp.id(n, {EVENT})], ARRAY['orders.placed'],
       ARRAY[decode(repeat('20', 600), 'hex')], ARRAY[''], now(), now()
FROM generate_series($1::bigint, $2::bigint) AS n WHERE n % 5 = 0
"""

FILLINGS: dict[str, tuple[str, ...]] = {
    "order": (ORDERS, HISTORY, inbox(EVENT + 1, EVENT + 2), OUTBOX),
    "inventory": (RESERVATIONS, SALES, inbox(EVENT, EVENT + 3), OUTBOX),
    "payment": (PAYMENTS, inbox(EVENT + 1), OUTBOX),
    "email": (MAILS, inbox(EVENT + 3)),
    "analytics": (FACTS, MINUTES, BUYERS, inbox(EVENT, EVENT + 1, EVENT + 2, EVENT + 3)),
}
AT_ONCE = 50_000
BEGAN_MS = """
SELECT (extract(epoch FROM date_trunc('day', now()) - interval '30 days') * 1000)::bigint
"""


async def fill(place: Place, orders: int, report: Callable[[str], None]) -> None:
    """Store so many old orders in every database; return when Postgres is at rest again."""
    began, databases = time(), place.stack.postgres.databases
    await asyncio.gather(
        *(_fill(databases[service], orders, statements) for service, statements in FILLINGS.items())
    )
    await _write_all(place)
    report(f"  {orders:,} orders stored in {time() - began:.0f} s")


async def _write_all(place: Place) -> None:
    """Have dirty pages written now: later they would be a cost of the orders that are measured."""
    port = urlsplit(place.stack.postgres.databases["order"]).port
    socket = str(RunDir.at(place.run_dir).postgres / "socket")
    administrator = await asyncpg.connect(host=socket, port=port, user="postgres")
    try:
        await administrator.execute("CHECKPOINT")
    finally:
        await administrator.close()


async def _fill(url: str, orders: int, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(url, server_settings={"application_name": "bench"})
    try:
        await connection.execute("SET synchronous_commit = off; SET jit = off; SET timezone = UTC")
        began_ms = await connection.fetchval(BEGAN_MS)
        await connection.execute(FUNCTIONS.format(began_ms=began_ms))
        for statement in statements:
            for first in range(1, orders + 1, AT_ONCE):
                last = min(orders, first + AT_ONCE - 1)
                await connection.execute(statement, first, last)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()

"""Rows ↔ orders, for a whole group at once: one statement a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.order.domain import (
    Cancelled,
    Order,
    OrderNotFound,
    OrderStatus,
    Placed,
    Product,
    Reason,
    Shipped,
)
from services.order.history import EVENT_TYPES, StoredLines, to_json
from shared.persistence.writes import Row, Writes
from shared.values import value

# JSON goes as text both ways: SQLAlchemy's codecs for it run in Python (5 µs an order).
LOAD_ORDERS = """
SELECT order_id, version, status, customer_id, customer_email, items::text, total_cents, currency,
       payment_method, correlation_id, placed_at, updated_at, reservation_expires_at, payment_id,
       cancel_reason, cancel_detail, carrier, tracking_number
FROM orders WHERE order_id = ANY($1) ORDER BY order_id
"""
LOCK_ORDERS = f"{LOAD_ORDERS} FOR UPDATE"

INSERT_ORDERS = """
INSERT INTO orders (order_id, version, status, customer_id, customer_email, items, total_cents,
                    currency, payment_method, correlation_id, placed_at, updated_at)
SELECT unnest($1::uuid[]), unnest($2::int[]), unnest($3::text[]), unnest($4::text[]),
    unnest($5::text[]), unnest($6::text[])::json, unnest($7::bigint[]), unnest($8::text[]),
    unnest($9::text[]), unnest($10::uuid[]), unnest($11::timestamptz[]),
    unnest($12::timestamptz[])
"""

# What was read is guarded by APPEND_EVENTS: another's change has taken the version.
UPDATE_ORDERS = """
UPDATE orders AS o
SET version = n.version, status = n.status, updated_at = n.updated_at,
    reservation_expires_at = n.reservation_expires_at, payment_id = n.payment_id,
    cancel_reason = n.cancel_reason, cancel_detail = n.cancel_detail,
    carrier = n.carrier, tracking_number = n.tracking_number
FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::int[]) AS version,
    unnest($3::text[]) AS status, unnest($4::timestamptz[]) AS updated_at,
    unnest($5::timestamptz[]) AS reservation_expires_at, unnest($6::uuid[]) AS payment_id,
    unnest($7::text[]) AS cancel_reason, unnest($8::text[]) AS cancel_detail,
    unnest($9::text[]) AS carrier, unnest($10::text[]) AS tracking_number) AS n
WHERE o.order_id = n.order_id AND o.version < n.version
"""

# The key (order_id, version) refuses a version that exists: history is never written twice.
APPEND_EVENTS = """
INSERT INTO order_events (order_id, version, event_type, "timestamp", data)
SELECT unnest($1::uuid[]), unnest($2::int[]), unnest($3::text[]), unnest($4::timestamptz[]),
    unnest($5::text[])::json
"""

LOAD_ANSWERS = """
SELECT k.scope, k.key, k.body_hash, k.answer, k.order_id
FROM idempotency_keys AS k
JOIN unnest($1::text[], $2::text[]) AS asked (scope, key) USING (scope, key)
"""

# No ON CONFLICT: where the key was answered before, this refuses the group, which goes once more
# and finds the answer.
INSERT_ANSWERS = """
INSERT INTO idempotency_keys (scope, key, body_hash, answer, order_id, created_at)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bytea[]), unnest($4::bytea[]),
    unnest($5::uuid[]), unnest($6::timestamptz[])
"""

# ProductChanged may come in any order: the later change holds.
COPY_PRODUCTS = """
INSERT INTO catalogue (sku, name, price_cents, currency, changed_at, copied_at)
SELECT sku, name, price_cents, currency, changed_at, clock_timestamp()
FROM (SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS name,
    unnest($3::bigint[]) AS price_cents, unnest($4::text[]) AS currency,
    unnest($5::timestamptz[]) AS changed_at) AS n ORDER BY sku
ON CONFLICT (sku) DO UPDATE
SET name = excluded.name, price_cents = excluded.price_cents, currency = excluded.currency,
    changed_at = excluded.changed_at, copied_at = excluded.copied_at
WHERE catalogue.changed_at < excluded.changed_at
"""


class AnswerKey(NamedTuple):
    """An idempotency key within its caller's scope."""

    scope: str
    key: str


@value
class Answer:
    """What was answered to a key, and to which body."""

    body_hash: bytes
    body: bytes
    order_id: UUID


@value
class Needs:
    """What one member of a group wants to see."""

    order_id: UUID | None = None
    answer: AnswerKey | None = None


@dataclass(slots=True)
class Book:
    """The state that a group shares: the orders it needs, and what it adds."""

    orders: dict[UUID, Order] = field(default_factory=dict)
    answers: dict[AnswerKey, Answer] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    new_answers: list[tuple[AnswerKey, Answer, datetime]] = field(default_factory=list)

    def order(self, order_id: UUID) -> Order:
        """Raises OrderNotFound."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise OrderNotFound(order_id) from None

    def add(self, order: Order) -> None:
        self.orders[order.order_id] = order

    def answer(self, key: AnswerKey, answer: Answer, *, at: datetime) -> None:
        self.answers[key] = answer
        self.new_answers.append((key, answer, at))

    def copy(self, product: Product) -> None:
        """Keep the later of two changes."""
        known = self.products.get(product.sku)
        if known is None or known.changed_at < product.changed_at:
            self.products[product.sku] = product


class OrderRepository:
    async def look(self, db: asyncpg.Connection, needs: Sequence[Needs]) -> Book:
        """A key comes for the first time: if it does not, INSERT_ANSWERS refuses all."""
        return await _book(db, LOAD_ORDERS, needs)

    async def load(self, tx: asyncpg.Connection, needs: Sequence[Needs]) -> Book:
        book = await _book(tx, LOCK_ORDERS, needs)
        if keys := {need.answer for need in needs if need.answer is not None}:
            scopes, names = zip(*keys, strict=True)
            rows = await tx.fetch(LOAD_ANSWERS, scopes, names)
            book.answers = {AnswerKey(row[0], row[1]): Answer(*row[2:]) for row in rows}
        return book

    async def save(self, writes: Writes, state: Book) -> None:
        changed = [order for order in state.orders.values() if order.recorded]
        writes.add(APPEND_EVENTS, [row for order in changed for row in _event_rows(order)])
        writes.add(INSERT_ORDERS, [_new_row(order) for order in changed if _is_new(order)])
        writes.add(UPDATE_ORDERS, [_changed_row(order) for order in changed if not _is_new(order)])
        writes.add(INSERT_ANSWERS, [_answer_row(*entry) for entry in state.new_answers])
        writes.add(COPY_PRODUCTS, [_product_row(it) for it in state.products.values()])


async def _book(db: asyncpg.Connection, query: str, needs: Sequence[Needs]) -> Book:
    order_ids = {need.order_id for need in needs if need.order_id is not None}
    rows = await db.fetch(query, list(order_ids)) if order_ids else []
    return Book({row[0]: _order(row) for row in rows})


def _is_new(order: Order) -> bool:
    return order.recorded[0].version == 1


def _event_rows(order: Order) -> Iterator[Row]:
    for entry in order.recorded:
        event_type = EVENT_TYPES[type(entry.change)]
        yield (order.order_id, entry.version, event_type, entry.at, to_json(entry.change))


def _new_row(order: Order) -> Row:
    placed = order.placed
    return (
        order.order_id,
        order.version,
        order.status,
        placed.customer_id,
        placed.customer_email,
        orjson.dumps(placed.items).decode(),
        placed.total_cents,
        placed.currency,
        placed.payment_method,
        placed.correlation_id,
        order.placed_at,
        order.updated_at,
    )


def _changed_row(order: Order) -> Row:
    cancelled, shipped = order.cancelled, order.shipped
    return (
        order.order_id,
        order.version,
        order.status,
        order.updated_at,
        order.reservation_expires_at,
        order.payment_id,
        cancelled.reason if cancelled else None,
        cancelled.detail if cancelled else None,
        shipped.carrier if shipped else None,
        shipped.tracking_number if shipped else None,
    )


def _answer_row(key: AnswerKey, answer: Answer, at: datetime) -> Row:
    return (key.scope, key.key, answer.body_hash, answer.body, answer.order_id, at)


def _product_row(product: Product) -> Row:
    return (
        product.sku,
        product.name,
        product.price_cents,
        product.currency,
        product.changed_at,
    )


def _order(row: asyncpg.Record) -> Order:
    """Take the columns of LOAD_ORDERS in their order: by name it takes 2 µs more."""
    (
        order_id,
        version,
        status,
        customer_id,
        customer_email,
        items,
        total_cents,
        currency,
        payment_method,
        correlation_id,
        placed_at,
        updated_at,
        reservation_expires_at,
        payment_id,
        reason,
        detail,
        carrier,
        tracking_number,
    ) = row
    return Order(
        order_id,
        Placed(
            customer_id,
            customer_email,
            StoredLines(items),
            total_cents,
            currency,
            payment_method,
            correlation_id,
        ),
        placed_at,
        updated_at,
        OrderStatus(status),
        version,
        reservation_expires_at,
        payment_id,
        Cancelled(Reason(reason), detail or "") if reason else None,
        Shipped(carrier, tracking_number) if carrier else None,
    )

"""Rows ↔ shelf, for a whole group at once: one statement a table each way.

Locks are taken in one order everywhere (reservations by order, then products by SKU), so that
two replicas can wait for each other but never in a circle.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.inventory.domain import Product, Receipt, Reservation, ReservationState
from services.inventory.shelf import ReceiptKey, Shelf
from shared.persistence.writes import Row, Writes

# What these orders hold, locked against another replica that hears of the same order.
# JSON goes as text both ways: SQLAlchemy's codecs for it run in Python.
LOAD_RESERVATIONS = """
SELECT order_id, reservation_id, correlation_id, quantities::text, expires_at, state
FROM reservations WHERE order_id = ANY($1::uuid[])
ORDER BY order_id FOR NO KEY UPDATE
"""

# The products and their stock, locked until the group is committed: nobody sells them meanwhile.
LOAD_PRODUCTS = """
SELECT sku, name, price_cents, currency, changed_at, on_hand, reserved, sold, received,
    false AS moved, false AS touched, true AS stored
FROM products WHERE sku = ANY($1::text[])
ORDER BY sku FOR NO KEY UPDATE
"""

# Which of these receipts were counted before; no lock of its own, the product's covers it.
LOAD_RECEIPTS = """
SELECT sku, reference, quantity
FROM receipts JOIN unnest($1::text[], $2::text[]) AS asked (sku, reference) USING (sku, reference)
"""

# New orders. One that is there by now was written by another replica since we looked: then this
# fails, and is decided again on what is there.
INSERT_RESERVATIONS = """
INSERT INTO reservations (order_id, reservation_id, correlation_id, state, quantities, expires_at)
SELECT order_id, reservation_id, correlation_id, state, quantities::jsonb, expires_at
FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::uuid[]) AS reservation_id,
    unnest($3::uuid[]) AS correlation_id, unnest($4::text[]) AS state,
    unnest($5::text[]) AS quantities, unnest($6::timestamptz[]) AS expires_at) AS new
ORDER BY order_id
"""

# Of a reservation nothing but its state ever changes.
UPDATE_RESERVATIONS = """
UPDATE reservations SET state = now.state
FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS state) AS now
WHERE reservations.order_id = now.order_id
"""

# New products; as above.
INSERT_PRODUCTS = """
INSERT INTO products
    (sku, name, price_cents, currency, changed_at, on_hand, reserved, sold, received)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[]),
    unnest($5::timestamptz[]), unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[]),
    unnest($9::bigint[])
ORDER BY 1
"""

# The rows are locked since they were loaded, so absolute values are right. What was received is
# not written: a move that lost a piece on its way breaks the row's check.
MOVE_STOCK = """
UPDATE products SET (on_hand, reserved, sold) = (now.on_hand, now.reserved, now.sold)
FROM (SELECT unnest($1::text[]) AS sku, unnest($2::bigint[]) AS on_hand,
    unnest($3::bigint[]) AS reserved, unnest($4::bigint[]) AS sold) AS now
WHERE products.sku = now.sku
"""

# Products that were described anew, or of which goods came in.
UPDATE_PRODUCTS = """
UPDATE products SET (name, price_cents, currency, changed_at, on_hand, reserved, sold, received) =
    (now.name, now.price_cents, now.currency, now.changed_at,
     now.on_hand, now.reserved, now.sold, now.received)
FROM (SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS name,
    unnest($3::bigint[]) AS price_cents, unnest($4::text[]) AS currency,
    unnest($5::timestamptz[]) AS changed_at, unnest($6::bigint[]) AS on_hand,
    unnest($7::bigint[]) AS reserved, unnest($8::bigint[]) AS sold,
    unnest($9::bigint[]) AS received) AS now
WHERE products.sku = now.sku
"""

INSERT_RECEIPTS = """
INSERT INTO receipts (sku, reference, quantity)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[])
"""

# In the order of the statements' arrays.
PRODUCT = attrgetter(
    "sku",
    "name",
    "price_cents",
    "currency",
    "changed_at",
    "on_hand",
    "reserved",
    "sold",
    "received",
)
STOCK = attrgetter("sku", "on_hand", "reserved", "sold")
RECEIPT = attrgetter("sku", "reference", "quantity")
STATE = attrgetter("order_id", "state")


class Needs(NamedTuple):
    """Which rows a decision looks at; the products that a reservation holds come with it."""

    orders: Sequence[UUID] = ()
    skus: Sequence[str] = ()
    receipts: Sequence[ReceiptKey] = ()


class InventoryRepository:
    """The shelf, loaded and saved for all members of a group together."""

    async def load(self, tx: asyncpg.Connection, needs: Sequence[Needs], /) -> Shelf:
        reservations = await _reservations(tx, {order for need in needs for order in need.orders})
        skus = {sku for need in needs for sku in need.skus}
        for held in reservations:
            skus.update(held.quantities)
        products = await _products(tx, skus)
        receipts = await _receipts(tx, {key for need in needs for key in need.receipts})
        return Shelf(products, reservations, receipts)

    async def save(self, writes: Writes, shelf: Shelf, /) -> None:
        _save_reservations(writes, shelf.reservations.values())
        _save_products(writes, shelf.products.values())
        writes.add(INSERT_RECEIPTS, [RECEIPT(receipt) for receipt in shelf.new_receipts])


def _save_reservations(writes: Writes, reservations: Iterable[Reservation]) -> None:
    writes.add(INSERT_RESERVATIONS, [_row(held) for held in reservations if not held.stored])
    changed = [held for held in reservations if held.stored and held.state != held.stored]
    writes.add(UPDATE_RESERVATIONS, [STATE(held) for held in changed])


def _save_products(writes: Writes, products: Iterable[Product]) -> None:
    stored = [it for it in products if it.stored]
    writes.add(INSERT_PRODUCTS, [PRODUCT(it) for it in products if not it.stored])
    writes.add(UPDATE_PRODUCTS, [PRODUCT(it) for it in stored if it.touched])
    writes.add(MOVE_STOCK, [STOCK(it) for it in stored if it.moved and not it.touched])


async def _reservations(tx: asyncpg.Connection, orders: set[UUID]) -> list[Reservation]:
    if not orders:
        return []
    return [_reservation(row) for row in await tx.fetch(LOAD_RESERVATIONS, list(orders))]


def _reservation(row: asyncpg.Record) -> Reservation:
    order_id, reservation_id, correlation_id, quantities, expires_at, state = row
    stored = ReservationState(state)
    held = orjson.loads(quantities)
    return Reservation(order_id, reservation_id, correlation_id, held, expires_at, stored, stored)


def _row(new: Reservation) -> Row:
    quantities = orjson.dumps(new.quantities).decode()
    ids = (new.order_id, new.reservation_id, new.correlation_id)
    return (*ids, new.state, quantities, new.expires_at)


async def _products(tx: asyncpg.Connection, skus: set[str]) -> list[Product]:
    if not skus:
        return []
    return [Product(*row) for row in await tx.fetch(LOAD_PRODUCTS, list(skus))]


async def _receipts(tx: asyncpg.Connection, keys: set[ReceiptKey]) -> list[Receipt]:
    if not keys:
        return []
    rows = await tx.fetch(LOAD_RECEIPTS, *zip(*keys, strict=True))
    return [Receipt(*row) for row in rows]

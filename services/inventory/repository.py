"""Rows ↔ shelf, for a whole group at once: one statement a table each way.

Rows are read, locked and written in one order everywhere (reservations by order, then products by
SKU), so that two replicas can wait for each other but never in a circle.
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

# What these orders hold.
# JSON goes as text both ways: SQLAlchemy's codecs for it run in Python.
LOAD_RESERVATIONS = """
SELECT order_id, reservation_id, correlation_id, quantities::text, expires_at, state
FROM reservations WHERE order_id = ANY($1::uuid[]) ORDER BY order_id
"""

# The products, their stock, and which version of its row each was read from.
LOAD_PRODUCTS = """
SELECT sku, name, price_cents, currency, changed_at, on_hand, reserved, sold, received,
    false AS moved, false AS touched, xmin AS row_version
FROM products WHERE sku = ANY($1::text[]) ORDER BY sku
"""

# Held until the group is committed: nobody hears of the same order, or sells the same products.
HELD = " FOR NO KEY UPDATE"

# Which of these receipts were counted before; what guards the product covers them.
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

# Of a reservation nothing but its state ever changes; it is the one that was read, or this finds
# none.
UPDATE_RESERVATIONS = """
UPDATE reservations SET state = now.state
FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS state,
    unnest($3::text[]) AS stored) AS now
WHERE reservations.order_id = now.order_id AND reservations.state = now.stored
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

# Nobody has written the rows since they were read, or this finds none: absolute values are right.
# What was received is not written: a move that lost a piece on its way breaks the row's check.
MOVE_STOCK = """
UPDATE products SET (on_hand, reserved, sold) = (now.on_hand, now.reserved, now.sold)
FROM (SELECT unnest($1::text[]) AS sku, unnest($2::bigint[]) AS on_hand,
    unnest($3::bigint[]) AS reserved, unnest($4::bigint[]) AS sold,
    unnest($5::xid[]) AS row_version) AS now
WHERE products.sku = now.sku AND products.xmin = now.row_version
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
    unnest($9::bigint[]) AS received, unnest($10::xid[]) AS row_version) AS now
WHERE products.sku = now.sku AND products.xmin = now.row_version
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
STOCK = attrgetter("sku", "on_hand", "reserved", "sold", "row_version")
RECEIPT = attrgetter("sku", "reference", "quantity")
STATE = attrgetter("order_id", "state", "stored")


class Needs(NamedTuple):
    """Which rows a decision looks at; the products that a reservation holds come with it."""

    orders: Sequence[UUID] = ()
    skus: Sequence[str] = ()
    receipts: Sequence[ReceiptKey] = ()
    are_new: bool = False
    """Nothing was heard of these orders yet, so that hardly anything is reserved for them."""


class InventoryRepository:
    """The shelf, loaded and saved for all members of a group together."""

    async def look(self, db: asyncpg.Connection, needs: Sequence[Needs], /) -> Shelf:
        known = {order for need in needs if not need.are_new for order in need.orders}
        return await _shelf(db, known, needs)

    async def load(self, tx: asyncpg.Connection, needs: Sequence[Needs], /) -> Shelf:
        return await _shelf(tx, {order for need in needs for order in need.orders}, needs, HELD)

    async def save(self, writes: Writes, shelf: Shelf, /) -> None:
        _save_reservations(writes, shelf.reservations.values())
        _save_products(writes, shelf.products.values())
        writes.add(INSERT_RECEIPTS, [RECEIPT(receipt) for receipt in shelf.new_receipts])


def _save_reservations(writes: Writes, reservations: Iterable[Reservation]) -> None:
    writes.add(INSERT_RESERVATIONS, [_row(held) for held in reservations if not held.stored])
    changed = [held for held in reservations if held.stored and held.state != held.stored]
    writes.change(UPDATE_RESERVATIONS, [STATE(held) for held in changed])


def _save_products(writes: Writes, products: Iterable[Product]) -> None:
    stored = [it for it in products if it.row_version is not None]
    writes.add(INSERT_PRODUCTS, [PRODUCT(it) for it in products if it.row_version is None])
    touched = [(*PRODUCT(it), it.row_version) for it in stored if it.touched]
    writes.change(UPDATE_PRODUCTS, touched)
    writes.change(MOVE_STOCK, [STOCK(it) for it in stored if it.moved and not it.touched])


async def _shelf(
    db: asyncpg.Connection, orders: set[UUID], needs: Sequence[Needs], held: str = ""
) -> Shelf:
    reservations = await _reservations(db, LOAD_RESERVATIONS + held, orders)
    skus = {sku for need in needs for sku in need.skus}
    for reservation in reservations:
        skus.update(reservation.quantities)
    products = await _products(db, LOAD_PRODUCTS + held, skus)
    receipts = await _receipts(db, {key for need in needs for key in need.receipts})
    return Shelf(products, reservations, receipts)


async def _reservations(db: asyncpg.Connection, query: str, orders: set[UUID]) -> list[Reservation]:
    if not orders:
        return []
    return [_reservation(row) for row in await db.fetch(query, list(orders))]


def _reservation(row: asyncpg.Record) -> Reservation:
    order_id, reservation_id, correlation_id, quantities, expires_at, state = row
    stored = ReservationState(state)
    held = orjson.loads(quantities)
    return Reservation(order_id, reservation_id, correlation_id, held, expires_at, stored, stored)


def _row(new: Reservation) -> Row:
    quantities = orjson.dumps(new.quantities).decode()
    ids = (new.order_id, new.reservation_id, new.correlation_id)
    return (*ids, new.state, quantities, new.expires_at)


async def _products(db: asyncpg.Connection, query: str, skus: set[str]) -> list[Product]:
    if not skus:
        return []
    return [Product(*row) for row in await db.fetch(query, list(skus))]


async def _receipts(tx: asyncpg.Connection, keys: set[ReceiptKey]) -> list[Receipt]:
    if not keys:
        return []
    rows = await tx.fetch(LOAD_RECEIPTS, *zip(*keys, strict=True))
    return [Receipt(*row) for row in rows]

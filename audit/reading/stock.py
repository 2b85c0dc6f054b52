"""Inventory's database and its answers over HTTP."""

import httpx

from audit.evidence import Evidence
from audit.reading.databases import Snapshot, pages
from audit.reading.http import get
from audit.rows import Held, Listed, Received, Reservation, Shelf
from audit.scope import Scope

SHELVES = "SELECT sku, on_hand, reserved, sold, received FROM products"

RECEIPTS = "SELECT sku, sum(quantity)::bigint FROM receipts GROUP BY sku"

# What an order has or had; those that were released or never made are of no interest.
RESERVATIONS = """
SELECT order_id::text, state FROM reservations
WHERE state IN ('RESERVED', 'SOLD') AND order_id > $1 ORDER BY order_id
"""

HELD = """
SELECT order_id::text, key, value::bigint FROM reservations, jsonb_each_text(quantities)
WHERE state = 'RESERVED'
"""

LIST_LIMIT = 500
MOST_LISTED = 10_000


async def read(tx: Snapshot, evidence: Evidence, *, scope: Scope) -> None:
    async for rows in pages(tx, SHELVES):
        evidence.add(Shelf, rows)
    async for rows in pages(tx, RECEIPTS):
        evidence.add(Received, rows)
    async for rows in pages(tx, RESERVATIONS, scope.orders_after):
        evidence.add(Reservation, rows)
    async for rows in pages(tx, HELD):
        evidence.add(Held, rows)


async def read_answers(client: httpx.AsyncClient, evidence: Evidence) -> None:
    """Read the catalogue's first pages as a customer does."""
    cursor: str | None = None
    for _ in range(MOST_LISTED // LIST_LIMIT):
        where = {"limit": LIST_LIMIT} | ({"cursor": cursor} if cursor else {})
        page = await get(client, "/products", params=where)
        evidence.add(
            Listed, [tuple(it[name] for name in Listed._fields) for it in page["products"]]
        )
        cursor = page.get("next_cursor")
        if not cursor:
            return

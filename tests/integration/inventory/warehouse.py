"""A stock on a real Postgres: replicas that decide on it, and what the tables then hold."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from services.inventory.catalogue import change_product, receive_goods
from services.inventory.domain import Description, ProductNotFound, Receipt, ReceiptConflict
from services.inventory.repository import InventoryRepository
from services.inventory.use_cases import (
    Commits,
    release_stock,
    reserve_stock,
    sell_stock,
)
from shared.clock import new_id
from shared.events import Event, OrderCancelled, OrderConfirmed, OrderPlaced
from shared.persistence.database import Database
from tests.integration.committing import committing
from tests.unit.inventory.stories import HOUR, NOON


def replica(database: Database) -> AbstractAsyncContextManager[Commits]:
    return committing(database, InventoryRepository(), refusals=(ProductNotFound, ReceiptConflict))


async def stock_up(commits: Commits, **on_hand: int) -> None:
    for sku, quantity in on_hand.items():
        described = Description(f"The {sku}", 100, "EUR")
        await commits.run(change_product(sku, described, at=NOON, new_id=new_id))
        await commits.run(receive_goods(Receipt(sku, f"first {sku}", quantity)))


async def hear(commits: Commits, event: Event, *, at: datetime = NOON) -> None:
    """Handle an event as the consumers do."""
    match event:
        case OrderPlaced():
            work = reserve_stock(event, at=at, new_id=new_id, hold_for=HOUR)
        case OrderConfirmed():
            work = sell_stock(event, at=at, new_id=new_id)
        case OrderCancelled():
            work = release_stock(event, at=at, new_id=new_id)
        case _:
            raise AssertionError(event)
    await commits.run(work)


async def stock(connection: asyncpg.Connection, sku: str) -> tuple[int, int, int]:
    """Return what is on hand, reserved and sold."""
    row = await connection.fetchrow(
        "SELECT on_hand, reserved, sold FROM products WHERE sku = $1", sku
    )
    assert row is not None
    return row["on_hand"], row["reserved"], row["sold"]


async def said(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return the events of orders in the outbox, oldest first."""
    rows = await connection.fetch(
        "SELECT payload FROM outbox WHERE subject <> 'inventory.product_changed' ORDER BY event_id"
    )
    return [orjson.loads(row["payload"]) for row in rows]


async def said_types(connection: asyncpg.Connection) -> list[str]:
    return [event["event_type"] for event in await said(connection)]


async def states(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch("SELECT state FROM reservations ORDER BY order_id")
    return [row["state"] for row in rows]


async def unaccounted(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Return the SKUs whose counters differ from what the reservations and receipts say."""
    return await connection.fetch("""
        WITH lines AS (
            SELECT line.key AS sku, state, line.value::bigint AS quantity
            FROM reservations, jsonb_each_text(quantities) AS line),
        counted AS (
            SELECT sku,
                coalesce((SELECT sum(quantity) FROM lines
                    WHERE lines.sku = p.sku AND state = 'RESERVED'), 0) AS reserved,
                coalesce((SELECT sum(quantity) FROM lines
                    WHERE lines.sku = p.sku AND state = 'SOLD'), 0) AS sold,
                coalesce((SELECT sum(quantity) FROM receipts
                    WHERE receipts.sku = p.sku), 0) AS received
            FROM products AS p)
        SELECT * FROM products AS p JOIN counted AS c USING (sku)
        WHERE (p.reserved, p.sold, p.received) <> (c.reserved, c.sold, c.received)""")

"""Order's database: rows and histories side by side, and what is kept for keys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from audit import access, history
from audit.access import KeptAnswer
from audit.evidence import Evidence
from audit.history import Entry
from audit.reading.databases import Snapshot, pages
from audit.reading.progress import Progress
from audit.rows import Accepted, Bought, Change, Order, Unfinished
from audit.scope import Scope
from audit.violations import Findings

PAGE = 2000
LAST_ID = UUID(int=2**128 - 1)

ROWS = """
SELECT order_id, version, status, customer_id, customer_email, items, total_cents, currency,
    payment_method, correlation_id::text, placed_at, updated_at, reservation_expires_at,
    payment_id::text, cancel_reason, cancel_detail, carrier, tracking_number
FROM orders WHERE order_id > $1 ORDER BY order_id LIMIT $2
"""

ENTRIES = """
SELECT order_id::text, version, event_type, "timestamp", data
FROM order_events WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id, version
"""

UNFINISHED = "SELECT order_id::text FROM orders WHERE status IN ('PLACED', 'RESERVED')"

# By the rows: the histories agree with them, or I6 says so.
BOUGHT = """
SELECT item->>'sku', sum((item->>'quantity')::bigint)::bigint
FROM orders, json_array_elements(items) AS item
WHERE status IN ('CONFIRMED', 'SHIPPED') GROUP BY 1
"""

ANSWERS = """
SELECT k.key, k.order_id::text, k.answer, o.total_cents, o.currency
FROM idempotency_keys AS k LEFT JOIN orders AS o USING (order_id) WHERE k.order_id > $1
"""


async def read(
    tx: Snapshot, evidence: Evidence, findings: Findings, *, scope: Scope, progress: Progress
) -> None:
    """Fold every history on its way in."""
    after, seen = scope.orders_after, 0
    while True:
        rows = await tx.fetch(ROWS, after, PAGE)
        until = rows[-1]["order_id"] if len(rows) == PAGE else LAST_ID
        entries = [_entry(row) for row in await tx.fetch(ENTRIES, after, until)]
        findings.add(history.examine([_row(row) for row in rows], entries))
        _keep(evidence, rows, entries)
        after, seen = until, seen + len(rows)
        if until == LAST_ID:
            break
        progress("orders", seen, None)
    async for page in pages(tx, UNFINISHED):
        evidence.add(Unfinished, page)
    async for page in pages(tx, BOUGHT):
        evidence.add(Bought, page)


async def read_answers(
    tx: Snapshot, evidence: Evidence, findings: Findings, *, scope: Scope
) -> None:
    """Hold what is kept for each key against its order."""
    async for rows in pages(tx, ANSWERS, scope.orders_after):
        answers = [_answer(*row) for row in rows]
        findings.add(access.kept_answers(answers))
        evidence.add(Accepted, [("an answer kept for a key", it.order_id) for it in answers])


def _keep(evidence: Evidence, rows: Sequence[asyncpg.Record], entries: Sequence[Entry]) -> None:
    columns = ("status", "version", "total_cents", "currency", "customer_email")
    evidence.add(
        Order, [(str(row["order_id"]), *(row[column] for column in columns)) for row in rows]
    )
    evidence.add(Change, history.told(entries))


def _row(record: asyncpg.Record) -> dict[str, Any]:
    row = dict(record)
    return row | {"order_id": str(row["order_id"]), "items": orjson.loads(row["items"])}


def _entry(record: asyncpg.Record) -> Entry:
    order_id, version, event_type, timestamp, data = record
    return Entry(order_id, version, event_type, timestamp, orjson.loads(data))


def _answer(
    key: str, order_id: str, answer: bytes, total_cents: int | None, currency: str | None
) -> KeptAnswer:
    try:
        said = orjson.loads(answer)
    except orjson.JSONDecodeError:
        said = None
    return KeptAnswer(key, order_id, said, total_cents, currency)

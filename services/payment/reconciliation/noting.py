"""Writing down what a page of the ledger came to: what is in question, and what is awaited."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

import asyncpg

from services.payment.reconciliation import statements
from services.payment.reconciliation.comparison import Kind, Movement
from services.payment.reconciliation.sheet import Marks, Sheet

Place = TypeVar("Place", UUID, datetime)

PIECE = 1000

# In the order of the statement's arrays.
MOVEMENT = attrgetter(
    "movement_id", "key", "kind", "order_id", "charge_id", "amount_cents", "currency", "created_at"
)


async def write(tx: asyncpg.Connection, sheet: Sheet, *, since: Marks, now: datetime) -> None:
    """Write the sheet in the caller's transaction; its marks have moved on `since` these."""
    await _forget_awaited(tx, list(sheet.found), now)
    await _question(tx, sheet.in_question, now)
    await _question(tx, await _not_given_back(tx, sheet.strange_refunds), now)
    await _await_charges(tx, sheet, since, now)
    await _await_refunds(tx, sheet, since, now)


async def _forget_awaited(tx: asyncpg.Connection, found: Sequence[str], now: datetime) -> None:
    if found:
        await tx.execute(statements.FORGET_AWAITED, found, now)


async def _question(tx: asyncpg.Connection, movements: Sequence[Movement], now: datetime) -> None:
    if movements:
        columns = zip(*map(MOVEMENT, movements), strict=True)
        await tx.execute(statements.QUESTION, *columns, now)


async def _not_given_back(tx: asyncpg.Connection, refunds: Sequence[Movement]) -> list[Movement]:
    """Count the refunds to the charges that are in question; return those of other charges."""
    if not refunds:
        return []
    columns = zip(*((it.charge_id, it.amount_cents) for it in refunds), strict=True)
    counted = {row["charge_id"] for row in await tx.fetch(statements.GIVE_BACK, *columns)}
    return [it for it in refunds if it.charge_id not in counted]


async def _await_charges(tx: asyncpg.Connection, sheet: Sheet, since: Marks, now: datetime) -> None:
    stretch = since.orders_until, sheet.marks.orders_until
    async for expected in _expected(tx, statements.EXPECTED_CHARGES, *stretch):
        await _await(tx, Kind.CHARGE, expected, sheet, now)


async def _await_refunds(tx: asyncpg.Connection, sheet: Sheet, since: Marks, now: datetime) -> None:
    stretch = since.refunds_until, sheet.marks.refunds_until
    async for expected in _expected(tx, statements.EXPECTED_REFUNDS, *stretch):
        await _await(tx, Kind.REFUND, expected, sheet, now)


async def _expected(
    tx: asyncpg.Connection, statement: str, after: Place, until: Place
) -> AsyncIterator[list[asyncpg.Record]]:
    """Yield what the payments of this stretch say; in pieces, for it may be all there ever were."""
    while after < until:
        rows = await tx.fetch(statement, after, until, PIECE)
        yield rows
        if len(rows) < PIECE:
            return
        after = rows[-1]["place"]


async def _await(
    tx: asyncpg.Connection,
    kind: Kind,
    expected: Sequence[asyncpg.Record],
    sheet: Sheet,
    now: datetime,
) -> None:
    awaited = [(it["key"], str(it["order_id"])) for it in expected if it["key"] not in sheet.found]
    if awaited:
        await tx.execute(statements.AWAIT, *zip(*awaited, strict=True), kind, now)

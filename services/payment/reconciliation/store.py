"""What is known from one run to the next: how far the comparison has come, and what differs.

The rows of `payment_mismatches` are few: what does not agree, or not yet. One that is only in
question has no problem; one that has turned out right has a `gone_at`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from uuid import UUID

import asyncpg

from services.payment.domain import Status
from services.payment.reconciliation import noting, statements
from services.payment.reconciliation.comparison import (
    Entry,
    Judgement,
    Kind,
    Mismatch,
    Movement,
    Outcome,
    Problem,
    Verdict,
)
from services.payment.reconciliation.ledger import START
from services.payment.reconciliation.sheet import NO_MARKS, Marks, Sheet
from shared.persistence.database import KeptConnection

BATCH = 1000
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# In the order of the statement's arrays.
CHARGE = attrgetter("key", "charge_id", "amount_cents", "currency")


class TurnLost(Exception):
    """Another replica has taken over: this one was away for longer than its claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """How far the comparison has come, as whoever has the turn knows it."""

    turn: int
    last: tuple[int, str]  # the id and key of the movement that was compared last
    marks: Marks
    since: datetime

    def behind(self, movements: Sequence[Movement]) -> "Bookmark":
        """Return the bookmark moved on behind this page."""
        return replace(self, last=(movements[-1].movement_id, movements[-1].key))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """What has to be looked at again; without a movement where the ledger has shown none."""

    mismatch_id: int
    key: str
    kind: Kind
    order_id: str
    movement: Movement | None
    given_back_cents: int
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    item: OpenItem
    judgement: Judgement

    @property
    def news(self) -> Mismatch | None:
        """The mismatch, if it was not known as such before."""
        match self.judgement:
            case Mismatch(problem) as mismatch if problem is not self.item.problem:
                return mismatch
        return None

    @property
    def row(self) -> tuple[object, ...]:
        match self.judgement:
            case Mismatch(problem, expected, found):
                return self.item.mismatch_id, problem, expected, found, False
            case verdict:
                return self.item.mismatch_id, None, None, None, verdict is Verdict.AGREES


class Store:
    """Written in turns: by one replica at a time, each page in a transaction of its own."""

    def __init__(self, connection: KeptConnection) -> None:
        self._connection = connection

    async def take_turn(self, now: datetime, *, until: datetime) -> Bookmark | None:
        """Claim the comparison until then; None if it is not due, or in other hands."""
        async with self._connection.transaction() as tx:
            row = await tx.fetchrow(statements.TAKE_TURN, now, until)
        return None if row is None else _bookmark(row)

    async def sift(self, movements: Sequence[Movement]) -> tuple[list[Movement], list[Movement]]:
        """Return the charges that plainly agree with their payments, and all other movements."""
        if not movements:
            return [], []
        columns = zip(*((_uuid(it.order_id), *CHARGE(it)) for it in movements), strict=True)
        async with self._connection.transaction() as tx:
            rows = await tx.fetch(statements.DIFFERING, *columns)
        places = {row["place"] for row in rows}
        agreeing = [it for place, it in enumerate(movements, 1) if place not in places]
        return agreeing, [movements[row["place"] - 1] for row in rows]

    async def entries(self, order_ids: Iterable[str]) -> list[Entry | None]:
        """Return what our books say of each order, None where they say nothing."""
        wanted = [_uuid(order_id) for order_id in order_ids]
        if not wanted:
            return []
        async with self._connection.transaction() as tx:
            return [_entry(row) for row in await tx.fetch(statements.ENTRIES, wanted)]

    async def note(
        self, bookmark: Bookmark, sheet: Sheet, now: datetime, *, until: datetime
    ) -> Bookmark:
        """Store what a page came to, and keep the turn; return the bookmark with its marks."""
        before, bookmark = bookmark.marks, replace(bookmark, marks=sheet.marks)
        async with self._connection.transaction() as tx:
            await _keep_turn(tx, bookmark, until)
            await noting.write(tx, sheet, since=before, now=now)
        return bookmark

    async def begin_anew(self, bookmark: Bookmark, now: datetime, *, until: datetime) -> Bookmark:
        """Leave the ledger that is no more, with all that was only found there."""
        bookmark = replace(bookmark, last=START, marks=NO_MARKS)
        async with self._connection.transaction() as tx:
            await _keep_turn(tx, bookmark, until)
            await tx.execute(statements.LEAVE_LOST_LEDGER, now)
        return bookmark

    async def open_items(self, before: datetime) -> list[OpenItem]:
        """Return some that were not looked at since, the longest waiting first."""
        async with self._connection.transaction() as tx:
            rows = await tx.fetch(statements.OPEN_ITEMS, before, BATCH)
        return [_item(row) for row in rows]

    async def conclude(
        self,
        bookmark: Bookmark,
        conclusions: Sequence[Conclusion],
        now: datetime,
        *,
        until: datetime,
    ) -> None:
        """Store what was found about open items, and keep the turn."""
        columns = zip(*(conclusion.row for conclusion in conclusions), strict=True)
        async with self._connection.transaction() as tx:
            await _keep_turn(tx, bookmark, until)
            await tx.execute(statements.CONCLUDE, *columns, now)

    async def finish(self, bookmark: Bookmark, now: datetime, *, next_at: datetime) -> None:
        """Give the turn back, all being compared."""
        async with self._connection.transaction() as tx:
            await _keep_turn(tx, bookmark, next_at, finished_at=now)


async def _keep_turn(
    tx: asyncpg.Connection,
    bookmark: Bookmark,
    next_at: datetime,
    *,
    finished_at: datetime | None = None,
) -> None:
    marks = bookmark.marks
    position = (*bookmark.last, marks.orders_until, marks.refunds_until)
    if not await tx.fetchval(statements.KEEP_TURN, bookmark.turn, *position, next_at, finished_at):
        raise TurnLost


def _bookmark(row: asyncpg.Record) -> Bookmark:
    return Bookmark(
        turn=row["turn"],
        last=(row["movement_id"], row["movement_key"]),
        marks=Marks(orders_until=row["orders_until"], refunds_until=row["refunds_until"]),
        since=row["since"],
    )


def _uuid(order_id: str) -> UUID | None:
    """Return the id if it may be one of ours."""
    return UUID(order_id) if UUID_FORM.fullmatch(order_id) else None


def _entry(row: asyncpg.Record) -> Entry | None:
    order_id, status, *rest = row
    return None if status is None else Entry(order_id, Status(status), *rest)


def _item(row: asyncpg.Record) -> OpenItem:
    return OpenItem(
        mismatch_id=row["mismatch_id"],
        key=row["key"],
        kind=Kind(row["kind"]),
        order_id=row["order_id"],
        movement=_movement(row) if row["movement_id"] else None,
        given_back_cents=row["given_back_cents"],
        problem=Problem(row["problem"]) if row["problem"] else None,
    )


def _movement(row: asyncpg.Record) -> Movement:
    return Movement(
        movement_id=row["movement_id"],
        kind=Kind(row["kind"]),
        status=Outcome.SUCCEEDED,
        charge_id=row["charge_id"],
        order_id=row["order_id"],
        key=row["key"],
        amount_cents=row["amount_cents"],
        currency=row["currency"],
        created_at=row["made_at"],
    )

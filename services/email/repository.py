"""Rows ↔ mails, for a group at once; and what is read outside of groups."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.email.domain import SWEPT_AT_MOST, Claim, Kind, Mail, Status
from services.email.mails import Mails
from services.email.tables import MailRow
from shared.persistence.database import Database
from shared.persistence.writes import Row, Writes

# One transaction at a time for an order, also for mails that are not there yet: else a refund mail
# and the mail that brings its address could miss one another. In the order of the array.
LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"

LOAD = """
SELECT order_id, kind, event_id, event, recipient, status, attempts, detail, sent_at,
    claim, claimed_until, created_at, updated_at, xmin AS row_version
FROM mails WHERE order_id = ANY($1::uuid[])
"""

# How an errand went is written without the order's lock.
LOAD_LOCKED = f"{LOAD} FOR NO KEY UPDATE"

INSERT = """
INSERT INTO mails (order_id, kind, event_id, event, created_at, recipient, status, attempts,
    detail, sent_at, claim, claimed_until, updated_at)
SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::uuid[]), unnest($4::text[]),
    unnest($5::timestamptz[]), unnest($6::text[]), unnest($7::text[]), unnest($8::int[]),
    unnest($9::text[]), unnest($10::timestamptz[]), unnest($11::uuid[]),
    unnest($12::timestamptz[]), unnest($13::timestamptz[])
"""

# Everything that a mail's verbs can change; nobody has written its row since it was read.
UPDATE = """
UPDATE mails SET recipient = now.recipient, status = now.status, attempts = now.attempts,
    detail = now.detail, sent_at = now.sent_at, claim = now.claim,
    claimed_until = now.claimed_until, updated_at = now.updated_at
FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS kind,
    unnest($3::text[]) AS recipient, unnest($4::text[]) AS status, unnest($5::int[]) AS attempts,
    unnest($6::text[]) AS detail, unnest($7::timestamptz[]) AS sent_at,
    unnest($8::uuid[]) AS claim, unnest($9::timestamptz[]) AS claimed_until,
    unnest($10::timestamptz[]) AS updated_at, unnest($11::xid[]) AS row_version) AS now
WHERE mails.order_id = now.order_id AND mails.kind = now.kind AND mails.xmin = now.row_version
"""


NEW = attrgetter("order_id", "kind", "event_id", "event", "created_at")


class Held(NamedTuple):
    """Mails of an order that the caller has claimed, as they were stored."""

    order_id: UUID
    mails: Sequence[Mail]


class MailRepository:
    """A group needs whole orders: all mails of each."""

    async def load(self, tx: asyncpg.Connection, needs: Sequence[UUID]) -> Mails:
        orders = set(needs)
        await tx.fetch(LOCK, sorted(map(lock_key, orders)))
        return Mails(map(_mail, await tx.fetch(LOAD_LOCKED, list(orders))))

    async def save(self, writes: Writes, mails: Mails) -> None:
        writes.add(INSERT, [(*NEW(it), *_state(it)) for it in mails.new])
        writes.change(
            UPDATE, [(it.order_id, it.kind, *_state(it), it.row_version) for it in mails.changed]
        )
        writes.when_sent(mails.stored)


class OutcomeRepository:
    """For how errands went: their mails are at hand, as they were stored with their claims."""

    def __init__(self, mails: MailRepository) -> None:
        self._mails = mails

    async def look(self, db: asyncpg.Connection, needs: Sequence[Held]) -> Mails:
        held = [mail for need in needs for mail in need.mails]
        doubtful = {mail.order_id for mail in held if not mail.is_as_stored}
        read = await db.fetch(LOAD, list(doubtful)) if doubtful else []
        return Mails([*(it for it in held if it.order_id not in doubtful), *map(_mail, read)])

    async def load(self, tx: asyncpg.Connection, needs: Sequence[Held]) -> Mails:
        return await self._mails.load(tx, [need.order_id for need in needs])

    async def save(self, writes: Writes, mails: Mails) -> None:
        await self._mails.save(writes, mails)


class MailReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_order(self, order_id: UUID) -> Sequence[MailRow]:
        """Return the order's mails, the oldest first."""
        query = (
            select(MailRow).where(MailRow.order_id == order_id).order_by(col(MailRow.created_at))
        )
        async with self._database.session() as session:
            return (await session.exec(query)).all()

    async def stale_orders(self, before: datetime, *, limit: int) -> Sequence[UUID]:
        """Return orders with mails that are worth a sweeper's look: see `Mail.is_stale`.

        Those with no known address are left out: however many wait, they keep no others waiting.
        """
        sibling = aliased(MailRow)
        known = exists().where(
            col(sibling.order_id) == MailRow.order_id, col(sibling.recipient).is_not(None)
        )
        query = (
            select(MailRow.order_id)
            .where(
                MailRow.status == Status.PENDING,
                MailRow.attempts < SWEPT_AT_MOST,
                MailRow.updated_at <= before,
                known,
            )
            .order_by(col(MailRow.updated_at))
            .limit(limit)
        )
        async with self._database.session() as session:
            return (await session.exec(query)).all()


def lock_key(order_id: UUID) -> int:
    """Return the advisory lock of an order: the random half of its id."""
    return int.from_bytes(order_id.bytes[8:], signed=True)


def _mail(row: asyncpg.Record) -> Mail:
    claim = row["claim"]
    return Mail(
        order_id=row["order_id"],
        kind=Kind(row["kind"]),
        event_id=row["event_id"],
        event=row["event"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        recipient=row["recipient"],
        status=Status(row["status"]),
        attempts=row["attempts"],
        detail=row["detail"],
        sent_at=row["sent_at"],
        claim=Claim(claim, row["claimed_until"]) if claim else None,
        row_version=row["row_version"],
    )


def _state(mail: Mail) -> Row:
    claim = mail.claim
    return (
        mail.recipient,
        mail.status,
        mail.attempts,
        mail.detail,
        mail.sent_at,
        claim and claim.token,
        claim and claim.until,
        mail.updated_at,
    )

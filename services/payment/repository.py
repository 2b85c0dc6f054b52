"""Rows ↔ payments, for a whole group at once: one statement to load, to insert, to update."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlmodel import col, select

from services.payment.domain import Payment, PaymentNotFound, Status
from services.payment.tables import PaymentRow
from services.payment.terms import payment_id_of
from shared.persistence.database import Database
from shared.persistence.writes import Writes

# The members' payments, and which version of its row each was read from.
LOAD = """
SELECT payment_id, order_id, status, amount_cents, refunded_cents, currency, payment_method,
    reason, expires_at, correlation_id, cause_id, charge_key, charge_id, refund_key,
    provider_refund_id, cancel_reason, cancel_cause_id, announced, in_flight_until, check_at,
    created_at, updated_at, xmin AS row_version
FROM payments WHERE payment_id = ANY($1::uuid[]) ORDER BY payment_id
"""

# Held against other replicas until the group is committed.
LOCK = f"{LOAD} FOR NO KEY UPDATE"

# New payments. One that is there by now was written by another replica since we looked: then this
# fails, and is decided again on what is there, or a cancellation would be forgotten.
INSERT = """
INSERT INTO payments (payment_id, order_id, status, amount_cents, refunded_cents, currency,
    payment_method, reason, expires_at, correlation_id, cause_id, charge_key, charge_id,
    refund_key, provider_refund_id, cancel_reason, cancel_cause_id, announced, in_flight_until,
    check_at, created_at, updated_at)
SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::bigint[]),
    unnest($5::bigint[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
    unnest($9::timestamptz[]), unnest($10::uuid[]), unnest($11::uuid[]), unnest($12::text[]),
    unnest($13::text[]), unnest($14::text[]), unnest($15::text[]), unnest($16::text[]),
    unnest($17::uuid[]), unnest($18::bool[]), unnest($19::timestamptz[]),
    unnest($20::timestamptz[]), unnest($21::timestamptz[]), unnest($22::timestamptz[])
ORDER BY 1
"""

# What can change in a payment; nobody has written its row since it was read, or this finds none.
UPDATE = """
UPDATE payments SET (status, refunded_cents, payment_method, reason, cause_id, charge_id,
    refund_key, provider_refund_id, cancel_reason, cancel_cause_id, announced, in_flight_until,
    check_at, updated_at) =
    (now.status, now.refunded_cents, now.payment_method, now.reason, now.cause_id, now.charge_id,
     now.refund_key, now.provider_refund_id, now.cancel_reason, now.cancel_cause_id,
     now.announced, now.in_flight_until, now.check_at, now.updated_at)
FROM (SELECT unnest($1::uuid[]) AS payment_id, unnest($2::text[]) AS status,
    unnest($3::bigint[]) AS refunded_cents, unnest($4::text[]) AS payment_method,
    unnest($5::text[]) AS reason, unnest($6::uuid[]) AS cause_id, unnest($7::text[]) AS charge_id,
    unnest($8::text[]) AS refund_key, unnest($9::text[]) AS provider_refund_id,
    unnest($10::text[]) AS cancel_reason, unnest($11::uuid[]) AS cancel_cause_id,
    unnest($12::bool[]) AS announced, unnest($13::timestamptz[]) AS in_flight_until,
    unnest($14::timestamptz[]) AS check_at, unnest($15::timestamptz[]) AS updated_at,
    unnest($16::xid[]) AS row_version) AS now
WHERE payments.payment_id = now.payment_id AND payments.xmin = now.row_version
"""

# In the order of the statements' arrays.
COLUMNS = attrgetter(
    "payment_id", "order_id", "status", "amount_cents", "refunded_cents", "currency",
    "payment_method", "reason", "expires_at", "correlation_id", "cause_id", "charge_key",
    "charge_id", "refund_key", "provider_refund_id", "cancel_reason", "cancel_cause_id",
    "announced", "in_flight_until", "check_at", "created_at", "updated_at",
)  # fmt: skip
CHANGEABLE = attrgetter(
    "payment_id", "status", "refunded_cents", "payment_method", "reason", "cause_id", "charge_id",
    "refund_key", "provider_refund_id", "cancel_reason", "cancel_cause_id", "announced",
    "in_flight_until", "check_at", "updated_at", "row_version",
)  # fmt: skip

# By position: keywords cost up to 3 µs a row more.
FIELDS = itemgetter(*(field.name for field in fields(Payment) if field.name != "changed"))


class Need(NamedTuple):
    """The payment that a decision is about; one of which nothing was heard is hardly there.

    `held` is the payment as the caller has just stored it: it goes on with that, unread.
    """

    payment_id: UUID
    is_new: bool = False
    held: Payment | None = None


class Ledger:
    """The payments that a group of decisions shares."""

    def __init__(self, known: Iterable[Payment] = ()) -> None:
        self._known = {payment.payment_id: payment for payment in known}
        self._new: dict[UUID, Payment] = {}

    def find(self, payment_id: UUID) -> Payment | None:
        return self._known.get(payment_id) or self._new.get(payment_id)

    def get(self, payment_id: UUID) -> Payment:
        payment = self.find(payment_id)
        if payment is None:
            raise PaymentNotFound(str(payment_id))
        return payment

    def add(self, payment: Payment) -> Payment:
        self._new[payment.payment_id] = payment
        return payment

    @property
    def new(self) -> list[Payment]:
        return list(self._new.values())

    @property
    def changed(self) -> list[Payment]:
        return [payment for payment in self._known.values() if payment.changed]

    def stored(self, transaction: int) -> None:
        """Note that all of it stands in the database as it is here, by that transaction."""
        for payment in (*self.new, *self.changed):
            payment.row_version, payment.changed = transaction, False


class PaymentRepository:
    """Loads and saves the ledger."""

    async def look(self, db: asyncpg.Connection, needs: Sequence[Need], /) -> Ledger:
        held = {it.held.payment_id: it.held for it in needs if it.held and it.held.is_as_stored}
        wanted = {it.payment_id for it in needs if not it.is_new} - held.keys()
        read = await db.fetch(LOAD, list(wanted)) if wanted else []
        return Ledger((*held.values(), *map(_payment, read)))

    async def load(self, tx: asyncpg.Connection, needs: Sequence[Need], /) -> Ledger:
        return Ledger(map(_payment, await tx.fetch(LOCK, [need.payment_id for need in needs])))

    async def save(self, writes: Writes, ledger: Ledger, /) -> None:
        writes.add(INSERT, [COLUMNS(payment) for payment in ledger.new])
        writes.change(UPDATE, [CHANGEABLE(payment) for payment in ledger.changed])
        writes.when_sent(ledger.stored)


class PaymentReader:
    """Reads without a lock: for HTTP, and for the settlement to find its work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_order(self, order_id: UUID) -> Payment:
        """Return the order's payment, or raise PaymentNotFound."""
        return await self._one(payment_id_of(order_id), sought=f"for order {order_id}")

    async def payment(self, payment_id: UUID) -> Payment:
        """Return the payment, or raise PaymentNotFound."""
        return await self._one(payment_id, sought=str(payment_id))

    async def due(self, now: datetime, *, limit: int) -> list[UUID]:
        """Return the payments that want to be looked at, the longest waiting first."""
        statement = (
            select(PaymentRow.payment_id)
            .where(col(PaymentRow.check_at) <= now)
            .order_by(col(PaymentRow.check_at))
            .limit(limit)
        )
        async with self._database.session() as session:
            return list(await session.exec(statement))

    async def _one(self, payment_id: UUID, *, sought: str) -> Payment:
        async with self._database.session() as session:
            row = await session.get(PaymentRow, payment_id)
        if row is None:
            raise PaymentNotFound(sought)
        return Payment(**row.model_dump() | {"status": Status(row.status)})


def _payment(row: asyncpg.Record) -> Payment:
    payment = Payment(*FIELDS(row))
    payment.status = Status(payment.status)
    return payment

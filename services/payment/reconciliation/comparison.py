"""The rules of comparing our books with the provider's ledger; standard library only.

A movement of money at the provider is held against the payment of its order, and a payment that
says money moved against the movements. Where they differ while something is still open, that is
no mismatch yet.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.payment.domain import Status


class Kind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


class Problem(StrEnum):
    """How books and ledger differ."""

    CHARGE_WITHOUT_PAYMENT = "charge_without_payment"
    SECOND_CHARGE = "second_charge"
    CAPTURED_YET_FAILED = "captured_yet_failed"
    AMOUNT_DIFFERS = "amount_differs"
    UNKNOWN_REFUND = "unknown_refund"
    MISSING_CHARGE = "missing_charge"
    MISSING_REFUND = "missing_refund"


class Money(NamedTuple):
    cents: int
    currency: str

    def __str__(self) -> str:
        return f"{self.cents} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A line of the provider's ledger, field by field as it shows it."""

    movement_id: int
    kind: Kind
    status: Outcome
    charge_id: str
    order_id: str
    key: str
    amount_cents: int
    currency: str
    created_at: datetime


class Entry(NamedTuple):
    """What our books say of an order's payment; `is_open` while something is still to be done."""

    order_id: UUID
    status: Status
    amount_cents: int
    refunded_cents: int
    currency: str
    charge_key: str
    charge_id: str | None
    refund_key: str | None
    updated_at: datetime
    is_open: bool

    def key_of(self, kind: Kind) -> str | None:
        """Return the key under which the payment charges, or pays back."""
        return self.charge_key if kind is Kind.CHARGE else self.refund_key

    def knows(self, charge: Movement) -> bool:
        """Tell whether this charge is the payment's own, not another one of the same order."""
        return charge.key == self.charge_key and self.charge_id in (None, charge.charge_id)

    def says_moved(self, kind: Kind) -> bool:
        """Tell whether money was taken, or given back, by our books."""
        if kind is Kind.REFUND:
            return self.status is Status.REFUNDED
        return self.amount_cents > 0 and self.status in (Status.SUCCESS, Status.REFUNDED)


class Verdict(StrEnum):
    AGREES = "agrees"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Mismatch:
    problem: Problem
    expected: str
    found: str


Judgement = Verdict | Mismatch


def judge(movement: Movement, entry: Entry | None, *, given_back_cents: int = 0) -> Judgement:
    """Hold a movement against the payment of its order.

    `given_back_cents` is what of a charge went back by refunds that are not the payment's own:
    so an operator mends a charge that should not be.
    """
    if movement.kind is Kind.REFUND:
        return _judge_refund(movement, entry)
    held = Money(movement.amount_cents - given_back_cents, movement.currency)
    return _judge_charge(movement, entry, held)


def judge_missing(kind: Kind, entry: Entry | None, *, long_ago: datetime) -> Judgement:
    """Judge a payment that the ledger, read from end to end, has no such movement of.

    What changed after `long_ago` may have moved money that was not in the ledger then.
    """
    if entry is None:
        return Verdict.AGREES
    if entry.is_open or entry.updated_at > long_ago:
        return Verdict.OPEN
    if not entry.says_moved(kind):
        return Verdict.AGREES
    if kind is Kind.REFUND:
        expected = str(Money(entry.refunded_cents, entry.currency))
        return Mismatch(Problem.MISSING_REFUND, expected, "no such refund")
    expected = f"{Money(entry.amount_cents, entry.currency)} ({entry.charge_id})"
    return Mismatch(Problem.MISSING_CHARGE, expected, "no such charge")


def _judge_charge(charge: Movement, entry: Entry | None, held: Money) -> Judgement:
    if entry is None:
        problem, expected = Problem.CHARGE_WITHOUT_PAYMENT, Money(0, charge.currency)
    elif not entry.knows(charge):
        problem, expected = Problem.SECOND_CHARGE, Money(0, charge.currency)
    elif entry.is_open:
        return Verdict.OPEN
    elif entry.status is Status.FAILED:
        problem, expected = Problem.CAPTURED_YET_FAILED, Money(0, charge.currency)
    else:
        problem, expected = Problem.AMOUNT_DIFFERS, Money(entry.amount_cents, entry.currency)
    if held == expected:
        return Verdict.AGREES
    return Mismatch(problem, str(expected), f"{held} ({charge.charge_id})")


def _judge_refund(refund: Movement, entry: Entry | None) -> Judgement:
    found = Money(refund.amount_cents, refund.currency)
    if entry is None or refund.key != entry.refund_key:
        return Mismatch(Problem.UNKNOWN_REFUND, "no refund", f"{found} of {refund.charge_id}")
    if entry.is_open:
        return Verdict.OPEN
    expected = Money(entry.refunded_cents, entry.currency)
    if found == expected:
        return Verdict.AGREES
    return Mismatch(Problem.AMOUNT_DIFFERS, str(expected), f"{found} of {refund.charge_id}")

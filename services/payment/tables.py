"""The rows of payment's database. The rules stand in `domain.py`; these checks back them up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from shared.persistence.tables import moment


def words(*, nullable: bool = False) -> Column[str]:
    return Column(Text, nullable=nullable)


def number() -> Column[int]:
    return Column(BigInteger, nullable=False)


class PaymentRow(SQLModel, table=True):
    """One order's payment, from the intent on; the columns are the fields of `domain.Payment`."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "status IN ('PENDING', 'SUCCESS', 'FAILED', 'UNKNOWN', 'REFUNDED')",
            name="payments_status",
        ),
        CheckConstraint("refunded_cents BETWEEN 0 AND amount_cents", name="payments_amounts"),
        # What the settlement has to look at: few, however many payments there were.
        Index("payments_due", "check_at", postgresql_where=text("check_at IS NOT NULL")),
        # What the reconciliation looks for at the provider; charges it finds by their orders.
        Index("payments_refunded", "updated_at", postgresql_where=text("status = 'REFUNDED'")),
    )

    payment_id: UUID = Field(primary_key=True)
    order_id: UUID = Field(unique=True)
    status: str = Field(sa_column=words())
    amount_cents: int = Field(sa_column=number())
    refunded_cents: int = Field(sa_column=number())
    currency: str = Field(sa_column=words())
    payment_method: str | None = Field(sa_column=words(nullable=True))
    reason: str | None = Field(sa_column=words(nullable=True))
    expires_at: datetime | None = Field(sa_column=moment(nullable=True))
    correlation_id: UUID
    cause_id: UUID
    charge_key: str = Field(sa_column=words())
    charge_id: str | None = Field(sa_column=words(nullable=True))
    refund_key: str | None = Field(sa_column=words(nullable=True))
    provider_refund_id: str | None = Field(sa_column=words(nullable=True))
    cancel_reason: str | None = Field(sa_column=words(nullable=True))
    cancel_cause_id: UUID | None
    announced: bool
    in_flight_until: datetime | None = Field(sa_column=moment(nullable=True))
    check_at: datetime | None = Field(sa_column=moment(nullable=True))
    created_at: datetime = Field(sa_column=moment(nullable=False))
    updated_at: datetime = Field(sa_column=moment(nullable=False))


class ReconciliationRow(SQLModel, table=True):
    """How far the comparison with the provider's ledger has come; one row.

    `turn` tells whose it is: it grows with each claim, so that a process that lost its claim
    writes nothing. `since` is when these books began.
    """

    __tablename__ = "reconciliation"
    __table_args__ = (CheckConstraint("only_row", name="reconciliation_only_row"),)

    only_row: bool = Field(primary_key=True, default=True)
    turn: int = Field(sa_column=number())
    next_at: datetime = Field(sa_column=moment(nullable=False))
    movement_id: int = Field(sa_column=number())
    movement_key: str = Field(sa_column=words())
    orders_until: UUID
    refunds_until: datetime = Field(sa_column=moment(nullable=False))
    since: datetime = Field(sa_column=moment(nullable=False))
    finished_at: datetime | None = Field(sa_column=moment(nullable=True))


class MismatchRow(SQLModel, table=True):
    """A difference between books and ledger; without a problem it is only in question yet.

    `movement_id` is 0, and the movement's columns are empty, where the ledger has none.
    """

    __tablename__ = "payment_mismatches"
    __table_args__ = (
        UniqueConstraint("key", "movement_id", name="payment_mismatches_movement"),
        # What each comparison looks at again: few, however many there ever were.
        Index("payment_mismatches_open", "looked_at", postgresql_where=text("gone_at IS NULL")),
        Index("payment_mismatches_charge", "charge_id"),
    )

    mismatch_id: int | None = Field(
        sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    key: str = Field(sa_column=words())
    movement_id: int = Field(sa_column=number())
    kind: str = Field(sa_column=words())
    order_id: str = Field(sa_column=words())
    charge_id: str | None = Field(sa_column=words(nullable=True))
    amount_cents: int | None = Field(sa_column=Column(BigInteger))
    currency: str | None = Field(sa_column=words(nullable=True))
    made_at: datetime | None = Field(sa_column=moment(nullable=True))
    given_back_cents: int = Field(sa_column=number())
    problem: str | None = Field(sa_column=words(nullable=True))
    expected: str | None = Field(sa_column=words(nullable=True))
    found: str | None = Field(sa_column=words(nullable=True))
    first_seen_at: datetime = Field(sa_column=moment(nullable=False))
    looked_at: datetime = Field(sa_column=moment(nullable=False))
    gone_at: datetime | None = Field(sa_column=moment(nullable=True))

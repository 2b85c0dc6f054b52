"""The rows of payment's database. The rules stand in `domain.py`; these checks back them up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from shared.persistence.tables import moment


def words(*, nullable: bool = False) -> Column[str]:
    return Column(Text, nullable=nullable)


def cents() -> Column[int]:
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
    )

    payment_id: UUID = Field(primary_key=True)
    order_id: UUID = Field(unique=True)
    status: str = Field(sa_column=words())
    amount_cents: int = Field(sa_column=cents())
    refunded_cents: int = Field(sa_column=cents())
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

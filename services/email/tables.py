"""The rows of email's database. The rules stand in `domain.py`; these checks back them up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Computed, Index, Text, text
from sqlmodel import Field, SQLModel

from shared.persistence.tables import moment

MESSAGE_ID = "'<' || event_id::text || '@shop.example>'"
"""As `domain.message_id_of`."""


class MailRow(SQLModel, table=True):
    """One mail, from the intent on; the columns are the fields of `domain.Mail`."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('CONFIRMED', 'CANCELLED', 'SHIPPED', 'REFUNDED')", name="mails_kind"
        ),
        CheckConstraint("status IN ('PENDING', 'SENT', 'FAILED')", name="mails_status"),
        CheckConstraint(
            "(status = 'SENT') = (sent_at IS NOT NULL) AND (sent_at IS NULL OR recipient <> '')",
            name="mails_sent",
        ),
        # What the sweeper has to look at: few, however many mails there were.
        Index("mails_pending", "updated_at", postgresql_where=text("status = 'PENDING'")),
    )

    order_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    event_id: UUID
    event: str = Field(sa_column=Column(Text, nullable=False))
    message_id: str | None = Field(
        default=None, sa_column=Column(Text, Computed(MESSAGE_ID), nullable=False)
    )
    recipient: str | None = Field(sa_column=Column(Text, nullable=True))
    status: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int
    detail: str = Field(sa_column=Column(Text, nullable=False))
    sent_at: datetime | None = Field(sa_column=moment(nullable=True))
    claim: UUID | None
    claimed_until: datetime | None = Field(sa_column=moment(nullable=True))
    created_at: datetime = Field(sa_column=moment(nullable=False))
    updated_at: datetime = Field(sa_column=moment(nullable=False))

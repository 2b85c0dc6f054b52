"""The two tables that every service has beside its own: what it heard, and what it has to say."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import TIMESTAMP, BigInteger, Column, Index, LargeBinary, Text, func, text
from sqlmodel import Field, SQLModel

# Not `now()`, the moment at which the transaction began: that may be long ago (KeptConnection).
NOW = func.clock_timestamp()


def moment(**column: object) -> Column[datetime]:
    """Return a `timestamptz` column: every time in the shop is aware and in UTC."""
    return Column(TIMESTAMP(timezone=True), **column)  # type: ignore[arg-type]  # kwargs pass through


class InboxRow(SQLModel, table=True):
    """An event that this service has consumed: written in the transaction of its effect."""

    __tablename__ = "inbox"

    event_id: UUID = Field(primary_key=True)
    subject: str = Field(sa_column=Column(Text, nullable=False))
    consumed_at: datetime = Field(sa_column=moment(nullable=False, server_default=NOW))


class OutboxRow(SQLModel, table=True):
    """An event to be published: written in the transaction that made it true.

    The row stays a while after the broker's acknowledgement, with the sequence number it got
    in its stream, so that the relay can say it again should the broker lose its tail.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_unpublished", "event_id", postgresql_where=text("published_at IS NULL")),
    )

    event_id: UUID = Field(primary_key=True)
    subject: str = Field(sa_column=Column(Text, nullable=False))
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    traceparent: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=moment(nullable=False, server_default=NOW))
    published_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    stream_seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))

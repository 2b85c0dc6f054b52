"""The two tables that every service has beside its own: what it heard, and what it has to say."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    Index,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

# Not `now()`, the moment at which the transaction began: that may be long ago (KeptConnection).
NOW = func.clock_timestamp()


def moment(**column: object) -> Column[datetime]:
    """Return a `timestamptz` column: every time in the shop is aware and in UTC."""
    return Column(TIMESTAMP(timezone=True), **column)  # type: ignore[arg-type]  # kwargs pass through


def array(of: type[TypeEngine[Any]], *, nullable: bool = False) -> Column[Any]:
    return Column(ARRAY(of), nullable=nullable)


class InboxRow(SQLModel, table=True):
    """An event that this service has consumed: written in the transaction of its effect."""

    __tablename__ = "inbox"

    event_id: UUID = Field(primary_key=True)
    subject: str = Field(sa_column=Column(Text, nullable=False))
    consumed_at: datetime = Field(sa_column=moment(nullable=False, server_default=NOW))


class OutboxGroupRow(SQLModel, table=True):
    """All that one group commit has to say: written in the transaction that made it true.

    The arrays are in step. `published_at` is set when the broker has acknowledged every message;
    `stream_seqs` are the numbers that they got in their stream, none where one is to be said again.
    The row stays a while after that, so that the relay can say it again should the broker lose its
    tail. The view `outbox` has a row for each message.
    """

    __tablename__ = "outbox_groups"
    __table_args__ = (
        Index(
            "outbox_groups_unpublished", "group_id", postgresql_where=text("published_at IS NULL")
        ),
    )

    group_id: UUID = Field(primary_key=True)
    event_ids: list[UUID] = Field(sa_column=array(Uuid))
    subjects: list[str] = Field(sa_column=array(Text))
    payloads: list[bytes] = Field(sa_column=array(LargeBinary))
    traceparents: list[str] = Field(sa_column=array(Text))
    created_at: datetime = Field(sa_column=moment(nullable=False, server_default=NOW))
    published_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    stream_seqs: list[int | None] | None = Field(
        default=None, sa_column=array(BigInteger, nullable=True)
    )

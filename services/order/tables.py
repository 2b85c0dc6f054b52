"""The order service's rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from shared.persistence.tables import moment


class OrderEventRow(SQLModel, table=True):
    """The truth: every change of every order. The key makes versions unique.

    `data` is kept as it was written: nothing looks into it here, and as `jsonb` it would be taken
    apart (this and `items`: 12 µs of Postgres an order).
    """

    __tablename__ = "order_events"

    order_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    event_type: str = Field(sa_column=Column(Text, nullable=False))
    timestamp: datetime = Field(sa_column=moment(nullable=False))
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class OrderRow(SQLModel, table=True):
    """The read model: the fold of an order's events, written in the same transaction.

    No index covers a column that changes, so that an update stays within its page.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_by_customer", "customer_id", "order_id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    order_id: UUID = Field(primary_key=True)
    version: int
    status: str = Field(sa_column=Column(Text, nullable=False))
    customer_id: str = Field(sa_column=Column(Text, nullable=False))
    customer_email: str = Field(sa_column=Column(Text, nullable=False))
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    total_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    payment_method: str = Field(sa_column=Column(Text, nullable=False))
    correlation_id: UUID
    placed_at: datetime = Field(sa_column=moment(nullable=False))
    updated_at: datetime = Field(sa_column=moment(nullable=False))
    reservation_expires_at: datetime | None = Field(sa_column=moment())
    payment_id: UUID | None
    cancel_reason: str | None = Field(sa_column=Column(Text))
    cancel_detail: str | None = Field(sa_column=Column(Text))
    carrier: str | None = Field(sa_column=Column(Text))
    tracking_number: str | None = Field(sa_column=Column(Text))


class IdempotencyKeyRow(SQLModel, table=True):
    """The answer that was given to a key, written in the transaction of the order itself."""

    __tablename__ = "idempotency_keys"

    scope: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    body_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answer: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    order_id: UUID
    created_at: datetime = Field(sa_column=moment(nullable=False))


class ProductRow(SQLModel, table=True):
    """This service's copy of the catalogue, fed by ProductChanged."""

    __tablename__ = "catalogue"
    __table_args__ = (Index("catalogue_by_copy_time", "copied_at"),)

    sku: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, nullable=False))
    price_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    copied_at: datetime = Field(sa_column=moment(nullable=False))

"""The rows of all five services, as models that are also the domain."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, DateTime
from sqlmodel import Field, SQLModel


def now() -> datetime:
    return datetime.now(UTC)


def moment() -> Column[datetime]:
    return Column(DateTime(timezone=True))


class Order(SQLModel, table=True):
    __tablename__ = "orders"

    order_id: UUID = Field(primary_key=True)
    status: str
    customer_id: str
    customer_email: str
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON))
    total_cents: int
    currency: str
    payment_method: str
    correlation_id: UUID
    created_at: datetime = Field(default_factory=now, sa_column=moment())


class CatalogueProduct(SQLModel, table=True):
    __tablename__ = "catalogue"

    sku: str = Field(primary_key=True)
    name: str
    price_cents: int
    currency: str


class Product(SQLModel, table=True):
    __tablename__ = "products"

    sku: str = Field(primary_key=True)
    name: str
    price_cents: int
    currency: str
    on_hand: int


class Reservation(SQLModel, table=True):
    __tablename__ = "reservations"

    order_id: UUID = Field(primary_key=True)
    reservation_id: UUID
    state: str


class Payment(SQLModel, table=True):
    __tablename__ = "payments"

    payment_id: UUID = Field(primary_key=True)
    order_id: UUID
    status: str
    amount_cents: int
    charge_id: str


class Mail(SQLModel, table=True):
    __tablename__ = "mails"

    order_id: UUID = Field(primary_key=True)
    recipient: str
    sent_at: datetime = Field(default_factory=now, sa_column=moment())


class EventCount(SQLModel, table=True):
    __tablename__ = "event_counts"

    event_type: str = Field(primary_key=True)
    events: int

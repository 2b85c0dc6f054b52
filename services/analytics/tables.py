"""The rows of analytics' database: sums, and what is needed to keep them right.

They are written by the statements of `repository.py`; the migration makes them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel

from shared.persistence.tables import moment


def words(**column: object) -> Column[str]:
    return Column(Text, nullable=False, **column)  # type: ignore[arg-type]  # kwargs pass through


def count() -> Column[int]:
    return Column(BigInteger, nullable=False)


class EventCount(SQLModel, table=True):
    """How many events of a type were heard."""

    __tablename__ = "event_counts"

    event_type: str = Field(sa_column=words(primary_key=True))
    events: int = Field(sa_column=count())


class RevenueMinute(SQLModel, table=True):
    """What happened in one minute of event time, in one currency."""

    __tablename__ = "revenue_minutes"

    minute: datetime = Field(sa_column=moment(primary_key=True))
    currency: str = Field(sa_column=words(primary_key=True))
    orders_placed: int = Field(sa_column=count())
    orders_confirmed: int = Field(sa_column=count())
    orders_cancelled: int = Field(sa_column=count())
    confirmed_cents: int = Field(sa_column=count())
    deducted_cents: int = Field(sa_column=count())
    refunded_cents: int = Field(sa_column=count())


class OrderFactRow(SQLModel, table=True):
    """An order's confirmed amount and its cancellation; with both, its revenue is taken back."""

    __tablename__ = "order_facts"

    order_id: UUID = Field(primary_key=True)
    currency: str = Field(sa_column=words())
    confirmed_cents: int | None = Field(default=None, sa_column=Column(BigInteger))
    cancelled_at: datetime | None = Field(default=None, sa_column=moment())


class ProductSales(SQLModel, table=True):
    """What was sold of one SKU in one currency, with the name it was last sold under."""

    __tablename__ = "product_sales"

    sku: str = Field(sa_column=words(primary_key=True))
    currency: str = Field(sa_column=words(primary_key=True))
    name: str = Field(sa_column=words())
    named_at: datetime = Field(sa_column=moment(nullable=False))
    quantity: int = Field(sa_column=count())
    revenue_cents: int = Field(sa_column=count())


class PaymentMethodTotal(SQLModel, table=True):
    """The payment answers of one method in one currency."""

    __tablename__ = "payment_method_totals"

    payment_method: str = Field(sa_column=words(primary_key=True))
    currency: str = Field(sa_column=words(primary_key=True))
    succeeded: int = Field(sa_column=count())
    failed: int = Field(sa_column=count())
    amount_cents: int = Field(sa_column=count())


class Buyer(SQLModel, table=True):
    """A customer who placed an order: the table is the set of them."""

    __tablename__ = "buyers"

    customer_id: str = Field(sa_column=words(primary_key=True))

"""The rows of inventory's database. The rules stand in `domain.py`; these checks back them up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.persistence.tables import NOW, moment

# A literal, in the index and in the query: with a parameter the planner could not match them.
LIVE = text("state = 'RESERVED'")


def label(*parts: ForeignKey, primary_key: bool = False) -> Column[str]:
    """Return a column of short texts, sorted by code point: the same order on every server."""
    return Column(Text(collation="C"), *parts, primary_key=primary_key, nullable=False)


def count() -> Column[int]:
    return Column(BigInteger, nullable=False)


class ProductRow(SQLModel, table=True):
    """A product and its stock, counted by where it is."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("price_cents >= 0", name="products_price"),
        CheckConstraint("on_hand >= 0 AND reserved >= 0 AND sold >= 0", name="products_stock"),
        CheckConstraint("received = on_hand + reserved + sold", name="products_conservation"),
        # Room on each page for the next version of its rows: counting touches no index.
        {"postgresql_with": {"fillfactor": 50}},
    )

    sku: str = Field(sa_column=label(primary_key=True))
    name: str = Field(sa_column=Column(Text, nullable=False))
    price_cents: int = Field(sa_column=count())
    currency: str = Field(sa_column=Column(Text, nullable=False))
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    on_hand: int = Field(sa_column=count())
    reserved: int = Field(sa_column=count())
    sold: int = Field(sa_column=count())
    received: int = Field(sa_column=count())


class ReservationRow(SQLModel, table=True):
    """What one order holds: `quantities` is `{sku: quantity}`."""

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint(
            "state IN ('RESERVED', 'SOLD', 'RELEASED', 'EXPIRED', 'REJECTED')",
            name="reservations_state",
        ),
        # Those that can run out: few, however many orders there were.
        Index("reservations_live", "expires_at", postgresql_where=LIVE),
    )

    order_id: UUID = Field(primary_key=True)
    reservation_id: UUID
    correlation_id: UUID
    state: str = Field(sa_column=Column(Text, nullable=False))
    quantities: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    expires_at: datetime = Field(sa_column=moment(nullable=False))


class ReceiptRow(SQLModel, table=True):
    """Goods that came in; a reference counts once for each SKU."""

    __tablename__ = "receipts"
    __table_args__ = (CheckConstraint("quantity >= 0", name="receipts_quantity"),)

    sku: str = Field(sa_column=label(ForeignKey("products.sku"), primary_key=True))
    reference: str = Field(sa_column=label(primary_key=True))
    quantity: int = Field(sa_column=count())
    received_at: datetime = Field(sa_column=moment(nullable=False, server_default=NOW))

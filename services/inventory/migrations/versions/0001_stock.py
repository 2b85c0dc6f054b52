"""Products, reservations and receipts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.messaging_tables import create_messaging_tables, drop_messaging_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_messaging_tables(op)
    _create_products()
    _create_reservations()
    _create_receipts()


def downgrade() -> None:
    op.drop_table("receipts")
    op.drop_table("reservations")
    op.drop_table("products")
    drop_messaging_tables(op)


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("sku", sa.Text(collation="C"), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("price_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("sold", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.CheckConstraint("price_cents >= 0", name="products_price"),
        sa.CheckConstraint("on_hand >= 0 AND reserved >= 0 AND sold >= 0", name="products_stock"),
        sa.CheckConstraint("received = on_hand + reserved + sold", name="products_conservation"),
        postgresql_with={"fillfactor": 50},
    )


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("reservation_id", sa.Uuid, nullable=False),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("quantities", JSONB, nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('RESERVED', 'SOLD', 'RELEASED', 'EXPIRED', 'REJECTED')",
            name="reservations_state",
        ),
    )
    op.create_index(
        "reservations_live",
        "reservations",
        ["expires_at"],
        postgresql_where=sa.text("state = 'RESERVED'"),
    )


def _create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("sku", sa.Text(collation="C"), sa.ForeignKey("products.sku"), primary_key=True),
        sa.Column("reference", sa.Text(collation="C"), primary_key=True),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            nullable=False,
            server_default=sa.func.clock_timestamp(),
        ),
        sa.CheckConstraint("quantity >= 0", name="receipts_quantity"),
    )

"""Orders, their events, idempotency keys and the catalogue's copy."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.messaging_tables import create_messaging_tables, drop_messaging_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    create_messaging_tables(op)
    op.create_table(
        "order_events",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("timestamp", MOMENT, nullable=False),
        sa.Column("data", JSONB, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("customer_email", sa.Text, nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.Column("total_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("payment_method", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("reservation_expires_at", MOMENT),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("cancel_reason", sa.Text),
        sa.Column("cancel_detail", sa.Text),
        sa.Column("carrier", sa.Text),
        sa.Column("tracking_number", sa.Text),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("orders_by_customer", "orders", ["customer_id", "order_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "catalogue",
        sa.Column("sku", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("price_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("copied_at", MOMENT, nullable=False),
    )
    op.create_index("catalogue_by_copy_time", "catalogue", ["copied_at"])


def downgrade() -> None:
    for table in ("catalogue", "idempotency_keys", "orders", "order_events"):
        op.drop_table(table)
    drop_messaging_tables(op)

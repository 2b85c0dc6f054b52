"""Payments."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.messaging_tables import create_messaging_tables, drop_messaging_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_messaging_tables(op)
    op.create_table(
        "payments",
        sa.Column("payment_id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("refunded_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("payment_method", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("cause_id", sa.Uuid, nullable=False),
        sa.Column("charge_key", sa.Text, nullable=False),
        sa.Column("charge_id", sa.Text),
        sa.Column("refund_key", sa.Text),
        sa.Column("provider_refund_id", sa.Text),
        sa.Column("cancel_reason", sa.Text),
        sa.Column("cancel_cause_id", sa.Uuid),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("in_flight_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("check_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('PENDING', 'SUCCESS', 'FAILED', 'UNKNOWN', 'REFUNDED')",
            name="payments_status",
        ),
        sa.CheckConstraint("refunded_cents BETWEEN 0 AND amount_cents", name="payments_amounts"),
    )
    op.create_index(
        "payments_due",
        "payments",
        ["check_at"],
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("payments")
    drop_messaging_tables(op)

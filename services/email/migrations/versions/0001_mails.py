"""Mails."""

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
        "mails",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column(
            "message_id",
            sa.Text,
            sa.Computed("'<' || event_id::text || '@shop.example>'"),
            nullable=False,
        ),
        sa.Column("recipient", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("claim", sa.Uuid),
        sa.Column("claimed_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('CONFIRMED', 'CANCELLED', 'SHIPPED', 'REFUNDED')", name="mails_kind"
        ),
        sa.CheckConstraint("status IN ('PENDING', 'SENT', 'FAILED')", name="mails_status"),
        sa.CheckConstraint(
            "(status = 'SENT') = (sent_at IS NOT NULL) AND (sent_at IS NULL OR recipient <> '')",
            name="mails_sent",
        ),
    )
    op.create_index(
        "mails_pending",
        "mails",
        ["updated_at"],
        postgresql_where=sa.text("status = 'PENDING'"),
    )


def downgrade() -> None:
    op.drop_table("mails")
    drop_messaging_tables(op)

"""Reconciliation with the provider's ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The books begin with the first payment, or now.
FIRST_ROW = """
INSERT INTO reconciliation (only_row, turn, next_at, movement_id, movement_key, orders_until,
    refunds_until, since)
SELECT true, 0, now(), 0, '', '00000000-0000-0000-0000-000000000000', 'epoch',
    least(now(), min(created_at))
FROM payments
"""


def upgrade() -> None:
    op.create_index(
        "payments_refunded",
        "payments",
        ["updated_at"],
        postgresql_where=sa.text("status = 'REFUNDED'"),
    )
    op.create_table(
        "reconciliation",
        sa.Column("only_row", sa.Boolean, primary_key=True),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("movement_id", sa.BigInteger, nullable=False),
        sa.Column("movement_key", sa.Text, nullable=False),
        sa.Column("orders_until", sa.Uuid, nullable=False),
        sa.Column("refunds_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint("only_row", name="reconciliation_only_row"),
    )
    op.execute(FIRST_ROW)
    op.create_table(
        "payment_mismatches",
        sa.Column("mismatch_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("movement_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("charge_id", sa.Text),
        sa.Column("amount_cents", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("given_back_cents", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("expected", sa.Text),
        sa.Column("found", sa.Text),
        sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("looked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("gone_at", sa.TIMESTAMP(timezone=True)),
        sa.UniqueConstraint("key", "movement_id", name="payment_mismatches_movement"),
    )
    op.create_index(
        "payment_mismatches_open",
        "payment_mismatches",
        ["looked_at"],
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index("payment_mismatches_charge", "payment_mismatches", ["charge_id"])


def downgrade() -> None:
    op.drop_table("payment_mismatches")
    op.drop_table("reconciliation")
    op.drop_index("payments_refunded", "payments")

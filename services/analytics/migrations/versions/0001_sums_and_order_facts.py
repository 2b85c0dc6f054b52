"""Sums by event type, minute, product and payment method; order facts; buyers."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.messaging_tables import create_messaging_tables, drop_messaging_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _sum(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _key(name: str, kind: type = sa.Text) -> sa.Column:
    return sa.Column(name, kind, primary_key=True)


def _moment(name: str, **column: bool) -> sa.Column:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), **column)


def upgrade() -> None:
    create_messaging_tables(op)
    op.create_table("event_counts", _key("event_type"), _sum("events"))
    op.create_table(
        "revenue_minutes",
        _moment("minute", primary_key=True),
        _key("currency"),
        _sum("orders_placed"),
        _sum("orders_confirmed"),
        _sum("orders_cancelled"),
        _sum("confirmed_cents"),
        _sum("deducted_cents"),
        _sum("refunded_cents"),
    )
    op.create_table(
        "order_facts",
        _key("order_id", sa.Uuid),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("confirmed_cents", sa.BigInteger),
        _moment("cancelled_at"),
    )
    op.create_table(
        "product_sales",
        _key("sku"),
        _key("currency"),
        sa.Column("name", sa.Text, nullable=False),
        _moment("named_at", nullable=False),
        _sum("quantity"),
        _sum("revenue_cents"),
    )
    op.create_table(
        "payment_method_totals",
        _key("payment_method"),
        _key("currency"),
        _sum("succeeded"),
        _sum("failed"),
        _sum("amount_cents"),
    )
    op.create_table("buyers", _key("customer_id"))


def downgrade() -> None:
    for table in (
        "buyers",
        "payment_method_totals",
        "product_sales",
        "order_facts",
        "revenue_minutes",
        "event_counts",
    ):
        op.drop_table(table)
    drop_messaging_tables(op)

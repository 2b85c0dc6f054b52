"""Pages of orders keep room for two changes of each.

On pages that were nearly full every second update left its page, and wrote both indexes again.
What is stored already stays as it lies.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders SET (fillfactor = 45)")


def downgrade() -> None:
    op.execute("ALTER TABLE orders SET (fillfactor = 80)")

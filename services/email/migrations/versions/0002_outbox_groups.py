"""The outbox has one row for all that a group commit says."""

from alembic import op

from shared.persistence.messaging_tables import group_outbox, ungroup_outbox

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    group_outbox(op)


def downgrade() -> None:
    ungroup_outbox(op)

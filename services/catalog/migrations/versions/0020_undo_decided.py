"""The day on which a migration's undo was decided."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE plan_migrations ADD COLUMN undo_decided_on date")

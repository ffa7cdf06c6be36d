"""What a pass over costs read is named, so that a bill that changed since is noticed."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE work_passes ADD COLUMN source_version text NOT NULL DEFAULT ''")

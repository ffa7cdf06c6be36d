"""Partitions of the audit log are made before their month begins."""

from alembic import op

from services.common.audit.tables import months_for

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(months_for("analytics"))

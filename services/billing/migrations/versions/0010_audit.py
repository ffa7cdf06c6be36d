"""The audit log of what people and keys write."""

from alembic import op

from services.common.audit.tables import tables_for, watched

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WATCHED = (
    "cloud_invoices",
)  # fmt: skip  # a table


def upgrade() -> None:
    op.execute(tables_for("billing"))
    for table in WATCHED:
        op.execute(watched(table))

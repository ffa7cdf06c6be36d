"""The audit log of what people and keys write."""

from alembic import op

from services.common.audit.tables import tables_for, watched

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WATCHED = (
    "cloud_drift", "cloud_drift_ignore_rules", "cloud_projects", "cloud_provisioned",
    "cloud_resource_assignments", "cloud_resources", "cloud_sweeps",
)  # fmt: skip  # a table


def upgrade() -> None:
    op.execute(tables_for("inventory"))
    for table in WATCHED:
        op.execute(watched(table))

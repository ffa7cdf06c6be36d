"""Decisions on drift keep the keys of their callers where all writes do: in idempotency_keys."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE cloud_drift DROP COLUMN resolving_request;
ALTER TABLE cloud_drift_ignore_rules
    DROP CONSTRAINT cloud_drift_ignore_rules_request_key,
    DROP COLUMN creating_request,
    DROP COLUMN deleting_request;
"""


def upgrade() -> None:
    op.execute(COLUMNS)

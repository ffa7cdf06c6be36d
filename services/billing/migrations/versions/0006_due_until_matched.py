"""Invoices are due until their lines are matched, and found by an index as before."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEX = """
DROP INDEX cloud_invoices_pending_idx;
CREATE INDEX cloud_invoices_pending_idx
    ON cloud_invoices (issued_at, id) WHERE ingest_status <> 'ingested' OR matched_at IS NULL;
"""


def upgrade() -> None:
    op.execute(INDEX)

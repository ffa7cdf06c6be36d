"""What a deployment was called when it was billed: an invoice's document says it for good."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE tenant_invoice_proofs ADD COLUMN deployment_name text NOT NULL DEFAULT ''"
    )

"""Usage that was not sold when a month was billed, by dimensions and day: it is on no line."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE tenant_invoice_proofs ADD COLUMN unsold_usage jsonb NOT NULL DEFAULT '{}'"
    )

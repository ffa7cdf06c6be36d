"""Kinds of usage that were not sold when a month was billed: they are on no line of the invoice."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE tenant_invoice_proofs ADD COLUMN unsold_kinds text[] NOT NULL DEFAULT '{}'"
    )

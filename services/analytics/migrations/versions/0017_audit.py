"""The audit log of what people and keys write."""

from alembic import op

from services.common.audit.tables import tables_for, watched

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WATCHED = (
    "billing_profiles", "credit_note_lines", "credit_notes", "exchange_rates",
    "invoice_hand_overs", "one_off_lines", "rollup_tenants", "rollups", "spend_breaches",
    "spend_policies", "tax_rules", "tenant_invoice_lines", "tenant_invoices", "usage_events",
    "usage_voids",
)  # fmt: skip  # a table


def upgrade() -> None:
    op.execute(tables_for("analytics"))
    for table in WATCHED:
        op.execute(watched(table))

"""Totals by deployment say whose it is: two tenants may each have one of a slug."""

from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

KEYS = {
    "cloud_invoice_totals": "period, provider_invoice_id, grouped_by, value, tenant_id",
    "cloud_month_totals": "period, grouped_by, value, tenant_id",
}

INDEX = """
DROP INDEX cloud_month_totals_amount_idx;
CREATE INDEX cloud_month_totals_amount_idx
    ON cloud_month_totals (period, grouped_by, amount_usd DESC, value, tenant_id);
"""

REBUILD = """
DELETE FROM cloud_invoice_totals WHERE grouped_by = 'deployment';
INSERT INTO cloud_invoice_totals
    (period, provider_invoice_id, grouped_by, value, tenant_id, amount_usd, line_count)
SELECT period, provider_invoice_id, 'deployment', coalesce(deployment_id, ''),
       CASE WHEN deployment_id IS NULL THEN '' ELSE coalesce(tenant_id, '') END,
       sum(amount_usd), count(*)
FROM cloud_cost_lines GROUP BY 1, 2, 4, 5;
DELETE FROM cloud_month_totals WHERE grouped_by = 'deployment';
INSERT INTO cloud_month_totals (period, grouped_by, value, tenant_id, amount_usd, line_count)
SELECT period, grouped_by, value, tenant_id, sum(amount_usd), sum(line_count)
FROM cloud_invoice_totals WHERE grouped_by = 'deployment' GROUP BY 1, 2, 3, 4;
"""


def upgrade() -> None:
    for table, key in KEYS.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN tenant_id text NOT NULL DEFAULT ''")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({key})")
    op.execute(INDEX)
    op.execute(REBUILD)

"""Cost lines that invoices rebill, each at most once; tenants that wait for the provider's bill."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""

# `revision` is 0 on the month's own invoice; the first adjustment of a cost has 1.
CLAIMS = """
CREATE TABLE rebilled_costs (
    invoice_id      uuid        NOT NULL,
    tenant_id       text        NOT NULL,
    deployment_id   text        NOT NULL,
    subscription_id text        NOT NULL,
    period          date        NOT NULL,
    cost_key        text        NOT NULL,
    revision        integer     NOT NULL,
    cost_id         uuid,
    product         text        NOT NULL,
    sku             text        NOT NULL,
    description     text        NOT NULL,
    resource_id     uuid,
    start_at        timestamptz,
    end_at          timestamptz,
    amount_usd      numeric     NOT NULL,
    billed_usd      numeric     NOT NULL,
    billed_cents    bigint      NOT NULL,
    released_at     timestamptz,
    CONSTRAINT rebilled_costs_pkey PRIMARY KEY (invoice_id, subscription_id, period, cost_key),
    CONSTRAINT rebilled_costs_invoice_fkey FOREIGN KEY (invoice_id)
        REFERENCES tenant_invoices (id) ON DELETE CASCADE,
    CONSTRAINT rebilled_costs_revision_check CHECK (revision >= 0)
);
CREATE UNIQUE INDEX rebilled_costs_once_idx ON rebilled_costs
    (period, tenant_id, deployment_id, subscription_id, cost_key, revision)
    WHERE released_at IS NULL;
GRANT SELECT, INSERT, UPDATE (released_at) ON rebilled_costs TO analytics;
ALTER TABLE rebilled_costs ENABLE ROW LEVEL SECURITY;
"""

OTHERS = """
ALTER TABLE attributed_costs ADD COLUMN cost_key text NOT NULL DEFAULT '';
CREATE INDEX attributed_costs_tenant_idx ON attributed_costs (period, pass_id, tenant_id)
    WHERE tenant_id <> '';
ALTER TABLE month_changes DROP CONSTRAINT month_changes_cause_check,
    ADD CONSTRAINT month_changes_cause_check CHECK (cause IN ('usage', 'subscription', 'costs'));
ALTER TABLE rollup_tenants DROP CONSTRAINT rollup_tenants_outcome_check,
    ADD CONSTRAINT rollup_tenants_outcome_check
        CHECK (outcome IN ('planned', 'drafted', 'skipped', 'failed', 'waiting'));
ALTER TABLE tenant_invoice_proofs ADD COLUMN rebills_costs boolean NOT NULL DEFAULT false;
CREATE INDEX tenant_invoice_proofs_rebilling_idx ON tenant_invoice_proofs (invoice_id)
    WHERE rebills_costs;
"""


def upgrade() -> None:
    op.execute(CLAIMS)
    op.execute(f"CREATE POLICY visible ON rebilled_costs TO analytics USING ({OF_OPERATOR})")
    op.execute(OTHERS)

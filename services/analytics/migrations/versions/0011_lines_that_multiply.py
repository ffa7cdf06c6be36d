"""Lines that multiply and know their days; invoices by currency; closed months priced again.

What older releases issued stays as it is: the new columns have defaults that say nothing, and
the hash of such a line leaves them out.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LINES = """
ALTER TABLE tenant_invoice_lines
    ADD COLUMN dimensions     jsonb   NOT NULL DEFAULT '{}',
    ADD COLUMN price_base_qty numeric NOT NULL DEFAULT 1,
    ADD COLUMN service_days   integer,
    ADD CONSTRAINT tenant_invoice_lines_base_check CHECK (price_base_qty > 0);
"""

# Of a closed month that was priced again: the month is not the invoice's own. Which days a
# part covers, billed or free, tells which usage nobody pays for.
PROOFS = """
ALTER TABLE tenant_invoice_proofs
    ADD COLUMN service_month date,
    ADD COLUMN covered_days  datemultirange;
"""

CURRENCIES = """
DROP INDEX tenant_invoices_once_idx;
CREATE UNIQUE INDEX tenant_invoices_once_idx
    ON tenant_invoices (tenant_id, period, currency) WHERE status <> 'void';
"""

# What of a month is on nobody's invoice, as it was found when the drafts were checked; and what
# was not fresh when the month was closed.
UNBILLED = """
ALTER TABLE rollups
    ADD COLUMN unbilled_deployments bigint,
    ADD COLUMN unbilled_usages      bigint,
    ADD COLUMN unbilled_cents       numeric,
    ADD COLUMN unbilled_unpriced    bigint,
    ADD COLUMN freshness_notes      text[] NOT NULL DEFAULT '{}';
"""

CURSORS = """
-- Up to where the lists of another service were read.
CREATE TABLE read_cursors (
    name     text   NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT read_cursors_pkey PRIMARY KEY (name)
);
INSERT INTO read_cursors (name, position) VALUES ('backdated_changes', 0);
GRANT SELECT, UPDATE ON read_cursors TO analytics;

-- Subscriptions of the running month that could not be priced.
CREATE TABLE accrual_failures (
    period          date   NOT NULL,
    pass_id         bigint NOT NULL,
    page            text   NOT NULL,
    subscription_id text   NOT NULL,
    deployment_id   text   NOT NULL,
    tenant_id       text   NOT NULL,
    reason          text   NOT NULL,
    message         text   NOT NULL,
    CONSTRAINT accrual_failures_pkey PRIMARY KEY (period, pass_id, subscription_id)
);
GRANT SELECT, INSERT, DELETE ON accrual_failures TO analytics;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    for statements in (LINES, PROOFS, CURRENCIES, UNBILLED, CURSORS):
        op.execute(statements)
    # Its events are in the figures of their days since 0010.
    op.execute("DROP TABLE usage_adjustments")
    for table in ("read_cursors", "accrual_failures"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO analytics USING ({OF_OPERATOR})")

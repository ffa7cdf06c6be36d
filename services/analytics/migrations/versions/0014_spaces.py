"""How much resources held, by what shared costs were split, and what could not be measured."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Of spans that were read before it stays unknown: the next pass over their month reads it.
SIZES = "ALTER TABLE resource_spans ADD COLUMN size_gb numeric"

SPLITS = """
CREATE TABLE shared_splits (
    period         date    NOT NULL,
    pass_id        bigint  NOT NULL,
    kind           text    NOT NULL,
    split_key      text    NOT NULL,
    remark         text    NOT NULL,
    unkeyed_owners integer NOT NULL,
    amount_usd     numeric NOT NULL,
    CONSTRAINT shared_splits_pkey PRIMARY KEY (period, pass_id, kind),
    CONSTRAINT shared_splits_key_check CHECK (split_key IN
        ('stored_gb_months', 'bucket_time', 'outbound_bytes', 'droplet_time', 'none'))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON shared_splits TO analytics;
"""

UNMEASURED = """
CREATE TABLE unmeasured_spans (
    day            date        NOT NULL,
    pass_id        bigint      NOT NULL,
    page           text        NOT NULL,
    resource_id    uuid        NOT NULL,
    inventory_kind text        NOT NULL,
    resource_name  text        NOT NULL,
    tenant_id      text        NOT NULL,
    deployment_id  text        NOT NULL,
    resource_kind  text        NOT NULL,
    span_from      timestamptz NOT NULL,
    span_to        timestamptz NOT NULL,
    reason         text        NOT NULL,
    is_current     boolean     NOT NULL DEFAULT false,
    CONSTRAINT unmeasured_spans_pkey PRIMARY KEY (day, pass_id, resource_id, span_from),
    CONSTRAINT unmeasured_spans_span_check CHECK (span_to > span_from)
);
CREATE INDEX unmeasured_spans_tenant_idx ON unmeasured_spans (tenant_id, day) WHERE is_current;
GRANT SELECT, INSERT, UPDATE (is_current), DELETE ON unmeasured_spans TO analytics;
"""

OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""
POLICIES = {"shared_splits": OF_OPERATOR, "unmeasured_spans": OF_TENANT}


def upgrade() -> None:
    for statements in (SIZES, SPLITS, UNMEASURED):
        op.execute(statements)
    for table, visible in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO analytics USING ({visible})")

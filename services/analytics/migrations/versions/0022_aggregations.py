"""Events of meters that are not summed: maxima, last values, unique values and levels over time.

Events of before are summed, as are those of a release that knows no other aggregation.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

EVENTS = """
ALTER TABLE usage_events
    ADD COLUMN aggregation text NOT NULL DEFAULT 'sum',
    ADD COLUMN unique_digest bytea,
    ADD CONSTRAINT usage_events_aggregation_check
        CHECK (aggregation IN ('sum', 'time_weighted', 'max', 'latest', 'unique')),
    ADD CONSTRAINT usage_events_unique_check
        CHECK ((aggregation = 'unique') = (unique_digest IS NOT NULL));
CREATE INDEX usage_events_series_idx
    ON usage_events (deployment_id, resource_kind, dimensions, day, occurred_at)
    WHERE aggregation <> 'sum';
CREATE INDEX usage_events_unique_idx
    ON usage_events (deployment_id, resource_kind, unique_digest, day)
    WHERE unique_digest IS NOT NULL;
"""
FIGURES = """
ALTER TABLE daily_usage ADD COLUMN aggregation text NOT NULL DEFAULT 'sum';
ALTER TABLE unfolded_usage ADD COLUMN aggregation text NOT NULL DEFAULT 'sum';
"""
# The series of time-weighted meters, so that a day without events finds the levels that hold.
LEVELS = """
CREATE TABLE usage_levels (
    tenant_id     text  NOT NULL,
    deployment_id text  NOT NULL,
    resource_kind text  NOT NULL,
    dimensions    jsonb NOT NULL DEFAULT '{}',
    basis         text  NOT NULL,
    CONSTRAINT usage_levels_pkey
        PRIMARY KEY (deployment_id, resource_kind, dimensions, tenant_id),
    CONSTRAINT usage_levels_basis_check CHECK (basis IN ('hours', 'months'))
);
GRANT SELECT, INSERT ON usage_levels TO analytics;
ALTER TABLE usage_levels ENABLE ROW LEVEL SECURITY;
"""
OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""

# The constraints read, and the indexes scan, every partition, which takes as long as there are
# events.
TIMEOUT = "SET LOCAL statement_timeout = '12h'"


def upgrade() -> None:
    for statements in (TIMEOUT, EVENTS, FIGURES, LEVELS):
        op.execute(statements)
    op.execute(f"CREATE POLICY visible ON usage_levels TO analytics USING ({OF_TENANT})")

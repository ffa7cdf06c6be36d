"""Usage with its dimensions.

Usage that was metered before has none, and neither have events that were sent without: they keep
their meaning, and the hashes of their facts. A release that knows no dimensions still writes
figures without them.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = [
    f"ALTER TABLE {table} ADD COLUMN dimensions jsonb NOT NULL DEFAULT '{{}}'"
    for table in ("usage_facts", "daily_usage", "usage_events", "usage_voids")
]

# A resource may have several facts of one time that differ in dimensions, such as the components
# of an app, and a meter several figures of one day.
FACTS = """
ALTER TABLE usage_facts DROP CONSTRAINT usage_facts_pkey, ADD CONSTRAINT usage_facts_pkey
    PRIMARY KEY (day, pass_id, tenant_id, deployment_id, resource_kind, resource_id, fact_from,
                 dimensions)
"""
FIGURES = """
ALTER TABLE daily_usage DROP CONSTRAINT daily_usage_figure_key,
    ADD CONSTRAINT daily_usage_figure_key
    UNIQUE (day, tenant_id, deployment_id, resource_kind, dimensions)
"""


# Both rebuild an index of every partition, which takes as long as there is usage.
TIMEOUT = "SET LOCAL statement_timeout = '12h'"


def upgrade() -> None:
    for statement in (TIMEOUT, *COLUMNS, FACTS, FIGURES):
        op.execute(statement)

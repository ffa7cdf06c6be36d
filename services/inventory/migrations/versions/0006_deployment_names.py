"""The deployments that tags name, as the catalog knows them."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAMES = """
CREATE TABLE cloud_deployment_names (
    named_tenant_id text        NOT NULL,
    slug            text        NOT NULL,
    tenant_id       text        NOT NULL,
    deployment_id   text        NOT NULL,
    learned_at      timestamptz NOT NULL,
    CONSTRAINT cloud_deployment_names_pkey PRIMARY KEY (named_tenant_id, slug)
);
CREATE INDEX cloud_deployment_names_slug_idx ON cloud_deployment_names (slug);
GRANT SELECT, INSERT, UPDATE, DELETE ON cloud_deployment_names TO inventory;
ALTER TABLE cloud_deployment_names ENABLE ROW LEVEL SECURITY;
"""

# See 0001: the setting is read once a statement, and the planner is not misled.
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(NAMES)
    op.execute(
        f"CREATE POLICY visible ON cloud_deployment_names TO inventory USING ({OF_OPERATOR})"
    )

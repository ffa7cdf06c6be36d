"""Desired specs, drift against them, ignore rules and list prices.

And which fields of a resource the newest sighting could not see: they are unknown to
drift, not different.
"""

from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

UNKNOWN_FIELDS = """
ALTER TABLE cloud_resources ADD COLUMN unknown_fields text[] NOT NULL DEFAULT '{}';
"""

# Provider and kind repeat what the resource says, and never change: they order the pages
# of a sweep without a join.
PROVISIONED = """
CREATE TABLE cloud_provisioned (
    resource_id  uuid        NOT NULL,
    provider     text        NOT NULL,
    kind         text        NOT NULL,
    spec         jsonb       NOT NULL,
    spec_version bigint      NOT NULL DEFAULT 1,
    recorded_by  text        NOT NULL DEFAULT '',
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT cloud_provisioned_pkey PRIMARY KEY (resource_id),
    CONSTRAINT cloud_provisioned_resource_id_fkey
        FOREIGN KEY (resource_id) REFERENCES cloud_resources (id),
    CONSTRAINT cloud_provisioned_spec_check CHECK (jsonb_typeof(spec) = 'object'),
    CONSTRAINT cloud_provisioned_version_check CHECK (spec_version >= 1)
);
CREATE INDEX cloud_provisioned_kind_idx ON cloud_provisioned (provider, kind, resource_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON cloud_provisioned TO inventory;
"""

DRIFT = """
CREATE TABLE cloud_drift (
    id                 uuid        NOT NULL DEFAULT uuidv7(),
    resource_id        uuid        NOT NULL,
    kind               text        NOT NULL,
    field              text        NOT NULL,
    expected           jsonb       NOT NULL,
    actual             jsonb       NOT NULL,
    spec_version       bigint      NOT NULL,
    status             text        NOT NULL DEFAULT 'open',
    detected_at        timestamptz NOT NULL,
    last_seen_at       timestamptz NOT NULL,
    resolved_at        timestamptz,
    resolved_by        text        NOT NULL DEFAULT '',
    resolving_request  text        NOT NULL DEFAULT '',
    cause_action_id    text        NOT NULL DEFAULT '',
    cause_action_type  text        NOT NULL DEFAULT '',
    cause_occurred_at  timestamptz,
    cause_sought_at    timestamptz,
    revert_workflow_id text        NOT NULL DEFAULT '',
    revert_run_id      text        NOT NULL DEFAULT '',
    revert_status      text        NOT NULL DEFAULT '',
    revert_reason      text        NOT NULL DEFAULT '',
    revert_started_at  timestamptz,
    revert_finished_at timestamptz,
    CONSTRAINT cloud_drift_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_drift_resource_id_fkey
        FOREIGN KEY (resource_id) REFERENCES cloud_resources (id),
    CONSTRAINT cloud_drift_status_check
        CHECK (status IN ('open', 'accepted', 'reverted', 'stale')),
    CONSTRAINT cloud_drift_resolved_check CHECK ((status = 'open') = (resolved_at IS NULL)),
    CONSTRAINT cloud_drift_revert_status_check
        CHECK (revert_status IN ('', 'running', 'completed', 'failed'))
);
CREATE UNIQUE INDEX cloud_drift_open_idx
    ON cloud_drift (resource_id, field) WHERE status = 'open';
CREATE INDEX cloud_drift_newest_open_idx ON cloud_drift (id) WHERE status = 'open';
CREATE INDEX cloud_drift_unexplained_idx
    ON cloud_drift (id) WHERE status = 'open' AND cause_sought_at IS NULL;
CREATE INDEX cloud_drift_resource_idx ON cloud_drift (resource_id, id);
GRANT SELECT, INSERT, UPDATE ON cloud_drift TO inventory;
"""

# A rule that was taken back is kept: it says why nobody looked.
IGNORE_RULES = """
CREATE TABLE cloud_drift_ignore_rules (
    id               uuid        NOT NULL DEFAULT uuidv7(),
    kind             text        NOT NULL,
    field            text        NOT NULL,
    tenant_id        text,
    resource_id      uuid,
    expires_at       timestamptz,
    reason           text        NOT NULL,
    created_by       text        NOT NULL,
    created_at       timestamptz NOT NULL,
    creating_request text,
    deleted_at       timestamptz,
    deleted_by       text        NOT NULL DEFAULT '',
    deleting_request text        NOT NULL DEFAULT '',
    CONSTRAINT cloud_drift_ignore_rules_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_drift_ignore_rules_request_key UNIQUE (created_by, creating_request),
    CONSTRAINT cloud_drift_ignore_rules_resource_id_fkey
        FOREIGN KEY (resource_id) REFERENCES cloud_resources (id)
);
CREATE INDEX cloud_drift_ignore_rules_field_idx
    ON cloud_drift_ignore_rules (kind, field) WHERE deleted_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON cloud_drift_ignore_rules TO inventory;
"""

LIST_PRICES = """
CREATE TABLE cloud_list_prices (
    provider    text        NOT NULL,
    kind        text        NOT NULL,
    size        text        NOT NULL,
    monthly_usd numeric     NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT cloud_list_prices_pkey PRIMARY KEY (provider, kind, size),
    CONSTRAINT cloud_list_prices_monthly_check CHECK (monthly_usd >= 0)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cloud_list_prices TO inventory;
"""

# See 0001: the setting is read once a statement, and the planner is not misled.
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""

OPERATORS_TABLES = (
    "cloud_provisioned",
    "cloud_drift",
    "cloud_drift_ignore_rules",
    "cloud_list_prices",
)


def upgrade() -> None:
    for statements in (UNKNOWN_FIELDS, PROVISIONED, DRIFT, IGNORE_RULES, LIST_PRICES):
        op.execute(statements)
    for table in OPERATORS_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO inventory USING ({OF_OPERATOR})")

"""Whose each resource was, and when; and the keys of writes that must not happen twice.

What was there before has belonged, as far as anybody can tell, to whom it belongs now.
"""

from alembic import op

from services.common.db.idempotency import table_for

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Of a span only its end may be set, once: the rights say so, and the trigger does.
ASSIGNMENTS = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE cloud_resource_assignments (
    resource_id   uuid        NOT NULL,
    tenant_id     text,
    deployment_id text,
    source        text        NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    actor         text        NOT NULL DEFAULT '',
    reason        text        NOT NULL DEFAULT '',
    CONSTRAINT cloud_resource_assignments_pkey PRIMARY KEY (resource_id, valid_from),
    CONSTRAINT cloud_resource_assignments_resource_id_fkey
        FOREIGN KEY (resource_id) REFERENCES cloud_resources (id),
    CONSTRAINT cloud_resource_assignments_source_check
        CHECK (source IN ('', 'explicit', 'tag', 'project')),
    CONSTRAINT cloud_resource_assignments_span_check CHECK (valid_to > valid_from),
    CONSTRAINT cloud_resource_assignments_no_overlap
        EXCLUDE USING gist (resource_id WITH =, tstzrange(valid_from, valid_to) WITH &&)
);
CREATE INDEX cloud_resource_assignments_deployment_idx
    ON cloud_resource_assignments (deployment_id, resource_id) WHERE deployment_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (valid_to) ON cloud_resource_assignments TO inventory;

CREATE TRIGGER ended_spans_stay BEFORE UPDATE ON cloud_resource_assignments
    FOR EACH ROW WHEN (old.valid_to IS NOT NULL)
    EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE cloud_resource_assignments ENABLE ALWAYS TRIGGER ended_spans_stay;
CREATE TRIGGER append_only BEFORE DELETE ON cloud_resource_assignments
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE cloud_resource_assignments ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON cloud_resource_assignments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE cloud_resource_assignments ENABLE ALWAYS TRIGGER append_only_truncate;
"""

# Policies do not bind the owner, so the migration sees every row.
PAST = """
INSERT INTO cloud_resource_assignments
    (resource_id, tenant_id, deployment_id, source, valid_from, valid_to)
SELECT id, tenant_id, deployment_id, ownership_source, first_seen_at,
       CASE WHEN deleted_at IS NOT NULL
            THEN greatest(last_seen_at, first_seen_at + interval '1 microsecond') END
FROM cloud_resources;
"""

# How a bill names a resource: by what it is called, or was.
NAMES = """
CREATE INDEX cloud_resources_name_idx ON cloud_resources (kind, lower(name));
CREATE INDEX cloud_resource_events_former_name_idx
    ON cloud_resource_events (kind, lower(changes -> 'name' ->> 'old')) WHERE changes ? 'name';
"""

# See 0001: the setting is read once a statement, and the planner is not misled.
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    for statements in (ASSIGNMENTS, PAST, NAMES):
        op.execute(statements)
    op.execute("ALTER TABLE cloud_resource_assignments ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON cloud_resource_assignments TO inventory USING ({OF_OPERATOR})"
    )
    op.execute(table_for("inventory"))

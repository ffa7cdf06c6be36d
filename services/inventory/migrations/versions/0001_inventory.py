"""Projects, resources, their history, and sweeps.

Written as SQL, because what matters most here has no other form: row-level security,
the rights of a role that owns nothing, an append-only history in monthly partitions.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROJECTS = """
CREATE TABLE cloud_projects (
    id                   uuid        NOT NULL DEFAULT uuidv7(),
    provider             text        NOT NULL,
    provider_id          text        NOT NULL,
    name                 text        NOT NULL DEFAULT '',
    description          text        NOT NULL DEFAULT '',
    purpose              text        NOT NULL DEFAULT '',
    environment          text        NOT NULL DEFAULT '',
    is_default           boolean     NOT NULL DEFAULT false,
    tenant_id            text,
    classification       text        NOT NULL DEFAULT 'unclassified',
    first_seen_at        timestamptz NOT NULL,
    last_seen_at         timestamptz NOT NULL,
    stale_strike_count   smallint    NOT NULL DEFAULT 0,
    last_strike_sweep_id uuid,
    deleted_at           timestamptz,
    CONSTRAINT cloud_projects_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_projects_provider_id_key UNIQUE (provider, provider_id),
    CONSTRAINT cloud_projects_classification_check
        CHECK (classification IN ('tenant', 'internal', 'unclassified')),
    CONSTRAINT cloud_projects_tenant_check
        CHECK ((classification = 'tenant') = (tenant_id IS NOT NULL)),
    CONSTRAINT cloud_projects_strikes_check CHECK (stale_strike_count BETWEEN 0 AND 3)
);
GRANT SELECT, INSERT, UPDATE ON cloud_projects TO inventory;
"""

# Half of each page stays free, so that a bump of every row of it in one transaction
# finds room beside the old versions and rewrites no index (HOT).
RESOURCES = """
CREATE TABLE cloud_resources (
    id                   uuid        NOT NULL DEFAULT uuidv7(),
    provider             text        NOT NULL,
    kind                 text        NOT NULL,
    provider_id          text        NOT NULL,
    name                 text        NOT NULL DEFAULT '',
    region               text        NOT NULL DEFAULT '',
    size                 text        NOT NULL DEFAULT '',
    status               text        NOT NULL DEFAULT '',
    project_id           uuid,
    tenant_id            text,
    deployment_id        text,
    ownership_source     text        NOT NULL DEFAULT '',
    tags                 text[]      NOT NULL DEFAULT '{}',
    attrs                jsonb       NOT NULL DEFAULT '{}',
    provider_created_at  timestamptz,
    sighting_digest      bigint      NOT NULL,
    first_seen_at        timestamptz NOT NULL,
    last_seen_at         timestamptz NOT NULL,
    stale_strike_count   smallint    NOT NULL DEFAULT 0,
    last_strike_sweep_id uuid,
    deleted_at           timestamptz,
    CONSTRAINT cloud_resources_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_resources_provider_id_key UNIQUE (provider, kind, provider_id),
    CONSTRAINT cloud_resources_project_id_fkey
        FOREIGN KEY (project_id) REFERENCES cloud_projects (id),
    CONSTRAINT cloud_resources_strikes_check CHECK (stale_strike_count BETWEEN 0 AND 3),
    CONSTRAINT cloud_resources_ownership_source_check
        CHECK (ownership_source IN ('', 'explicit', 'tag', 'project'))
) WITH (fillfactor = 50);
CREATE INDEX cloud_resources_living_idx ON cloud_resources (id) WHERE deleted_at IS NULL;
CREATE INDEX cloud_resources_living_kind_idx
    ON cloud_resources (kind, id) WHERE deleted_at IS NULL;
CREATE INDEX cloud_resources_tenant_idx
    ON cloud_resources (tenant_id, id) WHERE tenant_id IS NOT NULL;
CREATE INDEX cloud_resources_deployment_idx
    ON cloud_resources (deployment_id, id) WHERE deployment_id IS NOT NULL;
CREATE INDEX cloud_resources_project_idx
    ON cloud_resources (project_id, id) WHERE project_id IS NOT NULL;
CREATE INDEX cloud_resources_tombstones_idx
    ON cloud_resources (id) WHERE deleted_at IS NOT NULL;
-- MAINTAIN lets a sweep that brought much refresh the planner's statistics.
GRANT SELECT, INSERT, UPDATE, MAINTAIN ON cloud_resources TO inventory;
"""

EVENTS = """
CREATE TABLE cloud_resource_events (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    resource_id uuid        NOT NULL,
    kind        text        NOT NULL,
    tenant_id   text,
    type        text        NOT NULL,
    changes     jsonb       NOT NULL DEFAULT '{}',
    actor       text        NOT NULL DEFAULT '',
    request_id  text        NOT NULL DEFAULT '',
    occurred_at timestamptz NOT NULL,
    CONSTRAINT cloud_resource_events_pkey PRIMARY KEY (id, occurred_at),
    CONSTRAINT cloud_resource_events_type_check
        CHECK (type IN ('discovered', 'updated', 'deleted', 'restored', 'tagged',
                        'drift_detected', 'drift_resolved', 'assigned'))
) PARTITION BY RANGE (occurred_at);
CREATE INDEX cloud_resource_events_resource_idx
    ON cloud_resource_events (resource_id, occurred_at, id);
GRANT SELECT, INSERT ON cloud_resource_events TO inventory;

CREATE FUNCTION refuse_rewriting_history() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: history is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- Always, so that not even a session in the role of a replica gets past them. The row
-- trigger is copied to every partition by PostgreSQL itself; the other one is not.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON cloud_resource_events
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE cloud_resource_events ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON cloud_resource_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE cloud_resource_events ENABLE ALWAYS TRIGGER append_only_truncate;
"""

# The partitions have a schema of their own, on which nobody but the owner has a right:
# every access goes through the parent and its policies.
PARTITIONS = """
CREATE SCHEMA partitions;

CREATE FUNCTION prepare_event_months(ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    month      timestamp;
    partition  text;
BEGIN
    FOR i IN 0 .. ahead LOOP
        month := this_month + make_interval(months => i);
        partition := 'cloud_resource_events_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('prepare_event_months', 0));
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        EXECUTE format(
            'CREATE TABLE partitions.%I PARTITION OF public.cloud_resource_events'
            ' FOR VALUES FROM (%L) TO (%L)',
            partition,
            month AT TIME ZONE 'UTC',
            (month + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format(
            'CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON partitions.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_rewriting_history()',
            partition);
        EXECUTE format(
            'ALTER TABLE partitions.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION prepare_event_months(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_event_months(integer) TO inventory;
SELECT prepare_event_months(3);
"""

SWEEPS = """
CREATE TABLE cloud_sweeps (
    id                uuid        NOT NULL DEFAULT uuidv7(),
    provider          text        NOT NULL,
    kind              text        NOT NULL,
    key               text        NOT NULL,
    run_id            text        NOT NULL DEFAULT '',
    outcome           text        NOT NULL DEFAULT 'running',
    reason            text        NOT NULL DEFAULT '',
    reported_total    bigint,
    seen_count        bigint      NOT NULL DEFAULT 0,
    discovered_count  bigint      NOT NULL DEFAULT 0,
    updated_count     bigint      NOT NULL DEFAULT 0,
    restored_count    bigint      NOT NULL DEFAULT 0,
    struck_count      bigint      NOT NULL DEFAULT 0,
    deleted_count     bigint      NOT NULL DEFAULT 0,
    withheld_count    bigint      NOT NULL DEFAULT 0,
    scope_fingerprint text[]      NOT NULL DEFAULT '{}',
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    confirmed_by      text        NOT NULL DEFAULT '',
    confirmed_at      timestamptz,
    spent_by_sweep_id uuid,
    CONSTRAINT cloud_sweeps_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_sweeps_key_key UNIQUE (key),
    CONSTRAINT cloud_sweeps_outcome_check
        CHECK (outcome IN ('running', 'completed', 'incomplete', 'frozen', 'halted', 'failed')),
    CONSTRAINT cloud_sweeps_finished_check
        CHECK ((outcome = 'running') = (finished_at IS NULL))
);
CREATE INDEX cloud_sweeps_kind_idx ON cloud_sweeps (kind, id);
GRANT SELECT, INSERT, UPDATE ON cloud_sweeps TO inventory;

-- The evidence of running sweeps. Lost in a crash, and rightly so: a sweep without its
-- evidence does not add up, and strikes nothing.
CREATE UNLOGGED TABLE cloud_sweep_sightings (
    id               bigint GENERATED ALWAYS AS IDENTITY,
    sweep_id         uuid   NOT NULL,
    provider_ids     text[] NOT NULL,
    discovered_count bigint NOT NULL,
    updated_count    bigint NOT NULL,
    restored_count   bigint NOT NULL,
    CONSTRAINT cloud_sweep_sightings_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_sweep_sightings_sweep_id_fkey
        FOREIGN KEY (sweep_id) REFERENCES cloud_sweeps (id)
);
CREATE INDEX cloud_sweep_sightings_sweep_idx ON cloud_sweep_sightings (sweep_id);
GRANT SELECT, INSERT, DELETE ON cloud_sweep_sightings TO inventory;
"""

# The sub-selects make PostgreSQL read the settings once a statement, not once a row. CASE
# and not OR, of which the planner would expect one row in two hundred, and sort whole
# tables for the first page of a list.
OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""

POLICIES = {
    "cloud_projects": OF_TENANT,
    "cloud_resources": OF_TENANT,
    "cloud_resource_events": OF_TENANT,
    "cloud_sweeps": OF_OPERATOR,
    "cloud_sweep_sightings": OF_OPERATOR,
}


def upgrade() -> None:
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO inventory")
    for statements in (PROJECTS, RESOURCES, EVENTS, PARTITIONS, SWEEPS):
        op.execute(statements)
    for table, visible in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO inventory USING ({visible})")

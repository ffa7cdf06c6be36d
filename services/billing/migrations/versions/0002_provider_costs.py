"""Balances, the provider's invoices with their lines, ingests in the making, daily costs.

Written as SQL for row-level security, rights and monthly partitions, as in the inventory.
All of it is the operator's: no tenant sees a row.
"""

from alembic import op

from services.common.db.idempotency import table_for

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BALANCES = """
CREATE TABLE cloud_balance_snapshots (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    key                   text        NOT NULL,
    month_to_date_balance numeric     NOT NULL,
    account_balance       numeric     NOT NULL,
    month_to_date_usage   numeric     NOT NULL,
    generated_at          timestamptz NOT NULL,
    taken_at              timestamptz NOT NULL,
    CONSTRAINT cloud_balance_snapshots_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_balance_snapshots_key_key UNIQUE (key)
);
CREATE INDEX cloud_balance_snapshots_taken_at_idx ON cloud_balance_snapshots (taken_at, id);
GRANT SELECT, INSERT ON cloud_balance_snapshots TO billing;
"""

INVOICES = """
CREATE TABLE cloud_invoices (
    id                   uuid        NOT NULL DEFAULT uuidv7(),
    invoice_uuid         text        NOT NULL,
    invoice_number       text        NOT NULL DEFAULT '',
    description          text        NOT NULL DEFAULT '',
    period               date,
    history_usd          numeric     NOT NULL,
    issued_at            timestamptz NOT NULL,
    ingest_status        text        NOT NULL DEFAULT 'discovered',
    ingest_error         text        NOT NULL DEFAULT '',
    ingest_id            uuid,
    line_count           bigint,
    ingested_at          timestamptz,
    lines_usd            numeric,
    overages_usd         numeric,
    taxes_usd            numeric,
    credits_usd          numeric,
    total_usd            numeric,
    summary_usd          numeric,
    residual_usd         numeric,
    balanced             boolean,
    provider_id_count    bigint,
    name_count           bigint,
    group_project_count  bigint,
    ambiguous_count      bigint,
    unmatched_count      bigint,
    not_applicable_count bigint,
    matched_at           timestamptz,
    discovered_at        timestamptz NOT NULL,
    CONSTRAINT cloud_invoices_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_invoices_invoice_uuid_key UNIQUE (invoice_uuid),
    CONSTRAINT cloud_invoices_ingest_status_check
        CHECK (ingest_status IN ('discovered', 'ingesting', 'ingested', 'failed')),
    CONSTRAINT cloud_invoices_period_check CHECK (extract(day FROM period) = 1)
);
CREATE INDEX cloud_invoices_period_idx ON cloud_invoices (period, id);
CREATE INDEX cloud_invoices_issued_at_idx ON cloud_invoices (issued_at, id);
CREATE INDEX cloud_invoices_pending_idx
    ON cloud_invoices (issued_at, id) WHERE ingest_status <> 'ingested';
GRANT SELECT, INSERT, UPDATE ON cloud_invoices TO billing;
"""

WORDS = """
    product                text        NOT NULL,
    group_description      text        NOT NULL,
    description            text        NOT NULL,
    project_name           text        NOT NULL,
    category               text        NOT NULL,
    hours                  numeric,
    start_at               timestamptz,
    end_at                 timestamptz,
    amount_usd             numeric     NOT NULL,
"""

JUDGED = """
    kind                   text        NOT NULL,
    classification         text        NOT NULL,
    is_overage             boolean     NOT NULL,
    resource_name          text        NOT NULL,
"""

MATCHED = """
    match_state            text        NOT NULL DEFAULT 'unmatched',
    match_rung             text        NOT NULL DEFAULT '',
    match_reason           text        NOT NULL DEFAULT '',
    resource_id            uuid,
    tenant_id              text,
    deployment_id          text,
    project_id             uuid,
"""

# An invoice's lines are its line set: replaced as a whole, in one transaction. Ids ascend
# with the row numbers, so that a month in the order of its ids is in the bills' order.
LINES = f"""
CREATE TABLE cloud_cost_lines (
    id                     uuid        NOT NULL DEFAULT uuidv7(),
    period                 date        NOT NULL,
    provider_invoice_id    uuid        NOT NULL,
    row_number             bigint      NOT NULL,
    {WORDS}
    {JUDGED}
    provider_resource_id   text        NOT NULL DEFAULT '',
    provider_resource_uuid text        NOT NULL DEFAULT '',
    {MATCHED}
    CONSTRAINT cloud_cost_lines_pkey PRIMARY KEY (period, id),
    CONSTRAINT cloud_cost_lines_row_key UNIQUE (period, provider_invoice_id, row_number),
    CONSTRAINT cloud_cost_lines_classification_check
        CHECK (classification IN ('resource', 'shared', 'account', 'tax', 'credit')),
    CONSTRAINT cloud_cost_lines_match_state_check
        CHECK (match_state IN ('matched', 'ambiguous', 'unmatched', 'not_applicable')),
    CONSTRAINT cloud_cost_lines_match_rung_check
        CHECK (match_rung IN ('', 'provider_id', 'name', 'group_project'))
) PARTITION BY RANGE (period);
CREATE INDEX cloud_cost_lines_kind_idx ON cloud_cost_lines (period, kind, id);
CREATE INDEX cloud_cost_lines_state_idx ON cloud_cost_lines (period, match_state, id);
CREATE INDEX cloud_cost_lines_resource_idx
    ON cloud_cost_lines (resource_id, period, id) WHERE resource_id IS NOT NULL;
CREATE INDEX cloud_cost_lines_tenant_idx
    ON cloud_cost_lines (tenant_id, period, id) WHERE tenant_id IS NOT NULL;
CREATE INDEX cloud_cost_lines_deployment_idx
    ON cloud_cost_lines (deployment_id, period, id) WHERE deployment_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON cloud_cost_lines TO billing;
"""

INGESTS = f"""
CREATE TABLE cloud_ingests (
    id                  uuid        NOT NULL DEFAULT uuidv7(),
    provider_invoice_id uuid        NOT NULL,
    key                 text        NOT NULL,
    status              text        NOT NULL DEFAULT 'open',
    reason              text        NOT NULL DEFAULT '',
    row_count           bigint,
    amount_usd          numeric,
    item_count          bigint      NOT NULL DEFAULT 0,
    started_at          timestamptz NOT NULL,
    finished_at         timestamptz,
    CONSTRAINT cloud_ingests_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_ingests_key_key UNIQUE (key),
    CONSTRAINT cloud_ingests_invoice_fkey
        FOREIGN KEY (provider_invoice_id) REFERENCES cloud_invoices (id),
    CONSTRAINT cloud_ingests_status_check CHECK (status IN ('open', 'completed', 'failed')),
    CONSTRAINT cloud_ingests_finished_check CHECK ((status = 'open') = (finished_at IS NULL))
);
CREATE INDEX cloud_ingests_invoice_idx ON cloud_ingests (provider_invoice_id, id);
CREATE UNIQUE INDEX cloud_ingests_open_idx
    ON cloud_ingests (provider_invoice_id) WHERE status = 'open';
GRANT SELECT, INSERT, UPDATE ON cloud_ingests TO billing;

-- What is being brought in. Lost in a crash, and rightly so: row_count tells that staged
-- rows are missing, and the ingest starts anew. A range index, because an ingest's rows
-- lie together, and because it costs the COPY nothing.
CREATE UNLOGGED TABLE cloud_staged_lines (
    ingest_id  uuid   NOT NULL,
    row_number bigint NOT NULL,
    {WORDS}
    kind                   text        NOT NULL,
    classification         text        NOT NULL,
    is_overage             boolean     NOT NULL,
    resource_name          text        NOT NULL
);
CREATE INDEX cloud_staged_lines_ingest_idx
    ON cloud_staged_lines USING brin (ingest_id uuid_minmax_multi_ops);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON cloud_staged_lines TO billing;

CREATE UNLOGGED TABLE cloud_staged_items (
    ingest_id              uuid    NOT NULL,
    page                   integer NOT NULL,
    position               integer NOT NULL,
    {WORDS}
    provider_resource_id   text    NOT NULL,
    provider_resource_uuid text    NOT NULL
);
CREATE INDEX cloud_staged_items_page_idx ON cloud_staged_items (ingest_id, page);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON cloud_staged_items TO billing;
"""

DAYS = f"""
CREATE TABLE cloud_daily_costs (
    id                uuid    NOT NULL DEFAULT uuidv7(),
    day               date    NOT NULL,
    region            text    NOT NULL,
    sku               text    NOT NULL,
    description       text    NOT NULL,
    group_description text    NOT NULL,
    amount_usd        numeric NOT NULL,
    {JUDGED}
    {MATCHED}
    CONSTRAINT cloud_daily_costs_pkey PRIMARY KEY (day, id),
    CONSTRAINT cloud_daily_costs_match_state_check
        CHECK (match_state IN ('matched', 'ambiguous', 'unmatched', 'not_applicable'))
) PARTITION BY RANGE (day);
CREATE INDEX cloud_daily_costs_kind_idx ON cloud_daily_costs (kind, day, id);
CREATE INDEX cloud_daily_costs_tenant_idx
    ON cloud_daily_costs (tenant_id, day, id) WHERE tenant_id IS NOT NULL;
CREATE INDEX cloud_daily_costs_deployment_idx
    ON cloud_daily_costs (deployment_id, day, id) WHERE deployment_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON cloud_daily_costs TO billing;

-- The days that were read, also those that cost nothing: the others are unknown.
CREATE TABLE cloud_daily_cost_days (
    day        date        NOT NULL,
    row_count  bigint      NOT NULL,
    amount_usd numeric     NOT NULL,
    read_at    timestamptz NOT NULL,
    CONSTRAINT cloud_daily_cost_days_pkey PRIMARY KEY (day)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cloud_daily_cost_days TO billing;
"""

# The partitions have a schema of their own, on which nobody but the owner has a right:
# every access goes through the parent and its policies.
PARTITIONS = """
CREATE SCHEMA partitions;

CREATE FUNCTION prepare_cost_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', month);
    parent    text;
    partition text;
BEGIN
    IF first_day < date '2000-01-01' OR first_day >= date '2200-01-01' THEN
        RAISE EXCEPTION 'no bill names the month %', first_day
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH parent IN ARRAY ARRAY['cloud_cost_lines', 'cloud_daily_costs'] LOOP
        partition := parent || '_' || to_char(first_day, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('prepare_cost_month', 0));
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        -- Attached, not made in place: that would wait for every reader of the parent, and
        -- let every later one wait behind it.
        EXECUTE format(
            'CREATE TABLE partitions.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS'
            ' INCLUDING INDEXES)', partition, parent);
        EXECUTE format(
            'ALTER TABLE public.%I ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, first_day, (first_day + interval '1 month')::date);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION prepare_cost_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_cost_month(date) TO billing;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""

# Without the two staging tables: PostgreSQL refuses COPY into a table with row-level
# security, and no request of a reader ever names them.
TABLES = (
    "cloud_balance_snapshots",
    "cloud_invoices",
    "cloud_cost_lines",
    "cloud_ingests",
    "cloud_daily_costs",
    "cloud_daily_cost_days",
)


def upgrade() -> None:
    for statements in (BALANCES, INVOICES, LINES, INGESTS, DAYS, PARTITIONS):
        op.execute(statements)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO billing USING ({OF_OPERATOR})")
    op.execute(table_for("billing"))

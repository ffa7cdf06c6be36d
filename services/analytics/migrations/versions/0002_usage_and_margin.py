"""Usage, exchange rates, attributed costs, margin and accrual.

Written as SQL for row-level security, rights and monthly partitions, as in the inventory.
Usage is its tenant's to read; all else is the operator's.

What is found page by page (usage, spans, costs, accruals) carries the id of the pass that
found it. The rows of a subject's current pass count, and no others: a pass that breaks off
changes nothing, and one that ends replaces all that was there, by turning over one row.
"""

from alembic import op

from services.common.db.idempotency import table_for

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PASSES = """
CREATE TABLE work_passes (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    work         text        NOT NULL,
    subject      date        NOT NULL,
    pass_key     text        NOT NULL,
    state        text        NOT NULL DEFAULT 'running',
    until        timestamptz,
    complete     boolean     NOT NULL DEFAULT true,
    started_at   timestamptz NOT NULL,
    completed_at timestamptz,
    CONSTRAINT work_passes_pkey PRIMARY KEY (id),
    CONSTRAINT work_passes_key_key UNIQUE (work, subject, pass_key),
    CONSTRAINT work_passes_work_check
        CHECK (work IN ('metering', 'costs', 'daily_costs', 'accrual')),
    CONSTRAINT work_passes_state_check CHECK (state IN ('running', 'current', 'superseded')),
    CONSTRAINT work_passes_completed_check
        CHECK (state <> 'current' OR completed_at IS NOT NULL)
);
CREATE UNIQUE INDEX work_passes_current_idx
    ON work_passes (work, subject) WHERE state = 'current';
GRANT SELECT, INSERT, UPDATE, DELETE ON work_passes TO analytics;

CREATE TABLE work_pass_pages (
    pass_id    bigint   NOT NULL,
    token      text     NOT NULL,
    next_token text     NOT NULL,
    counts     bigint[] NOT NULL,
    CONSTRAINT work_pass_pages_pkey PRIMARY KEY (pass_id, token),
    CONSTRAINT work_pass_pages_pass_fkey
        FOREIGN KEY (pass_id) REFERENCES work_passes (id) ON DELETE CASCADE
);
GRANT SELECT, INSERT, UPDATE, DELETE ON work_pass_pages TO analytics;
"""

USAGE = """
CREATE TABLE metering_months (
    period    date NOT NULL,
    closed_at timestamptz,
    CONSTRAINT metering_months_pkey PRIMARY KEY (period),
    CONSTRAINT metering_months_period_check CHECK (extract(day FROM period) = 1)
);
GRANT SELECT, INSERT, UPDATE ON metering_months TO analytics;

CREATE TABLE usage_facts (
    day            date        NOT NULL,
    pass_id        bigint      NOT NULL,
    page           text        NOT NULL,
    tenant_id      text        NOT NULL,
    deployment_id  text        NOT NULL,
    resource_kind  text        NOT NULL,
    resource_id    uuid        NOT NULL,
    inventory_kind text        NOT NULL,
    resource_name  text        NOT NULL,
    fact_from      timestamptz NOT NULL,
    fact_to        timestamptz NOT NULL,
    size_gb        numeric,
    qty            numeric     NOT NULL,
    CONSTRAINT usage_facts_pkey PRIMARY KEY
        (day, pass_id, tenant_id, deployment_id, resource_kind, resource_id, fact_from),
    CONSTRAINT usage_facts_span_check CHECK (fact_to > fact_from),
    CONSTRAINT usage_facts_qty_check CHECK (qty >= 0)
) PARTITION BY RANGE (day);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON usage_facts TO analytics;

CREATE TABLE daily_usage (
    id            uuid        NOT NULL DEFAULT uuidv7(),
    day           date        NOT NULL,
    pass_id       bigint,
    tenant_id     text        NOT NULL,
    deployment_id text        NOT NULL,
    resource_kind text        NOT NULL,
    qty           numeric     NOT NULL,
    fact_count    bigint      NOT NULL,
    facts_hash    text        NOT NULL,
    metered_at    timestamptz NOT NULL,
    CONSTRAINT daily_usage_pkey PRIMARY KEY (day, id),
    CONSTRAINT daily_usage_figure_key UNIQUE (day, tenant_id, deployment_id, resource_kind),
    CONSTRAINT daily_usage_qty_check CHECK (qty >= 0)
) PARTITION BY RANGE (day);
CREATE INDEX daily_usage_id_idx ON daily_usage (id);
CREATE INDEX daily_usage_tenant_idx
    ON daily_usage (tenant_id, day DESC, deployment_id, resource_kind);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON daily_usage TO analytics;

-- An event's key is unique for good, whatever its day: it stands apart from the events,
-- which are partitioned by day.
CREATE TABLE usage_event_keys (
    source          text   NOT NULL,
    idempotency_key text   NOT NULL,
    content_digest  bigint NOT NULL,
    CONSTRAINT usage_event_keys_pkey PRIMARY KEY (source, idempotency_key)
);
GRANT SELECT, INSERT ON usage_event_keys TO analytics;

CREATE TABLE usage_adjustments (
    id            uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id     text        NOT NULL,
    deployment_id text        NOT NULL,
    resource_kind text        NOT NULL,
    period        date        NOT NULL,
    qty           numeric     NOT NULL,
    fact_count    bigint      NOT NULL,
    facts_hash    text        NOT NULL,
    invoice_id    uuid,
    created_at    timestamptz NOT NULL,
    CONSTRAINT usage_adjustments_pkey PRIMARY KEY (id),
    CONSTRAINT usage_adjustments_period_check CHECK (extract(day FROM period) = 1)
);
CREATE INDEX usage_adjustments_open_idx
    ON usage_adjustments (tenant_id, period, deployment_id, resource_kind)
    WHERE invoice_id IS NULL;
CREATE INDEX usage_adjustments_invoice_idx
    ON usage_adjustments (invoice_id) WHERE invoice_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_adjustments TO analytics;

CREATE TABLE usage_events (
    day             date        NOT NULL,
    source          text        NOT NULL,
    idempotency_key text        NOT NULL,
    tenant_id       text        NOT NULL,
    deployment_id   text        NOT NULL,
    resource_kind   text        NOT NULL,
    qty             numeric     NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    adjustment_id   uuid,
    CONSTRAINT usage_events_qty_check CHECK (qty >= 0)
) PARTITION BY RANGE (day);
CREATE INDEX usage_events_figure_idx
    ON usage_events (day, deployment_id, resource_kind, occurred_at);
CREATE INDEX usage_events_adjustment_idx
    ON usage_events (adjustment_id) WHERE adjustment_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (adjustment_id), MAINTAIN ON usage_events TO analytics;

-- Figures whose events changed since they were last added up: a row for every batch that
-- changed one, so that batches need not wait for each other, nor for who adds up.
CREATE TABLE unfolded_usage (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    day           date   NOT NULL,
    tenant_id     text   NOT NULL,
    deployment_id text   NOT NULL,
    resource_kind text   NOT NULL,
    CONSTRAINT unfolded_usage_pkey PRIMARY KEY (id)
);
CREATE INDEX unfolded_usage_day_idx ON unfolded_usage (day);
GRANT SELECT, INSERT, DELETE ON unfolded_usage TO analytics;
"""

RATES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE exchange_rates (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    from_currency  text        NOT NULL,
    to_currency    text        NOT NULL,
    rate           numeric     NOT NULL,
    effective_from date        NOT NULL,
    effective_to   date,
    source         text        NOT NULL DEFAULT '',
    created_by     text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (id),
    CONSTRAINT exchange_rates_rate_check CHECK (rate > 0),
    CONSTRAINT exchange_rates_currencies_check CHECK (from_currency <> to_currency),
    CONSTRAINT exchange_rates_span_check CHECK (effective_to > effective_from),
    CONSTRAINT exchange_rates_no_overlap EXCLUDE USING gist (
        from_currency WITH =, to_currency WITH =, daterange(effective_from, effective_to) WITH &&)
);
GRANT SELECT, INSERT, UPDATE (effective_to) ON exchange_rates TO analytics;
"""

COSTS = """
CREATE TABLE resource_spans (
    period        date        NOT NULL,
    pass_id       bigint      NOT NULL,
    page          text        NOT NULL,
    resource_id   uuid        NOT NULL,
    kind          text        NOT NULL,
    name          text        NOT NULL,
    tenant_id     text        NOT NULL,
    deployment_id text        NOT NULL,
    span_from     timestamptz NOT NULL,
    span_to       timestamptz NOT NULL,
    CONSTRAINT resource_spans_pkey PRIMARY KEY (period, pass_id, resource_id, span_from),
    CONSTRAINT resource_spans_span_check CHECK (span_to > span_from)
) PARTITION BY RANGE (period);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON resource_spans TO analytics;

CREATE TABLE attributed_costs (
    period         date    NOT NULL,
    pass_id        bigint  NOT NULL,
    page           text    NOT NULL,
    cost_id        uuid,
    day            date,
    kind           text    NOT NULL,
    classification text    NOT NULL,
    description    text    NOT NULL,
    resource_id    uuid,
    hours          numeric,
    start_at       timestamptz,
    end_at         timestamptz,
    attribution    text    NOT NULL,
    tenant_id      text    NOT NULL,
    deployment_id  text    NOT NULL,
    amount_usd     numeric NOT NULL,
    CONSTRAINT attributed_costs_attribution_check
        CHECK (attribution IN ('tenant', 'internal', 'unattributed', 'shared')),
    CONSTRAINT attributed_costs_tenant_check
        CHECK ((attribution = 'tenant') = (tenant_id <> ''))
) PARTITION BY RANGE (period);
CREATE INDEX attributed_costs_pass_idx ON attributed_costs (period, pass_id, page);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON attributed_costs TO analytics;
"""

ACCRUALS = """
CREATE TABLE accruals (
    period          date    NOT NULL,
    pass_id         bigint  NOT NULL,
    page            text    NOT NULL,
    subscription_id text    NOT NULL,
    deployment_id   text    NOT NULL,
    tenant_id       text    NOT NULL,
    accrued_cents   bigint  NOT NULL,
    recurring_cents bigint  NOT NULL,
    overage_cents   bigint  NOT NULL,
    ad_hoc_cents    bigint  NOT NULL,
    kind_cents      jsonb   NOT NULL,
    currency        text    NOT NULL,
    inputs_json     text    NOT NULL,
    inputs_hash     text    NOT NULL,
    engine_version  text    NOT NULL,
    result_hash     text    NOT NULL,
    CONSTRAINT accruals_pkey PRIMARY KEY (period, pass_id, subscription_id),
    CONSTRAINT accruals_sum_check
        CHECK (accrued_cents = recurring_cents + overage_cents + ad_hoc_cents)
);
CREATE INDEX accruals_order_idx ON accruals (pass_id, tenant_id, deployment_id, subscription_id);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON accruals TO analytics;
"""

MARGIN = """
CREATE TABLE margin_months (
    period             date        NOT NULL,
    basis              text        NOT NULL,
    revenue_cents      bigint,
    cogs_cents         bigint,
    revenue_state      text        NOT NULL,
    cogs_state         text        NOT NULL,
    reporting_currency text        NOT NULL,
    exchange_rate_ids  uuid[]      NOT NULL,
    parity_assumed     boolean     NOT NULL,
    usage_until        timestamptz,
    costs_until        date,
    as_of              timestamptz NOT NULL,
    CONSTRAINT margin_months_pkey PRIMARY KEY (period, basis),
    CONSTRAINT margin_months_basis_check CHECK (basis IN ('invoiced', 'accrued')),
    CONSTRAINT margin_months_revenue_check
        CHECK ((revenue_state = 'unknown') = (revenue_cents IS NULL)),
    CONSTRAINT margin_months_cogs_check CHECK ((cogs_state = 'unknown') = (cogs_cents IS NULL)),
    CONSTRAINT margin_months_states_check
        CHECK (revenue_state IN ('final', 'provisional', 'unknown')
               AND cogs_state IN ('final', 'provisional', 'unknown'))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON margin_months TO analytics;

CREATE TABLE margin_shares (
    period        date    NOT NULL,
    basis         text    NOT NULL,
    grouping      text    NOT NULL,
    place         integer NOT NULL,
    attribution   text    NOT NULL,
    tenant_id     text    NOT NULL,
    deployment_id text    NOT NULL,
    revenue_cents bigint,
    cogs_cents    bigint,
    CONSTRAINT margin_shares_pkey PRIMARY KEY (period, basis, grouping, place),
    CONSTRAINT margin_shares_grouping_check CHECK (grouping IN ('tenant', 'deployment')),
    CONSTRAINT margin_shares_attribution_check
        CHECK (attribution IN ('tenant', 'internal', 'unattributed'))
);
CREATE INDEX margin_shares_tenant_idx
    ON margin_shares (tenant_id, basis, grouping, period, place) WHERE tenant_id <> '';
CREATE INDEX margin_shares_deployment_idx
    ON margin_shares (deployment_id, basis, grouping, period) WHERE deployment_id <> '';
GRANT SELECT, INSERT, DELETE, MAINTAIN ON margin_shares TO analytics;

CREATE TABLE margin_kinds (
    period       date   NOT NULL,
    basis        text   NOT NULL,
    axis         text   NOT NULL,
    kind         text   NOT NULL,
    amount_cents bigint NOT NULL,
    CONSTRAINT margin_kinds_pkey PRIMARY KEY (period, basis, axis, kind),
    CONSTRAINT margin_kinds_axis_check CHECK (axis IN ('revenue', 'cogs'))
);
GRANT SELECT, INSERT, DELETE ON margin_kinds TO analytics;

CREATE TABLE reconciliations (
    period           date        NOT NULL,
    agreed_count     bigint      NOT NULL,
    difference_count bigint      NOT NULL,
    computed_at      timestamptz NOT NULL,
    CONSTRAINT reconciliations_pkey PRIMARY KEY (period)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON reconciliations TO analytics;

CREATE TABLE reconciliation_differences (
    period              date    NOT NULL,
    place               integer NOT NULL,
    difference_type     text    NOT NULL,
    resource_id         uuid,
    kind                text    NOT NULL,
    name                text    NOT NULL,
    tenant_id           text    NOT NULL,
    deployment_id       text    NOT NULL,
    inventory_hours     numeric,
    provider_hours      numeric,
    billed_hours        numeric,
    provider_amount_usd numeric,
    explanation         text    NOT NULL,
    CONSTRAINT reconciliation_differences_pkey PRIMARY KEY (period, place),
    CONSTRAINT reconciliation_differences_type_check
        CHECK (difference_type IN ('ours_only', 'provider_only', 'amount', 'timing'))
);
GRANT SELECT, INSERT, DELETE ON reconciliation_differences TO analytics;
"""

# The partitions have a schema of their own, on which nobody but the owner has a right:
# every access goes through the parent and its policies.
PARTITIONS = """
CREATE SCHEMA partitions;

CREATE FUNCTION prepare_month(parents text[], month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', month);
    parent    text;
    partition text;
BEGIN
    IF first_day < date '2000-01-01' OR first_day >= date '2200-01-01' THEN
        RAISE EXCEPTION 'nothing is used or billed in the month %', first_day
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH parent IN ARRAY parents LOOP
        IF parent NOT IN ('usage_facts', 'daily_usage', 'usage_events', 'resource_spans',
                          'attributed_costs') THEN
            RAISE EXCEPTION '% has no months', parent USING ERRCODE = 'invalid_parameter_value';
        END IF;
        partition := parent || '_' || to_char(first_day, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('prepare_month', 0));
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        EXECUTE format(
            'CREATE TABLE partitions.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
            partition, parent, first_day, (first_day + interval '1 month')::date);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION prepare_month(text[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_month(text[], date) TO analytics;
"""

# See the inventory's 0001: the setting is read once a statement, and the planner not misled.
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
    "usage_facts": OF_TENANT,
    "daily_usage": OF_TENANT,
    "usage_events": OF_TENANT,
    "usage_adjustments": OF_TENANT,
    "unfolded_usage": OF_TENANT,
    "work_passes": OF_OPERATOR,
    "work_pass_pages": OF_OPERATOR,
    "metering_months": OF_OPERATOR,
    "usage_event_keys": OF_OPERATOR,
    "exchange_rates": OF_OPERATOR,
    "resource_spans": OF_OPERATOR,
    "attributed_costs": OF_OPERATOR,
    "accruals": OF_OPERATOR,
    "margin_months": OF_OPERATOR,
    "margin_shares": OF_OPERATOR,
    "margin_kinds": OF_OPERATOR,
    "reconciliations": OF_OPERATOR,
    "reconciliation_differences": OF_OPERATOR,
}


def upgrade() -> None:
    for statements in (PASSES, USAGE, RATES, COSTS, ACCRUALS, MARGIN, PARTITIONS):
        op.execute(statements)
    for table, visible in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO analytics USING ({visible})")
    op.execute(table_for("analytics"))

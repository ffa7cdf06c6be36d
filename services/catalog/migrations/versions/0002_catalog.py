"""Plans, addons, prices, deployments and their subscriptions.

Written as SQL for row-level security, rights, triggers and exclusion constraints. What is
sold is everybody's to read and the operator's to change; deployments are their tenant's.
"""

from alembic import op

from services.common.db.idempotency import table_for

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = """(
    'droplet_hours', 'spaces_gb_month', 'snapshot_gb_month',
    'bandwidth_gb', 'dns_zones', 'llm_tokens'
)"""

# Comparing with a number also refuses NaN and Infinity, which PostgreSQL sorts last.
PLANS = f"""
CREATE TABLE plans (
    id         uuid        NOT NULL DEFAULT uuidv7(),
    code       text        NOT NULL,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT plans_pkey PRIMARY KEY (id),
    CONSTRAINT plans_code_key UNIQUE (code)
);
GRANT SELECT, INSERT, UPDATE ON plans TO catalog;

CREATE TABLE plan_versions (
    id           uuid        NOT NULL DEFAULT uuidv7(),
    plan_id      uuid        NOT NULL,
    version      integer     NOT NULL,
    status       text        NOT NULL DEFAULT 'draft',
    price_cents  bigint      NOT NULL,
    currency     text        NOT NULL,
    created_at   timestamptz NOT NULL,
    published_at timestamptz,
    retired_at   timestamptz,
    CONSTRAINT plan_versions_pkey PRIMARY KEY (id),
    CONSTRAINT plan_versions_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans (id),
    CONSTRAINT plan_versions_version_key UNIQUE (plan_id, version),
    CONSTRAINT plan_versions_status_check CHECK (status IN ('draft', 'active', 'retired')),
    CONSTRAINT plan_versions_price_check CHECK (price_cents BETWEEN 0 AND 1000000000000),
    CONSTRAINT plan_versions_times_check CHECK (
        (status = 'draft') = (published_at IS NULL)
        AND (status = 'retired') = (retired_at IS NOT NULL)
    )
);
CREATE UNIQUE INDEX plan_versions_one_active ON plan_versions (plan_id) WHERE status = 'active';
GRANT SELECT, INSERT, UPDATE ON plan_versions TO catalog;

-- Tiers are two lists of the same length; the last limit may be null.
CREATE TABLE plan_items (
    plan_version_id     uuid     NOT NULL,
    position            smallint NOT NULL,
    resource_kind       text     NOT NULL,
    included_qty        numeric  NOT NULL,
    overage_unit        text     NOT NULL,
    overage_price_cents numeric  NOT NULL,
    hard_cap_qty        numeric,
    pricing_model       text     NOT NULL DEFAULT 'allowance',
    tier_up_to_qtys     numeric[] NOT NULL DEFAULT '{{}}',
    tier_price_cents    numeric[] NOT NULL DEFAULT '{{}}',
    package_qty         numeric,
    amount_cents        bigint   NOT NULL DEFAULT 0,
    CONSTRAINT plan_items_pkey PRIMARY KEY (plan_version_id, resource_kind),
    CONSTRAINT plan_items_plan_version_id_fkey
        FOREIGN KEY (plan_version_id) REFERENCES plan_versions (id),
    CONSTRAINT plan_items_kind_check CHECK (resource_kind IN {KINDS}),
    CONSTRAINT plan_items_numbers_check CHECK (
        included_qty BETWEEN 0 AND 1e15 AND overage_price_cents BETWEEN 0 AND 1e12
        AND hard_cap_qty BETWEEN 0 AND 1e15 AND package_qty BETWEEN 0 AND 1e15
        AND amount_cents BETWEEN 0 AND 1000000000000
    ),
    CONSTRAINT plan_items_model_check CHECK (
        pricing_model IN
            ('allowance', 'per_unit', 'graduated', 'volume', 'package', 'flat', 'minimum')
    ),
    CONSTRAINT plan_items_tiers_check
        CHECK (cardinality(tier_up_to_qtys) = cardinality(tier_price_cents))
);
GRANT SELECT, INSERT, DELETE ON plan_items TO catalog;
"""

IMMUTABLE = """
CREATE FUNCTION refuse_changing_published() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status = 'draft' AND NEW.id = OLD.id AND NEW.plan_id = OLD.plan_id THEN
            RETURN NEW;
        END IF;
        -- All that may still happen to a published version is that it is retired.
        IF OLD.status = 'active' AND NEW.status = 'retired'
            AND (to_jsonb(NEW) - 'status' - 'retired_at')
              = (to_jsonb(OLD) - 'status' - 'retired_at')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% on %: a published version is immutable', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'plan_versions_immutable';
END $$;

CREATE FUNCTION refuse_changing_published_items() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    owner_id uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.plan_version_id ELSE NEW.plan_version_id END;
BEGIN
    -- Shared, so that the version is not published before these items are in it.
    IF (SELECT v.status FROM plan_versions AS v WHERE v.id = owner_id FOR SHARE) = 'draft' THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: a published version is immutable', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'plan_versions_immutable';
END $$;

-- A draft's items are replaced, never rewritten.
CREATE FUNCTION refuse_rewriting_items() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: the items of a version are immutable', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'plan_versions_immutable';
END $$;

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON plan_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_changing_published();
CREATE TRIGGER immutable_truncate BEFORE TRUNCATE ON plan_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_published();
CREATE TRIGGER immutable BEFORE INSERT OR DELETE ON plan_items
    FOR EACH ROW EXECUTE FUNCTION refuse_changing_published_items();
CREATE TRIGGER immutable_update BEFORE UPDATE OR TRUNCATE ON plan_items
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_items();
ALTER TABLE plan_versions ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE plan_versions ENABLE ALWAYS TRIGGER immutable_truncate;
ALTER TABLE plan_items ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE plan_items ENABLE ALWAYS TRIGGER immutable_update;
"""

ADDONS_AND_PRICES = f"""
CREATE TABLE addons (
    id            uuid        NOT NULL DEFAULT uuidv7(),
    code          text        NOT NULL,
    resource_kind text        NOT NULL,
    qty           numeric     NOT NULL,
    price_cents   bigint      NOT NULL,
    currency      text        NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT addons_pkey PRIMARY KEY (id),
    CONSTRAINT addons_code_key UNIQUE (code),
    CONSTRAINT addons_kind_check CHECK (resource_kind IN {KINDS}),
    CONSTRAINT addons_numbers_check
        CHECK (qty > 0 AND qty <= 1e15 AND price_cents BETWEEN 0 AND 1000000000000)
);
GRANT SELECT, INSERT, UPDATE ON addons TO catalog;

CREATE TABLE resource_prices (
    id               uuid        NOT NULL DEFAULT uuidv7(),
    resource_kind    text        NOT NULL,
    unit             text        NOT NULL,
    unit_price_cents numeric     NOT NULL,
    currency         text        NOT NULL,
    effective_from   date        NOT NULL,
    effective_to     date,
    created_at       timestamptz NOT NULL,
    CONSTRAINT resource_prices_pkey PRIMARY KEY (id),
    CONSTRAINT resource_prices_kind_check CHECK (resource_kind IN {KINDS}),
    CONSTRAINT resource_prices_price_check CHECK (unit_price_cents BETWEEN 0 AND 1e12),
    CONSTRAINT resource_prices_span_check CHECK (effective_to > effective_from),
    CONSTRAINT resource_prices_no_overlap EXCLUDE USING gist (
        resource_kind WITH =, currency WITH =, daterange(effective_from, effective_to) WITH &&
    )
);
GRANT SELECT, INSERT, UPDATE ON resource_prices TO catalog;
"""

DEPLOYMENTS = """
CREATE TABLE deployments (
    id                       uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id                text        NOT NULL,
    slug                     text        NOT NULL,
    display_name             text        NOT NULL,
    region                   text        NOT NULL DEFAULT '',
    state                    text        NOT NULL,
    llm_mode                 text        NOT NULL DEFAULT '',
    billing_action_suspended boolean     NOT NULL DEFAULT false,
    power_off_when_suspended boolean     NOT NULL DEFAULT false,
    template_code            text,
    template_version         text,
    trial_ends_on            date,
    created_at               timestamptz NOT NULL,
    state_changed_at         timestamptz NOT NULL,
    CONSTRAINT deployments_pkey PRIMARY KEY (id),
    CONSTRAINT deployments_slug_key UNIQUE (tenant_id, slug),
    CONSTRAINT deployments_state_check CHECK (state IN
        ('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived'))
);
CREATE INDEX deployments_tenant_idx ON deployments (tenant_id, id);
CREATE INDEX deployments_slug_idx ON deployments (slug);
GRANT SELECT, INSERT, UPDATE ON deployments TO catalog;

CREATE TABLE deployment_events (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    deployment_id uuid        NOT NULL,
    tenant_id     text        NOT NULL,
    type          text        NOT NULL,
    from_state    text        NOT NULL DEFAULT '',
    to_state      text        NOT NULL,
    actor         text        NOT NULL,
    reason        text        NOT NULL DEFAULT '',
    request_id    text        NOT NULL DEFAULT '',
    occurred_at   timestamptz NOT NULL,
    CONSTRAINT deployment_events_pkey PRIMARY KEY (id),
    CONSTRAINT deployment_events_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id),
    CONSTRAINT deployment_events_type_check CHECK (type IN
        ('created', 'transitioned', 'updated', 'subscribed', 'plan_changed', 'addon_attached',
         'addon_detached', 'subscription_paused', 'subscription_resumed',
         'subscription_cancelled', 'provisioned'))
);
CREATE INDEX deployment_events_deployment_idx ON deployment_events (deployment_id, id);
GRANT SELECT, INSERT ON deployment_events TO catalog;

CREATE FUNCTION refuse_rewriting_history() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: history is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON deployment_events
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON deployment_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE deployment_events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE deployment_events ENABLE ALWAYS TRIGGER append_only_truncate;

CREATE TABLE provisions (
    id               uuid        NOT NULL DEFAULT uuidv7(),
    deployment_id    uuid        NOT NULL,
    tenant_id        text        NOT NULL,
    droplet_name     text        NOT NULL DEFAULT '',
    droplet_region   text        NOT NULL DEFAULT '',
    droplet_size     text        NOT NULL,
    droplet_image    text        NOT NULL,
    droplet_tags     text[]      NOT NULL DEFAULT '{}',
    project_id       text        NOT NULL DEFAULT '',
    status           text        NOT NULL DEFAULT 'running',
    step             text        NOT NULL DEFAULT '',
    reason           text        NOT NULL DEFAULT '',
    resource_id      text        NOT NULL DEFAULT '',
    workflow_id      text        NOT NULL DEFAULT '',
    run_id           text        NOT NULL DEFAULT '',
    requested_by     text        NOT NULL,
    requested_at     timestamptz NOT NULL,
    finished_at      timestamptz,
    CONSTRAINT provisions_pkey PRIMARY KEY (id),
    CONSTRAINT provisions_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id),
    CONSTRAINT provisions_status_check
        CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT provisions_step_check CHECK (step IN
        ('', 'create', 'wait_active', 'tag', 'project', 'record_spec', 'assign')),
    CONSTRAINT provisions_finished_check CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE INDEX provisions_deployment_idx ON provisions (deployment_id, id);
GRANT SELECT, INSERT, UPDATE ON provisions TO catalog;
"""

# Days are half-open spans. One that was cancelled before it began has none, and overlaps
# nothing.
SUBSCRIPTIONS = f"""
CREATE TABLE subscriptions (
    id            uuid        NOT NULL DEFAULT uuidv7(),
    deployment_id uuid        NOT NULL,
    tenant_id     text        NOT NULL,
    starts_on     date        NOT NULL,
    ends_on       date,
    trial_end     date,
    created_at    timestamptz NOT NULL,
    CONSTRAINT subscriptions_pkey PRIMARY KEY (id),
    CONSTRAINT subscriptions_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id),
    CONSTRAINT subscriptions_span_check CHECK (ends_on >= starts_on),
    CONSTRAINT subscriptions_one_per_deployment EXCLUDE USING gist (
        deployment_id WITH =, daterange(starts_on, ends_on) WITH &&
    )
);
CREATE INDEX subscriptions_deployment_idx ON subscriptions (deployment_id, id);
CREATE INDEX subscriptions_tenant_idx ON subscriptions (tenant_id, id);
GRANT SELECT, INSERT, UPDATE ON subscriptions TO catalog;

CREATE TABLE subscription_terms (
    id              uuid NOT NULL DEFAULT uuidv7(),
    subscription_id uuid NOT NULL,
    tenant_id       text NOT NULL,
    plan_version_id uuid NOT NULL,
    effective_from  date NOT NULL,
    effective_to    date,
    CONSTRAINT subscription_terms_pkey PRIMARY KEY (id),
    CONSTRAINT subscription_terms_subscription_id_fkey
        FOREIGN KEY (subscription_id) REFERENCES subscriptions (id),
    CONSTRAINT subscription_terms_plan_version_id_fkey
        FOREIGN KEY (plan_version_id) REFERENCES plan_versions (id),
    CONSTRAINT subscription_terms_span_check CHECK (effective_to >= effective_from),
    CONSTRAINT subscription_terms_no_overlap EXCLUDE USING gist (
        subscription_id WITH =, daterange(effective_from, effective_to) WITH &&
    )
);
CREATE INDEX subscription_terms_plan_version_idx ON subscription_terms (plan_version_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON subscription_terms TO catalog;

CREATE TABLE subscription_pauses (
    id              uuid NOT NULL DEFAULT uuidv7(),
    subscription_id uuid NOT NULL,
    tenant_id       text NOT NULL,
    paused_on       date NOT NULL,
    resumed_on      date,
    CONSTRAINT subscription_pauses_pkey PRIMARY KEY (id),
    CONSTRAINT subscription_pauses_subscription_id_fkey
        FOREIGN KEY (subscription_id) REFERENCES subscriptions (id),
    CONSTRAINT subscription_pauses_span_check CHECK (resumed_on >= paused_on),
    CONSTRAINT subscription_pauses_no_overlap EXCLUDE USING gist (
        subscription_id WITH =, daterange(paused_on, resumed_on) WITH &&
    )
);
GRANT SELECT, INSERT, UPDATE ON subscription_pauses TO catalog;

-- As the addon was when it was attached; no foreign key, for nothing of it is looked up.
CREATE TABLE subscription_addons (
    id              uuid    NOT NULL DEFAULT uuidv7(),
    subscription_id uuid    NOT NULL,
    tenant_id       text    NOT NULL,
    code            text    NOT NULL,
    resource_kind   text    NOT NULL,
    qty             numeric NOT NULL,
    price_cents     bigint  NOT NULL,
    currency        text    NOT NULL,
    attached_on     date    NOT NULL,
    detached_on     date,
    CONSTRAINT subscription_addons_pkey PRIMARY KEY (id),
    CONSTRAINT subscription_addons_subscription_id_fkey
        FOREIGN KEY (subscription_id) REFERENCES subscriptions (id),
    CONSTRAINT subscription_addons_kind_check CHECK (resource_kind IN {KINDS}),
    CONSTRAINT subscription_addons_numbers_check
        CHECK (qty > 0 AND qty <= 1e15 AND price_cents BETWEEN 0 AND 1000000000000),
    CONSTRAINT subscription_addons_span_check CHECK (detached_on >= attached_on)
);
CREATE INDEX subscription_addons_subscription_idx ON subscription_addons (subscription_id, id);
GRANT SELECT, INSERT, UPDATE ON subscription_addons TO catalog;

-- What was attached at a price keeps it: only its end may still be said.
CREATE FUNCTION refuse_repricing_attached() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'detached_on') = (to_jsonb(OLD) - 'detached_on') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: an attached addon keeps its terms', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keeps_its_terms BEFORE UPDATE ON subscription_addons
    FOR EACH ROW EXECUTE FUNCTION refuse_repricing_attached();
ALTER TABLE subscription_addons ENABLE ALWAYS TRIGGER keeps_its_terms;
"""

# As in the inventory: sub-selects are read once a statement, and CASE is planned well.
OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""
OF_TENANTS = (
    "deployments",
    "deployment_events",
    "subscriptions",
    "subscription_terms",
    "subscription_pauses",
    "subscription_addons",
)
OF_EVERYBODY = ("plans", "plan_versions", "plan_items", "addons", "resource_prices")


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for statements in (PLANS, IMMUTABLE, ADDONS_AND_PRICES, DEPLOYMENTS, SUBSCRIPTIONS):
        op.execute(statements)
    op.execute(table_for("catalog"))
    for table in OF_TENANTS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO catalog USING ({OF_TENANT})")
    for table in OF_EVERYBODY:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT TO catalog USING (true)")
        op.execute(f"CREATE POLICY changeable ON {table} TO catalog USING ({OF_OPERATOR})")
    op.execute("ALTER TABLE provisions ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON provisions TO catalog USING ({OF_OPERATOR})")

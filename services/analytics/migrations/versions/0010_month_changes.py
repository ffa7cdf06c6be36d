"""One copy of usage: a closed month's figures hold what is known now, and what changed is noted.

Late events were kept apart, in adjustments of their own. They are folded into the figures of
their days as all others are; each adjustment becomes a change of its month, on the invoice
that bills it or open. The table of the adjustments itself goes with the code that reads it.

An event's key says the event's day, so that a void finds the event; a voided event leaves the
events for a table of its own, with who voided it and why. Figures under a name that the catalog
did not know are found by an index of their own, to be adopted.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANGES = """
CREATE TABLE month_changes (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    tenant_id     text        NOT NULL,
    deployment_id text        NOT NULL,
    period        date        NOT NULL,
    cause         text        NOT NULL,
    noted_at      timestamptz NOT NULL,
    invoice_id    uuid,
    CONSTRAINT month_changes_pkey PRIMARY KEY (id),
    CONSTRAINT month_changes_cause_check CHECK (cause IN ('usage', 'subscription')),
    CONSTRAINT month_changes_period_check CHECK (extract(day FROM period) = 1)
);
CREATE INDEX month_changes_open_idx ON month_changes (tenant_id, period)
    WHERE invoice_id IS NULL;
CREATE INDEX month_changes_invoice_idx ON month_changes (invoice_id)
    WHERE invoice_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (invoice_id), DELETE ON month_changes TO analytics;

INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at, invoice_id)
SELECT tenant_id, deployment_id, period, 'usage', max(created_at), invoice_id
FROM usage_adjustments
GROUP BY tenant_id, deployment_id, period, invoice_id
ORDER BY tenant_id, period, deployment_id;
"""

# As metering added figures up at this version; the other figures stay as they are.
FOLD = """
CREATE TEMP TABLE late ON COMMIT DROP AS
SELECT g.*, p.id AS pass_id
FROM (SELECT DISTINCT day, tenant_id, deployment_id, resource_kind FROM usage_events
      WHERE adjustment_id IS NOT NULL) AS g
LEFT JOIN work_passes AS p
  ON p.work = 'metering' AND p.subject = g.day AND p.state = 'current';

SELECT prepare_month(ARRAY['daily_usage'], month)
FROM (SELECT DISTINCT date_trunc('month', day)::date AS month FROM late) AS months;

DELETE FROM daily_usage AS u USING late AS l
WHERE (u.day, u.tenant_id, u.deployment_id, u.resource_kind)
    = (l.day, l.tenant_id, l.deployment_id, l.resource_kind);

WITH lines AS (
    SELECT f.day, f.tenant_id, f.deployment_id, f.resource_kind, l.pass_id, f.qty,
           format('interval %s %s %s %s %s', f.resource_id, extract(epoch FROM f.fact_from),
                  extract(epoch FROM f.fact_to), coalesce(trim_scale(f.size_gb)::text, '-'),
                  trim_scale(f.qty)) AS line
    FROM usage_facts AS f
    JOIN late AS l USING (day, pass_id, tenant_id, deployment_id, resource_kind)
    UNION ALL
    SELECT e.day, e.tenant_id, e.deployment_id, e.resource_kind, l.pass_id, e.qty,
           format('event %s %s %s %s', to_json(e.source), to_json(e.idempotency_key),
                  extract(epoch FROM e.occurred_at), trim_scale(e.qty))
    FROM usage_events AS e JOIN late AS l USING (day, tenant_id, deployment_id, resource_kind)
)
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, qty, fact_count,
                         facts_hash, metered_at)
SELECT day, pass_id, tenant_id, deployment_id, resource_kind, sum(qty), count(*),
       encode(sha256(convert_to(
           string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex'), now()
FROM lines
GROUP BY day, pass_id, tenant_id, deployment_id, resource_kind;

ALTER TABLE usage_events DROP COLUMN adjustment_id;
"""

VOIDS = """
CREATE TABLE usage_voids (
    source          text        NOT NULL,
    idempotency_key text        NOT NULL,
    day             date        NOT NULL,
    tenant_id       text        NOT NULL,
    deployment_id   text        NOT NULL,
    resource_kind   text        NOT NULL,
    qty             numeric     NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    reason          text        NOT NULL,
    voided_by       text        NOT NULL,
    voided_at       timestamptz NOT NULL,
    CONSTRAINT usage_voids_pkey PRIMARY KEY (source, idempotency_key),
    CONSTRAINT usage_voids_key_fkey FOREIGN KEY (source, idempotency_key)
        REFERENCES usage_event_keys (source, idempotency_key)
);
CREATE INDEX usage_voids_order_idx ON usage_voids (voided_at DESC, source, idempotency_key);
CREATE INDEX usage_voids_tenant_idx
    ON usage_voids (tenant_id, voided_at DESC, source, idempotency_key);
GRANT SELECT, INSERT ON usage_voids TO analytics;
GRANT DELETE ON usage_events TO analytics;

ALTER TABLE usage_event_keys ADD COLUMN day date;
UPDATE usage_event_keys AS k SET day = e.day FROM usage_events AS e
WHERE (e.source, e.idempotency_key) = (k.source, k.idempotency_key);
"""

# The names that are no id: 32 hexadecimal digits, as in `services.analytics.deployments`.
ADOPTION = """
CREATE INDEX daily_usage_named_idx ON daily_usage (tenant_id, deployment_id, day)
    WHERE deployment_id !~ '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$';
GRANT UPDATE (deployment_id) ON usage_facts TO analytics;
GRANT UPDATE (deployment_id) ON usage_events TO analytics;
"""

OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""


def upgrade() -> None:
    for statements in (CHANGES, FOLD, VOIDS, ADOPTION):
        op.execute(statements)
    for table in ("month_changes", "usage_voids"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO analytics USING ({OF_TENANT})")

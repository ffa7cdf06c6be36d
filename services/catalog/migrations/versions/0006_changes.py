"""Changes of subscriptions: taken back until they take effect, and told where they reach back.

Spans are kept as they were agreed, also beyond the end of their subscription: a reader cuts them
(see `cut_to_end`), and a cancellation that is taken back gives them back.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Who agreed a change may take it back.
WHOSE = """
ALTER TABLE subscriptions ADD COLUMN ended_by_tenant boolean NOT NULL DEFAULT false;
ALTER TABLE subscription_terms ADD COLUMN by_tenant boolean NOT NULL DEFAULT false;
ALTER TABLE subscription_addons
    ADD COLUMN attached_by_tenant boolean NOT NULL DEFAULT false,
    ADD COLUMN detached_by_tenant boolean NOT NULL DEFAULT false;
"""

# Its days are no terms of an addon: an attachment that is to come can be moved.
ADDONS = """
CREATE OR REPLACE FUNCTION refuse_repricing_attached() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    days text[] := '{attached_on, detached_on, attached_by_tenant, detached_by_tenant}';
BEGIN
    IF (to_jsonb(NEW) - days) = (to_jsonb(OLD) - days) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: an attached addon keeps its terms', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

PAUSES = "GRANT DELETE ON subscription_pauses TO catalog"

# Cancellations that are still to come cut what ended with them. What was agreed to end on that
# very day by itself is not told from it, and plan changes after it are not known any more.
UNCUT = """
UPDATE subscription_terms AS t SET effective_to = NULL FROM subscriptions AS s
WHERE s.id = t.subscription_id AND s.ends_on > current_date AND t.effective_to = s.ends_on
  AND NOT EXISTS (SELECT FROM subscription_terms AS later
                  WHERE later.subscription_id = s.id AND later.effective_from > t.effective_from);
UPDATE subscription_pauses AS p SET resumed_on = NULL FROM subscriptions AS s
WHERE s.id = p.subscription_id AND s.ends_on > current_date AND p.resumed_on = s.ends_on
  AND p.paused_on < s.ends_on;
UPDATE subscription_addons AS a SET detached_on = NULL FROM subscriptions AS s
WHERE s.id = a.subscription_id AND s.ends_on > current_date AND a.detached_on = s.ends_on;
"""

EVENTS = """
ALTER TABLE deployment_events DROP CONSTRAINT deployment_events_type_check;
ALTER TABLE deployment_events ADD CONSTRAINT deployment_events_type_check CHECK (type IN
    ('created', 'transitioned', 'updated', 'subscribed', 'plan_changed', 'addon_attached',
     'addon_detached', 'subscription_paused', 'subscription_resumed',
     'subscription_cancelled', 'change_moved', 'change_taken_back', 'trial_extended',
     'provisioned')) NOT VALID;
ALTER TABLE deployment_events VALIDATE CONSTRAINT deployment_events_type_check;
"""

# `deployments_trials_idx` counts the trials of a tenant.
TRIALS = """
ALTER TABLE deployments ADD COLUMN began_on_trial boolean NOT NULL DEFAULT false;
UPDATE deployments AS d SET began_on_trial = true
WHERE d.state = 'trial' OR d.trial_ends_on IS NOT NULL OR EXISTS (
    SELECT FROM deployment_events AS e
    WHERE e.deployment_id = d.id AND e.type = 'created' AND e.to_state = 'trial');
CREATE INDEX deployments_trials_idx ON deployments (tenant_id) WHERE began_on_trial;

CREATE TABLE trial_grants (
    id         uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id  text        NOT NULL,
    trials     integer     NOT NULL,
    granted_by text        NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    granted_at timestamptz NOT NULL,
    CONSTRAINT trial_grants_pkey PRIMARY KEY (id),
    CONSTRAINT trial_grants_trials_check CHECK (trials BETWEEN 1 AND 1000)
);
CREATE INDEX trial_grants_tenant_idx ON trial_grants (tenant_id, id);
GRANT SELECT, INSERT ON trial_grants TO catalog;

INSERT INTO trial_grants (tenant_id, trials, granted_by, reason, granted_at)
SELECT tenant_id, least(count(*) - 1, 1000), 'upgrade', 'trials from before there was a limit',
       now()
FROM deployments WHERE began_on_trial GROUP BY tenant_id HAVING count(*) > 1;
"""

# Ids ascend in the order of commits, because a writer holds a lock from before it takes one until
# its transaction ends: a reader that goes on from the last id misses none.
BACKDATED = """
CREATE TABLE backdated_changes (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    tenant_id       text        NOT NULL,
    subscription_id uuid        NOT NULL,
    deployment_id   uuid        NOT NULL,
    effective_from  date        NOT NULL,
    made_at         timestamptz NOT NULL,
    CONSTRAINT backdated_changes_pkey PRIMARY KEY (id),
    CONSTRAINT backdated_changes_subscription_id_fkey
        FOREIGN KEY (subscription_id) REFERENCES subscriptions (id),
    CONSTRAINT backdated_changes_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id)
);
GRANT SELECT, INSERT ON backdated_changes TO catalog;
"""

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
"""

OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    for statements in (WHOSE, ADDONS, PAUSES, UNCUT, EVENTS, TRIALS, BACKDATED):
        op.execute(statements)
    for table in ("trial_grants", "backdated_changes"):
        op.execute(APPEND_ONLY.format(table=table))
    op.execute(f"CREATE POLICY visible ON backdated_changes TO catalog USING ({OF_TENANT})")
    # A tenant sees what it was granted, and grants itself nothing.
    op.execute(f"CREATE POLICY visible ON trial_grants FOR SELECT TO catalog USING ({OF_TENANT})")
    op.execute(f"CREATE POLICY changeable ON trial_grants TO catalog USING ({OF_OPERATOR})")

"""Caps on what a deployment or a tenant comes to in a month, and the times they were reached."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SPEND = """
CREATE TABLE spend_policies (
    id            uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id     text        NOT NULL,
    deployment_id text        NOT NULL DEFAULT '',
    cap_cents     bigint      NOT NULL,
    currency      text        NOT NULL,
    action        text        NOT NULL,
    created_by    text        NOT NULL,
    created_at    timestamptz NOT NULL,
    deleted_at    timestamptz,
    CONSTRAINT spend_policies_pkey PRIMARY KEY (id),
    CONSTRAINT spend_policies_cap_check CHECK (cap_cents > 0),
    CONSTRAINT spend_policies_action_check CHECK (action IN ('notify', 'ask_approval', 'pause'))
);
CREATE INDEX spend_policies_standing_idx ON spend_policies (id) WHERE deleted_at IS NULL;
CREATE INDEX spend_policies_tenant_idx ON spend_policies (tenant_id, id);
GRANT SELECT, INSERT, UPDATE ON spend_policies TO analytics;

-- The policy is kept as it was then: it may change, and be deleted.
CREATE TABLE spend_breaches (
    id                uuid        NOT NULL DEFAULT uuidv7(),
    policy_id         uuid        NOT NULL,
    period            date        NOT NULL,
    tenant_id         text        NOT NULL,
    deployment_id     text        NOT NULL,
    cap_cents         bigint      NOT NULL,
    currency          text        NOT NULL,
    action            text        NOT NULL,
    policy_created_by text        NOT NULL,
    policy_created_at timestamptz NOT NULL,
    accrued_cents     bigint      NOT NULL,
    status            text        NOT NULL DEFAULT 'open',
    workflow_id       text        NOT NULL DEFAULT '',
    run_id            text        NOT NULL DEFAULT '',
    started_at        timestamptz,
    finished_at       timestamptz,
    decided_by        text        NOT NULL DEFAULT '',
    reason            text        NOT NULL DEFAULT '',
    decided_at        timestamptz,
    occurred_at       timestamptz NOT NULL,
    CONSTRAINT spend_breaches_pkey PRIMARY KEY (id),
    CONSTRAINT spend_breaches_once UNIQUE (policy_id, period),
    CONSTRAINT spend_breaches_policy_fkey FOREIGN KEY (policy_id) REFERENCES spend_policies (id),
    CONSTRAINT spend_breaches_period_check CHECK (extract(day FROM period) = 1),
    CONSTRAINT spend_breaches_status_check CHECK (status IN
        ('open', 'notified', 'awaiting_approval', 'approved', 'refused', 'paused')),
    CONSTRAINT spend_breaches_decided_check
        CHECK ((decided_at IS NULL) = (decided_by = ''))
);
CREATE INDEX spend_breaches_tenant_idx ON spend_breaches (tenant_id, id);
CREATE INDEX spend_breaches_waiting_idx ON spend_breaches (policy_id)
    WHERE status IN ('open', 'refused');
GRANT SELECT, INSERT, UPDATE ON spend_breaches TO analytics;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(SPEND)
    for table in ("spend_policies", "spend_breaches"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO analytics USING ({OF_OPERATOR})")

"""Migrations of subscriptions from one plan version to another."""

from alembic import op

from services.common.audit.tables import watched

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MIGRATIONS = """
CREATE TABLE plan_migrations (
    id              uuid        NOT NULL DEFAULT uuidv7(),
    from_plan_code  text        NOT NULL,
    from_version    integer     NOT NULL DEFAULT 0,
    plan_version_id uuid        NOT NULL,
    tenant_id       text        NOT NULL DEFAULT '',
    started_before  date,
    notice_on       date        NOT NULL,
    effective_on    date        NOT NULL,
    notice_days     integer     NOT NULL,
    status          text        NOT NULL DEFAULT 'waiting',
    is_paused       boolean     NOT NULL DEFAULT false,
    reason          text        NOT NULL DEFAULT '',
    started_by      text        NOT NULL,
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    CONSTRAINT plan_migrations_pkey PRIMARY KEY (id),
    CONSTRAINT plan_migrations_version_fkey
        FOREIGN KEY (plan_version_id) REFERENCES plan_versions (id),
    CONSTRAINT plan_migrations_status_check CHECK (
        status IN ('waiting', 'scheduling', 'scheduled', 'in_effect', 'undoing', 'undone')),
    CONSTRAINT plan_migrations_notice_check CHECK (effective_on >= notice_on + notice_days)
);
GRANT SELECT, INSERT, UPDATE ON plan_migrations TO catalog;
ALTER TABLE plan_migrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON plan_migrations TO catalog
    USING ((SELECT current_setting('arcadia.scope', true)) = 'all');
"""

ROWS = """
CREATE TABLE plan_migration_subscriptions (
    migration_id    uuid        NOT NULL,
    subscription_id uuid        NOT NULL,
    tenant_id       text        NOT NULL,
    outcome         text        NOT NULL DEFAULT 'planned',
    reason          text        NOT NULL DEFAULT '',
    updated_at      timestamptz NOT NULL,
    CONSTRAINT plan_migration_subscriptions_pkey PRIMARY KEY (migration_id, subscription_id),
    CONSTRAINT plan_migration_subscriptions_migration_fkey
        FOREIGN KEY (migration_id) REFERENCES plan_migrations (id),
    CONSTRAINT plan_migration_subscriptions_subscription_fkey
        FOREIGN KEY (subscription_id) REFERENCES subscriptions (id),
    CONSTRAINT plan_migration_subscriptions_outcome_check CHECK (
        outcome IN ('planned', 'scheduled', 'skipped', 'failed', 'taken_back'))
);
CREATE INDEX plan_migration_subscriptions_outcome_idx
    ON plan_migration_subscriptions (migration_id, outcome, subscription_id);
GRANT SELECT, INSERT, UPDATE ON plan_migration_subscriptions TO catalog;
ALTER TABLE plan_migration_subscriptions ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON plan_migration_subscriptions TO catalog USING (
    CASE (SELECT current_setting('arcadia.scope', true))
        WHEN 'all' THEN true
        ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
    END);
"""

# A term that a migration scheduled, and the day on which it was announced.
TERMS = """
ALTER TABLE subscription_terms
    ADD COLUMN migration_id uuid,
    ADD COLUMN noticed_on date,
    ADD CONSTRAINT subscription_terms_migration_fkey
        FOREIGN KEY (migration_id) REFERENCES plan_migrations (id);
CREATE INDEX subscription_terms_migration_idx ON subscription_terms (migration_id)
    WHERE migration_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(MIGRATIONS)
    op.execute(ROWS)
    op.execute(TERMS)
    op.execute(watched("plan_migrations"))

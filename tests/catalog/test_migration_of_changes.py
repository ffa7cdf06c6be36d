"""The migrations create the declared tables, and keep existing data."""

import uuid

import psycopg
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer


def test_the_migrated_database_is_what_the_models_say(postgres: PostgresServer) -> None:
    name = postgres.create(Service.CATALOG)
    settings = postgres.settings({Service.CATALOG: name})
    command.check(migration_config(settings, Service.CATALOG))
    migrate(settings, Service.CATALOG)
    command.check(migration_config(settings, Service.CATALOG))
    postgres.drop(name)


BEFORE = """
INSERT INTO plans (code, name, created_at) VALUES ('studio', 'Studio', now());
INSERT INTO plan_versions (plan_id, version, price_cents, currency, status, created_at)
SELECT id, 1, 5000, 'AUD', 'draft', now() FROM plans;
INSERT INTO deployments (tenant_id, slug, display_name, state, trial_ends_on, created_at,
                         state_changed_at)
VALUES ('acme', 'ends', 'ends', 'trial', '2190-01-01', now(), now()),
       ('acme', 'ended', 'ended', 'active', '2026-01-01', now(), now()),
       ('acme', 'endless', 'endless', 'active', NULL, now(), now()),
       ('globex', 'one', 'one', 'trial', NULL, now(), now()),
       ('globex', 'none', 'none', 'active', NULL, now(), now());
INSERT INTO deployment_events (deployment_id, tenant_id, type, to_state, actor, occurred_at)
SELECT id, tenant_id, 'created', CASE slug WHEN 'none' THEN 'active' ELSE 'trial' END, 'op', now()
FROM deployments;
INSERT INTO subscriptions (deployment_id, tenant_id, starts_on, ends_on, created_at)
SELECT id, tenant_id, '2026-01-01',
       CASE slug WHEN 'ends' THEN date '2190-06-01' WHEN 'ended' THEN date '2026-02-01' END, now()
FROM deployments WHERE slug IN ('ends', 'ended');
INSERT INTO subscription_terms
    (subscription_id, tenant_id, plan_version_id, effective_from, effective_to)
SELECT s.id, s.tenant_id, v.id, s.starts_on, s.ends_on FROM subscriptions AS s, plan_versions AS v;
INSERT INTO subscription_pauses (subscription_id, tenant_id, paused_on, resumed_on)
SELECT id, tenant_id, '2026-01-10', ends_on FROM subscriptions;
INSERT INTO subscription_addons (subscription_id, tenant_id, code, resource_kind, qty, price_cents,
                                 currency, attached_on, detached_on)
SELECT id, tenant_id, 'storage_50gb', 'spaces_gb_month', 50, 750, 'AUD', starts_on, ends_on
FROM subscriptions;
"""

SPANS = """
SELECT d.slug, s.ends_on::text, t.effective_to::text, p.resumed_on::text, a.detached_on::text
FROM subscriptions AS s JOIN deployments AS d ON d.id = s.deployment_id
JOIN subscription_terms AS t ON t.subscription_id = s.id
JOIN subscription_pauses AS p ON p.subscription_id = s.id
JOIN subscription_addons AS a ON a.subscription_id = s.id
ORDER BY d.slug
"""

TRIALS = """
SELECT d.tenant_id, count(*) FILTER (WHERE d.began_on_trial),
       (SELECT sum(trials)::int FROM trial_grants AS g WHERE g.tenant_id = d.tenant_id)
FROM deployments AS d GROUP BY d.tenant_id ORDER BY d.tenant_id
"""


def test_an_end_that_was_to_come_can_be_taken_back_and_trials_are_kept(
    postgres: PostgresServer,
) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0005")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        assert connection.execute(SPANS).fetchall() == [
            ("ended", "2026-02-01", "2026-02-01", "2026-02-01", "2026-02-01"),
            ("ends", "2190-06-01", None, None, None),
        ]
        assert connection.execute(TRIALS).fetchall() == [("acme", 3, 2), ("globex", 1, None)]
    postgres.drop(name)

"""Subscriptions keep their terms as migrations of plans come; an undo of before goes on."""

import uuid
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service, Settings
from tests.support.databases import PostgresServer

SUBSCRIBED = """
INSERT INTO plans (code, name, created_at) VALUES ('studio', 'Studio', now());
INSERT INTO plan_versions (plan_id, version, price_cents, currency, created_at)
SELECT id, 1, 5000, 'AUD', now() FROM plans;
UPDATE plan_versions SET status = 'active', published_at = now();
INSERT INTO deployments (tenant_id, slug, display_name, region, llm_mode, state, created_at,
                         state_changed_at)
VALUES ('acme', 'blog', 'Blog', 'sydney', 'own_key', 'active', now(), now());
INSERT INTO subscriptions (deployment_id, tenant_id, starts_on, created_at)
SELECT id, tenant_id, '2026-01-01', now() FROM deployments;
INSERT INTO subscription_terms (subscription_id, tenant_id, plan_version_id, effective_from)
SELECT s.id, s.tenant_id, v.id, s.starts_on FROM subscriptions AS s, plan_versions AS v;
"""

UNDOING = """
INSERT INTO plan_migrations (from_plan_code, plan_version_id, notice_on, effective_on, notice_days,
                             status, started_by, started_at)
SELECT 'studio', id, '2026-05-01', '2026-06-01', 30, 'undoing', 'op', now() FROM plan_versions
"""


@pytest.fixture
def before(postgres: PostgresServer) -> Iterator[tuple[Settings, str]]:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    yield settings, name
    postgres.drop(name)


def test_terms_of_before_were_scheduled_by_no_migration(
    postgres: PostgresServer, before: tuple[Settings, str]
) -> None:
    settings, name = before
    command.upgrade(migration_config(settings, Service.CATALOG), "0017")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(SUBSCRIBED)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        terms = "SELECT effective_from, effective_to, migration_id, noticed_on"
        assert connection.execute(f"{terms} FROM subscription_terms").fetchall() == [
            (date(2026, 1, 1), None, None, None)
        ]
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("UPDATE subscription_terms SET migration_id = uuidv7()")


def test_an_undo_of_before_keeps_its_status_and_has_no_day(
    postgres: PostgresServer, before: tuple[Settings, str]
) -> None:
    settings, name = before
    command.upgrade(migration_config(settings, Service.CATALOG), "0019")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(SUBSCRIBED)
        connection.execute(UNDOING)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        found = connection.execute("SELECT status, undo_decided_on FROM plan_migrations")
        assert found.fetchall() == [("undoing", None)]

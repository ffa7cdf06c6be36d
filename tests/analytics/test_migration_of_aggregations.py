"""Events and figures of before are sums, and the release before still writes them as such."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
SELECT prepare_month(ARRAY['daily_usage', 'usage_events'], '2026-04-10');
INSERT INTO usage_events (day, source, idempotency_key, tenant_id, deployment_id, resource_kind,
                          qty, occurred_at, received_at)
VALUES ('2026-04-10', 'gateway', '{key}', 'acme', 'd', 'llm_tokens', 5, '2026-04-10Z', now());
INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, dimensions, qty, fact_count,
                         facts_hash, metered_at)
VALUES ('2026-04-10', 'acme', 'd', 'llm_tokens', '{{"model": "{key}"}}', 5, 1, 'h', now());
INSERT INTO unfolded_usage (day, tenant_id, deployment_id, resource_kind)
VALUES ('2026-04-10', 'acme', 'd', 'llm_tokens');
"""


def test_usage_of_the_release_before_is_summed(postgres: PostgresServer) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0021")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE.format(key="before").encode())
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE.format(key="after").encode())
        for table in ("usage_events", "daily_usage", "unfolded_usage"):
            rows = connection.execute(f"SELECT aggregation FROM {table}".encode())
            assert rows.fetchall() == [("sum",), ("sum",)]
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE usage_events SET unique_digest = 'ann'")
    postgres.drop(name)

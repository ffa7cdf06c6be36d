"""Existing tenants get limits: nothing of theirs is refused or counted twice."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
INSERT INTO deployments (tenant_id, slug, display_name, state, created_at, state_changed_at)
SELECT 'acme', 'app-' || n, 'app', 'active', now(), now() FROM generate_series(1, 150) AS n
"""

SET = """
INSERT INTO tenant_limits (tenant_id, name, value, set_by, set_at)
VALUES ('acme', 'deployments', 500, 'op', now())
"""


def test_limits_of_tenants_stay_and_limits_set_by_operators_are_never_rewritten(
    postgres: PostgresServer,
) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0008")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute("SELECT count(*) FROM deployments").fetchone()
        assert kept == (150,)
        connection.execute(SET)
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("UPDATE tenant_limits SET value = 9")
    postgres.drop(name)

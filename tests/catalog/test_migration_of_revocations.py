"""Revocations from before the list had a version stay in force."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
INSERT INTO token_revocations (tenant_id, subject, revoked_by, revoked_at, ends_at)
SELECT tenant_id, 'm' || n, 'op', now(), now() + interval '1 day'
FROM generate_series(1, 300) AS n, unnest(ARRAY['acme', 'globex', '']) AS tenant_id
"""


def test_the_revocations_stay_and_are_counted_over_all_tenants(postgres: PostgresServer) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0011")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute("SELECT count(*) FROM token_revocations").fetchone()
        assert kept == (900,)
        versions = connection.execute("SELECT count(version) FROM token_revocation_list").fetchone()
        assert versions == (1,)
    with psycopg.connect(postgres.url(name, "catalog")) as connection:
        connection.execute("SELECT set_config('arcadia.tenant', 'acme', false)")
        seen = "SELECT count(*), count_revocations_of_tenants(now()) FROM token_revocations"
        assert connection.execute(seen).fetchone() == (300, 600)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM token_revocation_list")
    postgres.drop(name)

"""Spans read by the previous release are kept, with an unknown size."""

import uuid

import psycopg
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
SELECT prepare_month(ARRAY['resource_spans'], '2026-04-01');
INSERT INTO resource_spans (period, pass_id, page, resource_id, kind, name, tenant_id,
                            deployment_id, span_from, span_to)
VALUES ('2026-04-01', 1, '', gen_random_uuid(), 'spaces_bucket', 'files', 'acme', 'shop',
        '2026-04-01', '2026-05-01')
"""


def test_a_span_of_before_is_of_unknown_size_and_not_of_none(postgres: PostgresServer) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0009")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute("SELECT name, size_gb FROM resource_spans").fetchall()
    assert kept == [("files", None)]
    postgres.drop(name)

"""Data of the previous release keep their meaning after the migrations."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

RATE = """
INSERT INTO exchange_rates (from_currency, to_currency, rate, effective_from, effective_to,
                            created_by, created_at)
VALUES ('USD', 'AUD', %s, %s, %s, 'ops', now())
"""
TAX = """
INSERT INTO tax_rules (tax_region, label, rate_percent, effective_from, effective_to,
                       created_by, created_at)
VALUES ('NZ', 'GST', %s, %s, %s, 'ops', now())
"""


def test_rates_and_tax_of_before_hold_as_they_did_and_none_is_superseded(
    postgres: PostgresServer,
) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0009")
    with psycopg.connect(postgres.url(name)) as connection:
        for statement in (RATE, TAX):
            connection.execute(statement, (1, "2026-01-01", "2026-06-01"))
            connection.execute(statement, (2, "2026-06-01", None))
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        for table, of in (("exchange_rates", "true"), ("tax_rules", "tax_region = 'NZ'")):
            kept = connection.execute(
                f"SELECT effective_to::text, set_until::text FROM {table}"
                f" WHERE superseded_at IS NULL AND continues IS NULL AND {of}"
                " ORDER BY effective_from"
            ).fetchall()
            assert kept == [("2026-06-01", "2026-06-01"), (None, None)]
        for statement in (RATE, TAX):
            with (
                pytest.raises(psycopg.errors.ExclusionViolation),
                connection.transaction(),
            ):
                connection.execute(statement, (3, "2026-05-01", "2026-05-02"))
    postgres.drop(name)

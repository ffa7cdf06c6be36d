"""The migrations create the declared tables in an empty database."""

import uuid

import psycopg
import pytest
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


PRICE = """
INSERT INTO resource_prices
    (resource_kind, unit, unit_price_cents, currency, effective_from, effective_to, created_at)
VALUES ('dns_zones', 'zone', %s, %s, %s, %s, now())
"""


def test_prices_of_before_hold_as_they_did_and_none_is_superseded(postgres: PostgresServer) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0005")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(PRICE, (60, "AUD", "2020-01-01", "2026-06-01"))
        connection.execute(PRICE, (65, "AUD", "2026-06-01", None))
        connection.execute(PRICE, (60, "ABC", "2020-01-01", None))  # before codes were checked
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute(
            "SELECT unit_price_cents::int, currency, effective_to::text, set_until::text"
            " FROM resource_prices WHERE superseded_at IS NULL AND continues IS NULL"
            " ORDER BY currency DESC, effective_from"
        ).fetchall()
        assert kept == [
            (60, "AUD", "2026-06-01", "2026-06-01"),
            (65, "AUD", None, None),
            (60, "ABC", None, None),
        ]
        with pytest.raises(psycopg.errors.ExclusionViolation):
            connection.execute(PRICE, (1, "AUD", "2026-05-01", "2026-05-02"))
    postgres.drop(name)

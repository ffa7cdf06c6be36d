"""Plan items and prices without matches keep their meaning: they apply to the whole meter."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
INSERT INTO plans (code, name, created_at) VALUES ('studio', 'Studio', now());
INSERT INTO plan_versions (plan_id, version, price_cents, currency, created_at)
SELECT id, 1, 5000, 'AUD', now() FROM plans;
INSERT INTO plan_items (plan_version_id, position, resource_kind, included_qty, overage_unit,
                        overage_price_cents)
SELECT id, 0, 'droplet_hours', 1488, 'hour', 1 FROM plan_versions;
UPDATE plan_versions SET status = 'active', published_at = now();
INSERT INTO resource_prices
    (resource_kind, unit, unit_price_cents, currency, effective_from, created_at)
VALUES ('droplet_hours', 'hour', 1.5, 'AUD', '2020-01-01', now());
"""

PRICE = """
INSERT INTO resource_prices (resource_kind, unit, unit_price_cents, currency, effective_from, match,
                             created_at)
VALUES ('droplet_hours', 'hour', 4, 'AUD', %s, %s, now())
"""


def test_rows_of_before_match_everything_and_rows_of_other_matches_stand_beside_them(
    postgres: PostgresServer,
) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0014")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute(
            "SELECT match, included_qty::int FROM plan_items"
            " UNION ALL SELECT match, ceil(unit_price_cents)::int FROM resource_prices"
        ).fetchall()
        assert kept == [({}, 1488), ({}, 2)]
        sized = '{"size": ["s-1vcpu-1gb", "gpu-*"]}'
        connection.execute(PRICE, ("2021-01-01", sized))
        with pytest.raises(psycopg.errors.ExclusionViolation), connection.transaction():
            connection.execute(PRICE, ("2022-01-01", sized))
        with pytest.raises(psycopg.errors.ExclusionViolation), connection.transaction():
            connection.execute(PRICE, ("2022-01-01", "{}"))
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute(PRICE, ("2022-01-01", "[]"))
    postgres.drop(name)

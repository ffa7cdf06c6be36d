"""An existing catalog gets list prices, and its prices stay unchanged."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
INSERT INTO resource_prices (resource_kind, unit, unit_price_cents, currency, effective_from,
                             created_at)
VALUES ('droplet_hours', 'hour', 1.5, 'AUD', '2020-01-01', now())
"""

PRICE = """
INSERT INTO list_prices (provider, meter, dimensions, usd, per_qty, source, effective_from,
                         recorded_by, created_at)
VALUES ('digitalocean', 'droplet_hours', '{}', 24, 672, 'api', '2000-01-01', 'sync', now())
"""


def test_prices_of_ours_stay_and_two_list_prices_never_overlap(postgres: PostgresServer) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0013")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute("SELECT unit_price_cents FROM resource_prices").fetchone()
        assert kept is not None
        assert str(kept[0]) == "1.5"
        connection.execute(PRICE)
        with pytest.raises(psycopg.errors.ExclusionViolation):
            connection.execute(PRICE)
    postgres.drop(name)

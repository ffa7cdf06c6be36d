"""A catalog of the release before keeps its kinds of usage, and takes event meters beside them."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.catalog.test_migration_of_matches import BEFORE
from tests.support.databases import PostgresServer

METER = """
INSERT INTO meters (code, name, units, aggregation, basis, created_by, created_at)
VALUES (%s, 'Calls', '{"call": 1}', %s, %s, 'op', now())
"""
COST = """
INSERT INTO meter_costs (meter_code, unit, unit_cost_cents, currency, effective_from, created_by,
                         created_at)
VALUES ('calls', 'call', 0.2, 'USD', %s, 'op', now())
"""


def test_rows_of_before_are_kept_and_meters_stand_beside_them(postgres: PostgresServer) -> None:
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0020")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.CATALOG)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute(
            "SELECT resource_kind FROM plan_items UNION ALL"
            " SELECT resource_kind FROM resource_prices"
        ).fetchall()
        assert kept == [("droplet_hours",)] * 2
        connection.execute(METER, ("calls", "sum", "events"))
        for row in (
            ("Calls", "sum", "events"),
            ("peak", "average", "events"),
            ("peak", "max", "hours"),
            ("held", "time_weighted", "events"),
        ):
            with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute(METER, row)
        connection.execute(COST, ("2026-04-01",))
        with pytest.raises(psycopg.errors.ExclusionViolation), connection.transaction():
            connection.execute(COST, ("2026-05-01",))
    postgres.drop(name)

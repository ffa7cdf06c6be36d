"""Invoices of before rebill no costs, and the release before still drafts and attributes."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

BEFORE = """
INSERT INTO rollups (id, period, key, force, approval_required, workflow_id, run_id, started_by,
                     started_at)
VALUES ('00000000-0000-7000-8000-000000000001', '2026-04-01', 'k', false, false, 'w', 'r', 'op',
        now());
INSERT INTO rollup_tenants (rollup_id, tenant_id, page, outcome)
VALUES ('00000000-0000-7000-8000-000000000001', 'acme', 1, 'failed');
INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at)
VALUES ('acme', 'shop', '2026-04-01', 'usage', now());
SELECT prepare_month(ARRAY['attributed_costs'], '2026-04-01');
"""
COST = """
INSERT INTO attributed_costs (period, pass_id, page, kind, classification, description,
                              attribution, tenant_id, deployment_id, amount_usd)
VALUES ('2026-04-01', 1, %s, 'droplet', 'resource', 'web-1', 'tenant', 'acme', 'shop', 1)
"""


def test_costs_and_outcomes_of_before_are_kept_and_new_ones_are_known(
    postgres: PostgresServer,
) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0023")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
        connection.execute(COST, ("before",))
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(COST, ("after",))
        keys = connection.execute("SELECT DISTINCT cost_key FROM attributed_costs")
        assert keys.fetchall() == [("",)]
        connection.execute("UPDATE rollup_tenants SET outcome = 'waiting'")
        connection.execute("UPDATE month_changes SET cause = 'costs'")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE rollup_tenants SET outcome = 'unheard of'")
    postgres.drop(name)

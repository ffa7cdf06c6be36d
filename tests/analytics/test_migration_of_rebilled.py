"""Accruals get a rebilled part: those of before have none, and the release before still writes."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

ACCRUAL = """
INSERT INTO accruals (period, pass_id, page, subscription_id, deployment_id, tenant_id,
                      accrued_cents, recurring_cents, overage_cents, ad_hoc_cents, kind_cents,
                      currency, inputs_json, inputs_hash, engine_version, result_hash)
VALUES ('2026-04-01', 1, %s, %s, 'd', 'acme', 6, 1, 2, 3, '{}', 'AUD', '{}', 'h', '2', 'r')
"""


def test_an_accrual_without_a_rebilled_part_adds_up_as_before(postgres: PostgresServer) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0020")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(ACCRUAL, (0, "before"))
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(ACCRUAL, (0, "after"))
        parts = connection.execute("SELECT DISTINCT accrued_cents, rebilled_cents FROM accruals")
        assert parts.fetchall() == [(6, 0)]
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE accruals SET rebilled_cents = 1")
    postgres.drop(name)

"""Data of the previous release keep their meaning after the migrations."""

import uuid
from typing import Final

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

LINES: Final = """
SELECT prepare_cost_month('2026-05-01');
INSERT INTO cloud_cost_lines (period, provider_invoice_id, row_number, product,
    group_description, description, project_name, category, amount_usd, kind, classification,
    is_overage, resource_name, tenant_id, deployment_id)
SELECT '2026-05-01', '00000000-0000-4000-8000-000000000001', row, 'Droplets', '', '', '', '',
       row, 'droplet', 'resource', false, '', tenant, deployment
FROM (VALUES (1, 'acme', 'shop'), (2, 'globex', 'shop'), (3, NULL, NULL), (4, 'acme', NULL))
     AS lines (row, tenant, deployment);
INSERT INTO cloud_invoice_totals
    (period, provider_invoice_id, grouped_by, value, amount_usd, line_count)
VALUES ('2026-05-01', '00000000-0000-4000-8000-000000000001', 'deployment', 'shop', 3, 2),
       ('2026-05-01', '00000000-0000-4000-8000-000000000001', 'deployment', '', 7, 2),
       ('2026-05-01', '00000000-0000-4000-8000-000000000001', 'kind', 'droplet', 10, 4);
INSERT INTO cloud_month_totals (period, grouped_by, value, amount_usd, line_count)
SELECT period, grouped_by, value, amount_usd, line_count FROM cloud_invoice_totals
"""


def test_totals_of_before_are_split_between_tenants_with_equal_slugs(
    postgres: PostgresServer,
) -> None:
    name = f"billing_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.BILLING: name})
    provision(settings, Service.BILLING)
    command.upgrade(migration_config(settings, Service.BILLING), "0006")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(LINES)
    migrate(settings, Service.BILLING)
    with psycopg.connect(postgres.url(name)) as connection:
        for table in ("cloud_invoice_totals", "cloud_month_totals"):
            rows = connection.execute(
                "SELECT grouped_by, tenant_id, value, amount_usd::int, line_count"
                f" FROM {table} ORDER BY 1, 2, 3"
            ).fetchall()
            assert rows == [
                ("deployment", "", "", 7, 2),
                ("deployment", "acme", "shop", 1, 1),
                ("deployment", "globex", "shop", 2, 1),
                ("kind", "", "droplet", 10, 4),
            ]
    postgres.drop(name)


BEFORE: Final = """
SELECT prepare_cost_month('2026-05-01');
INSERT INTO cloud_cost_lines (period, provider_invoice_id, row_number, product,
    group_description, description, project_name, category, amount_usd, kind, classification,
    is_overage, resource_name)
SELECT '2026-05-01', '00000000-0000-4000-8000-000000000001', row, 'Quantum', '', '', '', '',
       row, '', classification, false, ''
FROM (VALUES (1, 'account'), (2, 'resource'), (3, 'tax')) AS lines (row, classification);
INSERT INTO cloud_invoices (invoice_uuid, history_usd, issued_at, discovered_at, ingest_status)
VALUES ('good', 1, now(), now(), 'ingested'), ('bad', 1, now(), now(), 'failed');
"""


def test_lines_and_invoices_of_before_stay_as_they_were_and_new_ones_may_be_unknown(
    postgres: PostgresServer,
) -> None:
    name = f"billing_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.BILLING: name})
    provision(settings, Service.BILLING)
    command.upgrade(migration_config(settings, Service.BILLING), "0008")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.BILLING)
    with psycopg.connect(postgres.url(name)) as connection:
        told = connection.execute(
            "SELECT classification, shares, region FROM cloud_cost_lines ORDER BY row_number"
        ).fetchall()
        assert told == [("account", None, ""), ("resource", None, ""), ("tax", None, "")]
        waived = connection.execute(
            "SELECT invoice_uuid, ingest_status, waived_at, waive_reason, summary_taxes_usd"
            " FROM cloud_invoices ORDER BY invoice_uuid DESC"
        ).fetchall()
        assert waived == [("good", "ingested", None, "", None), ("bad", "failed", None, "", None)]
        connection.execute("UPDATE cloud_cost_lines SET classification = 'unknown'")
        connection.execute("SELECT prepare_cost_month('2026-06-01')")
        connection.execute("UPDATE cloud_cost_lines SET classification = 'resource'")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE cloud_cost_lines SET classification = 'odd'")
    postgres.drop(name)

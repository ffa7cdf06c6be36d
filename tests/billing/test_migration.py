"""What a database of the release before holds is what it was after the migrations."""

import uuid
from typing import Final

import psycopg
from alembic import command

from services.common.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

LINES: Final = """
CREATE TABLE cloud_cost_lines_2026_05 PARTITION OF cloud_cost_lines
    FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
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

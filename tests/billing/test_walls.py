"""The provider's bills are for operators only, also by row-level security."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from services.billing.tables import metadata
from services.common.identity.callers import ALL, Scope
from services.common.settings import Service
from tests.billing.bills import Billing, Line

STAGING = {"cloud_staged_lines", "cloud_staged_items"}
"""Without it: PostgreSQL refuses COPY into a table with row-level security."""

TABLES = ["cloud_invoices", "cloud_cost_lines", "cloud_ingests"]


@pytest.mark.parametrize("table", TABLES)
async def test_the_database_shows_bills_to_operators_only(billing: Billing, table: str) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line()])
    query = text(f"SELECT count(*) FROM {table}")
    for scope, count in ((ALL, 1), (Scope("acme"), 0)):
        async with billing.database.read(scope) as session:
            assert (await session.execute(query)).scalar_one() == count
    async with billing.database.engine.connect() as connection:
        assert (await connection.execute(query)).scalar_one() == 0


async def test_every_table_but_the_staging_has_row_level_security(billing: Billing) -> None:
    rows = billing.rows(
        "SELECT relname, relrowsecurity, pg_get_userbyid(relowner) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND relname <> 'alembic_version'"
    )
    assert {name for name, *_ in rows} == {table.name for table in metadata.tables.values()}
    assert {name for name, secured, _ in rows if not secured} == STAGING
    assert {owner for *_, owner in rows} == {"billing_owner"}


async def test_the_partitions_are_closed_to_the_service(billing: Billing) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line()])
    url = billing.settings.database_url(Service.BILLING)
    with (
        psycopg.connect(url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema partitions"),
    ):
        connection.execute("SELECT * FROM partitions.cloud_cost_lines_2026_05")


async def test_creating_a_month_does_not_block_readers_or_wait_for_them(billing: Billing) -> None:
    await billing.discovered()
    async with billing.database.read(ALL) as session:
        reading = text("SELECT count(*) FROM cloud_cost_lines")
        await session.execute(reading)
        async with asyncio.timeout(60):
            await billing.discovered("another", period="2024-02-01")
        assert (await session.execute(reading)).scalar_one() == 0


async def test_a_month_that_no_bill_can_name_gets_no_partition(billing: Billing) -> None:
    for month in ("1999-12-01", "2200-01-01"):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            billing.rows("SELECT prepare_cost_month(%s)", month)

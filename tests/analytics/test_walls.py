"""Row-level security: a tenant sees its usage, operators everything else."""

import psycopg
import pytest
from sqlalchemy import text

from services.analytics.tables import metadata
from services.common.identity.callers import ALL, Scope
from services.common.settings import Service
from tests.analytics.account import Analytics, event, yesterday
from tests.analytics.april import PERIOD, line, spans
from tests.analytics.peers import BLOG, Span, at
from tests.analytics.revenue import Billed, invoice
from tests.support.databases import PostgresServer

OF_TENANTS = [
    "daily_usage", "month_changes", "usage_facts", "usage_events", "usage_levels", "usage_voids",
]  # fmt: skip  # a table
OF_OPERATORS = [
    "attributed_costs", "exchange_rates", "margin_kinds", "margin_months", "margin_shares",
    "resource_spans", "usage_event_keys", "work_pass_pages", "work_passes",
]  # fmt: skip  # a table
RATE = text(
    "INSERT INTO exchange_rates (from_currency, to_currency, rate, effective_from, created_by,"
    " created_at) VALUES ('USD', 'AUD', 1.5, '2026-01-01', 'op', now())"
)

CHANGED = text(
    "INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at)"
    " SELECT tenant, 'x', '2026-04-01', 'usage', now()"
    " FROM unnest(ARRAY['acme', 'globex']) AS tenant"
)


@pytest.fixture
async def lived(analytics: Analytics) -> Analytics:
    """Usage, costs and margin of two tenants."""
    day = yesterday()
    for number, (tenant, slug) in enumerate([("acme", "shop"), ("globex", "blog")]):
        span = Span(number, at(day), at("2199-01-01"), tenant_id=tenant, deployment=slug)
        analytics.peers.spans.append(span)
    await analytics.meter(day)
    await analytics.send(event("a"), event("b", deployment=BLOG.id))
    analytics.peers.declare("disk", "time_weighted", "hours")
    await analytics.send(event("c", kind="disk"), event("d", kind="disk", deployment=BLOG.id))
    await analytics.send(event("wrong"), event("wrong too", deployment=BLOG.id))
    await analytics.void("wrong", "wrong too")
    async with analytics.database.write(ALL) as session:
        await session.execute(CHANGED)
    analytics.peers.spans = spans(("acme", "shop"), ("globex", "blog"))
    analytics.peers.cost_lines = [line("1.00", 1), line("2.00", 2)]
    await invoice(analytics.database, PERIOD, "acme", Billed(5000))
    await analytics.attribute(PERIOD)
    await analytics.margin(PERIOD)
    async with analytics.database.write(ALL) as session:
        await session.execute(RATE)
    return analytics


@pytest.mark.parametrize("table", OF_TENANTS)
async def test_the_database_shows_a_tenant_its_own_usage_only(lived: Analytics, table: str) -> None:
    query = text(f"SELECT DISTINCT tenant_id FROM {table} ORDER BY 1")
    async with lived.database.read(Scope("acme")) as session:
        assert (await session.execute(query)).scalars().all() == ["acme"]
    async with lived.database.read(ALL) as session:
        assert (await session.execute(query)).scalars().all() == ["acme", "globex"]


@pytest.mark.parametrize("table", OF_OPERATORS)
async def test_the_database_shows_costs_and_margin_to_operators_only(
    lived: Analytics, table: str
) -> None:
    query = text(f"SELECT count(*) FROM {table}")
    async with lived.database.read(Scope("acme")) as session:
        assert (await session.execute(query)).scalar_one() == 0
    async with lived.database.read(ALL) as session:
        assert (await session.execute(query)).scalar_one() > 0


@pytest.mark.parametrize("table", [*OF_TENANTS, *OF_OPERATORS])
async def test_the_database_shows_nothing_without_a_scope(lived: Analytics, table: str) -> None:
    async with lived.database.engine.connect() as connection:
        rows = await connection.execute(text(f"SELECT count(*) FROM {table}"))
        assert rows.scalar_one() == 0


async def test_every_table_has_row_level_security_and_no_other_owner(
    analytics: Analytics, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.url(analytics.database_name)) as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity, pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND relname <> 'alembic_version'"
        ).fetchall()
    declared = {table.name for table in metadata.tables.values()}
    assert {*OF_TENANTS, *OF_OPERATORS} <= declared <= {name for name, *_ in rows}
    assert {(secured, owner) for _, secured, owner in rows} == {(True, "analytics_owner")}


async def test_the_partitions_are_closed_to_the_service(
    lived: Analytics, postgres: PostgresServer
) -> None:
    url = postgres.url(lived.database_name, Service.ANALYTICS)
    with (
        psycopg.connect(url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema partitions"),
    ):
        connection.execute("SELECT * FROM partitions.attributed_costs_2026_04")

"""The audit log is append-only and chained, also with concurrent writers."""

import asyncio
from collections import Counter

import psycopg
import pytest

from services.common.audit.tables import MAX_CHANGES
from services.common.settings import Service
from services.common.values.canonical import digest
from tests.audit.log import entries_of
from tests.audit.test_entries import deployed
from tests.catalog.shop import Shop
from tests.support.databases import PostgresServer
from tests.support.write_walks import WALKS, walking

PLANS = """
INSERT INTO plans (code, name, created_at)
SELECT 'plan-' || n, repeat('x', n * 100), now() FROM generate_series(1, 60) AS n
"""
COLLECTED = """
SELECT current_setting('arcadia.audit_rows', true), current_setting('arcadia.audit_changes', true)
"""


async def test_entries_of_concurrent_writers_form_one_chain(shop: Shop) -> None:
    await asyncio.gather(*(deployed(shop, f"web-{n}") for n in range(20)))
    entries = entries_of(shop.admin_url)
    assert [entry.seq for entry in entries] == list(range(1, 21))
    previous = "0" * 64
    for entry in entries:
        assert entry.previous_hash == previous
        previous = digest(f"{previous}\n{entry.raw}")
        assert entry.hash == previous


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'nobody'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries CASCADE",
        "UPDATE audit_links SET hash = previous_hash",
        "DELETE FROM audit_links",
        "TRUNCATE audit_links",
    ],
)
async def test_not_even_a_superuser_rewrites_the_log(shop: Shop, statement: str) -> None:
    await deployed(shop)
    with (
        psycopg.connect(shop.admin_url) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_entries SELECT * FROM audit_entries",
        "INSERT INTO audit_links SELECT * FROM audit_links",
        "DELETE FROM audit_links",
        "SELECT prepare_audit_month('2031-01-01')",
    ],
)
async def test_the_service_has_no_right_but_to_add_an_entry(shop: Shop, statement: str) -> None:
    with (
        psycopg.connect(shop.settings.database_url(Service.CATALOG)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


async def test_the_rows_of_a_large_change_are_counted_and_the_first_are_recorded(
    shop: Shop,
) -> None:
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("SELECT set_config('arcadia.audit', 'on', true)")
        connection.execute(PLANS)
        row = connection.execute(COLLECTED).fetchone()
        connection.execute("SAVEPOINT s")
        connection.execute("UPDATE plans SET name = 'y'")
        connection.execute("ROLLBACK TO s")
        again = connection.execute(COLLECTED).fetchone()
    assert row is not None
    assert row[0] == "60"
    assert row[1].count('"table"') == MAX_CHANGES
    assert "[1502 characters]" in row[1]
    assert again == row


async def test_a_transaction_of_nobody_collects_nothing(shop: Shop) -> None:
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute(PLANS)
        assert connection.execute(COLLECTED).fetchone() in [(None, None), ("", "")]


async def test_a_write_whose_commit_lost_its_answer_has_an_entry_exactly_when_it_was_done(
    postgres: PostgresServer,
) -> None:
    async with walking(postgres, Service.CATALOG, loses=True) as walk:
        await WALKS[Service.CATALOG](walk)
        entries = [entry.content for entry in entries_of(walk.admin_url)]
    done = Counter(entry["rpc"] for entry in entries if entry["changed_rows"] != "0")
    for name, _ in walk.effects:
        sent = sum(1 for each, _ in walk.effects if each == name)
        assert done[f"/arcadia.catalog.v1.{name}"] == sent, name
    assert "uncertain" in {entry["outcome"] for entry in entries}

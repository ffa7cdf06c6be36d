"""A search of the audit log uses an index behind row-level security, and is bounded."""

import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from arcadia.common.v1 import audit_pb2 as pb
from sqlalchemy import text

from services.common.audit.messages import PAGE_BYTES, page_of, position_of
from services.common.audit.store.reading import Filter, KeptEntry, list_entries, listing
from services.common.errors import ResourceExhausted
from services.common.identity.callers import ALL, Scope
from services.common.values.clock import utc_now
from tests.catalog.shop import Shop

ENTRIES = """
SELECT audit_record(
    gen_random_uuid(), date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        + n * interval '1 second',
    'actor ' || n % 100, 'tenant ' || n % 50, '/rpc', 'done', 'request ' || n,
    ARRAY['object ' || n % 1000], repeat('x', {length}))
FROM generate_series(1, {count}) AS n
"""
SCANS = """
SELECT pg_stat_get_xact_numscans(oid) FROM pg_class
WHERE relname = to_char(now() AT TIME ZONE 'UTC', '"audit_entries_"YYYY_MM"_objects_idx"')
"""
ACME = Scope("tenant 7")


def fill(shop: Shop, count: int, length: int = 10) -> None:
    with psycopg.connect(shop.admin_url, autocommit=True) as connection:
        connection.execute(ENTRIES.format(count=count, length=length).encode())
        connection.execute("ANALYZE audit_entries")


async def found(
    shop: Shop, wanted: Filter, scope: Scope, limit: int = 100, max_bytes: int = PAGE_BYTES
) -> list[KeptEntry]:
    async with shop.database.read(scope) as session:
        return await list_entries(
            session, wanted, scope, before=None, limit=limit, max_bytes=max_bytes
        )


async def test_every_indexed_search_of_a_tenant_and_of_an_operator_scans_no_month(
    shop: Shop,
) -> None:
    fill(shop, 5_000)
    month = f"audit_entries_{utc_now():%Y_%m}"
    searches = [
        (Filter(), ALL, "pkey"),
        (Filter(), ACME, "tenant_id_at_id_idx"),
        (Filter(tenant_id="tenant 3"), ALL, "tenant_id_at_id_idx"),
        (Filter(actor="actor 3"), ALL, "actor_at_id_idx"),
        (Filter(by_request_id="request 3"), ALL, "request_id_at_id_idx"),
        (Filter(by_request_id="request 7"), ACME, "idx"),
        (Filter(object="object 3"), ALL, "pkey"),
        (Filter(object="object 7"), ACME, "pkey"),
    ]
    for wanted, scope, index in searches:
        statement, values = listing(wanted, scope, before=None, limit=20, max_bytes=PAGE_BYTES)
        async with shop.database.read(scope) as session:
            lines = (await session.execute(text(f"EXPLAIN {statement}"), values)).scalars()
            plan = "\n".join(lines)
        assert f"Seq Scan on {month}" not in plan, plan
        assert f"{month}_{index}" in plan or (index == "idx" and f"{month}_" in plan), plan


async def test_a_search_by_object_uses_its_index_and_shows_a_tenant_its_own(shop: Shop) -> None:
    fill(shop, 5_000)
    for scope, count in ((ALL, 5), (ACME, 5), (Scope("tenant 8"), 0)):
        async with shop.database.read(scope) as session:
            wanted = Filter(object="object 7")
            before = (await session.execute(text(SCANS))).scalar_one()
            kept = await list_entries(
                session, wanted, scope, before=None, limit=100, max_bytes=PAGE_BYTES
            )
            scans = (await session.execute(text(SCANS))).scalar_one()
        assert len(kept) == count
        assert scans == before + 1


async def test_only_so_many_bytes_of_contents_are_read_and_at_least_one_entry(shop: Shop) -> None:
    fill(shop, 9, length=50_000)
    assert [len(await found(shop, Filter(), ALL, max_bytes=size)) for size in (1, 50_001)] == [1, 2]
    kept = await found(shop, Filter(), ALL, limit=5, max_bytes=120_000)
    assert [entry.found for entry in kept] == [5, 5, 5]


async def test_a_search_that_takes_too_long_is_refused(shop: Shop) -> None:
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ResourceExhausted) as refused:
            await found(shop, Filter(rpc="/rpc"), ALL)
    assert refused.value.reason == "AUDIT_SEARCH_TOO_LONG"


def test_a_page_ends_with_its_bytes_and_is_in_order_by_what_is_not_the_content() -> None:
    entry = pb.KeptAuditEntry(content="é" * (PAGE_BYTES // 4), id=str(uuid.UUID(int=1)))
    entry.at.FromDatetime(datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert position_of(entry) == ("2026-04-10T12:00:00.000000+00:00", str(uuid.UUID(int=1)))
    assert [len(page_of([entry] * 5, size)) for size in (1, 2, 3)] == [1, 2, 2]

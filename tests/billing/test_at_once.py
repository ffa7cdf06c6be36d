"""Bills read during an ingest: the old lines or the new ones, never both."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import grpc
import pytest
from arcadia.billing.v1 import cost_feed_service_pb2, cost_service_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb

from services.billing.costs import cost_servicer
from services.billing.costs.store import cost_feed
from services.billing.costs.store.cost_feed import period_lines
from services.billing.costs.store.cost_lines import CostLine, list_lines
from services.billing.ingest import match
from services.billing.ingest.rules.reconciling import ProviderInvoice
from services.billing.ingest.store.headers import lock_invoice
from services.common.db.database import WriteSession
from tests.billing.bills import Billing, Line
from tests.billing.lookup import Known, KnownAccount
from tests.billing.test_costs import BILL, billed, costs, feed
from tests.billing.test_daily_costs import cost, kept, replaced
from tests.billing.test_exporting import exported, read
from tests.billing.test_matching import by, found, matched_again
from tests.inventory.account import reason_of
from tests.support.waiting import until

REPLACING: Final = (
    "pg_locks WHERE relation = 'cloud_daily_costs'::regclass AND mode = 'RowExclusiveLock'"
)
WAITING: Final = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_pages_never_mix_lines_with_those_that_replaced_them(billing: Billing) -> None:
    invoice_id = await billed(billing)
    request = cost_service_pb2.ListCostLinesRequest(page_size=2)
    answer = await costs(billing).ListCostLines(request, metadata=billing.operator)
    request.page_token = answer.next_page_token
    await billed(billing, uuid="inv-0", period="2026-04-01")  # of another month: no matter
    assert (await costs(billing).ListCostLines(request, metadata=billing.operator)).cost_lines
    for replacing in (BILL, []):
        await billing.ingested(invoice_id, replacing)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await costs(billing).ListCostLines(request, metadata=billing.operator)
        assert (refused.value.code(), reason_of(refused.value)) == (
            grpc.StatusCode.ABORTED,
            "LINES_CHANGED",
        )


async def test_pages_of_totals_never_mix_those_of_other_lines(billing: Billing) -> None:
    invoice_id = await billed(billing)
    request = cost_service_pb2.ListCostTotalsRequest(
        period="2026-05", group_by="product", page_size=4
    )
    answer = await costs(billing).ListCostTotals(request, metadata=billing.operator)
    request.page_token = answer.next_page_token
    assert (await costs(billing).ListCostTotals(request, metadata=billing.operator)).totals
    for replacing in (BILL, []):
        await billing.ingested(invoice_id, replacing)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await costs(billing).ListCostTotals(request, metadata=billing.operator)
        assert reason_of(refused.value) == "LINES_CHANGED"


async def test_an_export_ends_with_an_error_when_its_lines_are_replaced_meanwhile(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_servicer, "EXPORTED_LINES", 2)
    invoice_id = await billed(billing, BILL)
    pages = 0

    async def replaced_after_the_first(*asked: Any, **more: Any) -> list[CostLine]:
        nonlocal pages
        pages += 1
        if pages == 2:
            await billing.ingested(invoice_id, BILL)
        return await list_lines(*asked, **more)

    monkeypatch.setattr(cost_servicer, "list_lines", replaced_after_the_first)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await exported(billing, "csv")
    assert reason_of(refused.value) == "LINES_CHANGED"
    assert len(read(await exported(billing, "csv"))) == len(BILL)


async def test_the_feed_refuses_to_go_on_over_lines_that_were_replaced(billing: Billing) -> None:
    invoice_id = await billed(billing)
    request = cost_feed_service_pb2.ListPeriodCostsRequest(period="2026-05-01", page_size=3)
    request.page_token = (
        await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))
    ).next_page_token
    await billing.ingested(invoice_id, BILL)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))
    assert (refused.value.code(), reason_of(refused.value)) == (
        grpc.StatusCode.ABORTED,
        "LINES_CHANGED",
    )


async def test_a_page_of_the_feed_is_of_the_lines_that_it_names(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id = await billed(billing, [Line("1.00")] * 3)
    request = cost_feed_service_pb2.ListPeriodCostsRequest(period="2026-05-01", page_size=2)
    first = await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))

    async def replaced_just_before(*asked: Any, **more: Any) -> list[CostLine]:
        await billing.ingested(invoice_id, [Line("2.00")] * 3)
        return await period_lines(*asked, **more)

    monkeypatch.setattr(cost_feed, "period_lines", replaced_just_before)
    request.page_token = first.next_page_token
    last = await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))
    assert last.lines_version == first.lines_version
    assert [line.amount_usd for line in (*first.cost_lines, *last.cost_lines)] == ["1"] * 3


async def test_a_run_that_ends_keeps_the_candidates_of_another(
    billing: Billing, known: KnownAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.resources = [Known("1")]
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line()] * 3)
    runs = 0

    async def after_the_other_run(session: WriteSession, invoice_id: UUID) -> ProviderInvoice:
        nonlocal runs
        runs += 1
        if runs == 1:
            await matched_again(billing, invoice.id)
        return await lock_invoice(session, invoice_id)

    monkeypatch.setattr(match, "lock_invoice", after_the_other_run)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await matched_again(billing, invoice.id)
    assert refused.value.code() == grpc.StatusCode.ABORTED
    assert found(billing) == [by("name", "1")] * 3
    assert (await matched_again(billing, invoice.id)).name_count == 3


async def test_two_that_replace_the_same_days_at_once_double_nothing(billing: Billing) -> None:
    await replaced(billing, cost("2026-05-01", "1"))
    may_end = asyncio.Event()

    async def pieces() -> AsyncIterator[pb.ReplaceDailyCostsRequest]:
        yield pb.ReplaceDailyCostsRequest(from_day="2026-05-01", to_day="2026-05-04")
        yield pb.ReplaceDailyCostsRequest(daily_costs=[cost("2026-05-01", "2")])
        await may_end.wait()
        yield pb.ReplaceDailyCostsRequest(total_rows=1)

    def is_there(what: str) -> bool:
        return billing.rows(f"SELECT count(*) FROM {what}") != [(0,)]

    first = asyncio.ensure_future(
        billing.ingest.ReplaceDailyCosts(pieces(), metadata=billing.worker)
    )
    await asyncio.to_thread(until, lambda: is_there(REPLACING))
    second = asyncio.create_task(replaced(billing, cost("2026-05-01", "3")))
    await asyncio.to_thread(until, lambda: is_there(WAITING))
    may_end.set()
    await asyncio.gather(first, second)
    assert kept(billing) == [("2026-05-01", "3")]

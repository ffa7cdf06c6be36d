"""An invoice's lines: replaced completely or not at all, exact, each with its id."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest
from arcadia.billing.v1 import ingest_service_pb2 as pb

from services.common.identity.callers import ALL
from tests.billing.bills import JUNE, MAY, Billing, Line, csv_of, entry
from tests.inventory.account import reason_of

TAX = Line("0.60", "GST (10.00%)", "Taxes", hours="", project="", category="")
CREDIT = Line("-1.10", "Service level credit", "Credits", hours="", project="", category="")
OVERAGE = Line(
    "28.25",
    "Droplet Bandwidth Overage (2825.36GB @ $0.01/GB)",
    "Bandwidth",
    hours="",
    project="",
)


async def test_an_invoice_of_the_history_is_discovered_once(billing: Billing) -> None:
    first = await billing.record(entry("a"), entry("b"))
    again = await billing.record(entry("a"), entry("b"))
    changed = await billing.record(entry("a", "7.00"), entry("c"))

    def counts(answer: pb.RecordBillingHistoryResponse) -> tuple[int, int, int]:
        return answer.discovered_count, answer.updated_count, answer.unchanged_count

    assert [counts(first), counts(again), counts(changed)] == [(2, 0, 0), (0, 0, 2), (1, 1, 0)]


async def test_pending_invoices_are_listed_oldest_first_page_by_page(billing: Billing) -> None:
    for number in range(5):
        await billing.record(entry(f"i{number}", issued_at=MAY.replace(day=5 - number)))
    found, token = [], ""
    while True:
        answer = await billing.ingest.ListPendingInvoices(
            pb.ListPendingInvoicesRequest(page_size=2, page_token=token), metadata=billing.worker
        )
        found += [invoice.invoice_uuid for invoice in answer.provider_invoices]
        token = answer.next_page_token
        if not token:
            break
    assert found == ["i4", "i3", "i2", "i1", "i0"]


async def test_the_parts_of_an_invoice_add_up_to_summary_and_history(billing: Billing) -> None:
    invoice = await billing.discovered(amount="33.75")
    done = await billing.ingested(invoice.id, [Line(), OVERAGE, CREDIT, TAX])
    sums = done.reconciliation
    assert (sums.lines_usd, sums.overages_usd, sums.taxes_usd, sums.credits_usd) == (
        "6",
        "28.25",
        "0.6",
        "-1.1",
    )
    assert (sums.total_usd, sums.summary_usd, sums.history_usd) == ("33.75", "33.75", "33.75")
    assert (sums.residual_usd, sums.balanced) == ("0", True)
    assert (done.ingest_status, done.line_count) == ("ingested", 4)


async def test_a_difference_of_totals_is_stored_as_the_residual(billing: Billing) -> None:
    invoice = await billing.discovered(amount="6.01")
    done = await billing.ingested(invoice.id, [Line()])
    assert (done.reconciliation.residual_usd, done.reconciliation.balanced) == ("0.01", False)


async def test_an_unknown_summary_leaves_the_balance_unknown(billing: Billing) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([Line()]))
    done = await billing.complete(ingest_id)
    assert not done.reconciliation.HasField("summary_usd")
    assert not done.reconciliation.HasField("balanced")
    assert done.reconciliation.residual_usd == "0"


async def test_an_amount_that_the_provider_changes_is_due_again_and_keeps_its_lines(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line()])
    due = await billing.discovered(amount="9.00")
    assert (due.ingest_status, due.reconciliation.residual_usd) == ("discovered", "3")
    assert len(billing.lines()) == 1


async def test_ingesting_again_never_doubles(billing: Billing) -> None:
    invoice = await billing.discovered()
    lines = [Line(str(number)) for number in range(1, 4)]
    for _ in range(3):
        await billing.ingested(invoice.id, lines, with_items=True)
    assert [amount for _, _, amount in billing.lines()] == [1, 2, 3]
    assert billing.staged() == 0


async def test_uploading_and_recording_again_replaces_what_was_staged(billing: Billing) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    for _ in range(2):
        await billing.upload(ingest_id, csv_of([Line(), Line()]))
        assert await billing.items(ingest_id, [Line(), Line()]) == 2
    assert billing.staged() == 4
    assert (await billing.complete(ingest_id)).line_count == 2


async def test_completing_again_answers_the_same(billing: Billing) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([Line()]))
    first = await billing.complete(ingest_id)
    assert await billing.complete(ingest_id) == first


async def test_ids_ascend_in_the_bills_order(billing: Billing) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line(str(n)) for n in range(1, 500)], with_items=True)
    assert [row for row, _, _ in billing.lines()] == list(range(1, 500))


async def test_a_failed_ingest_leaves_the_lines_of_the_last_good_one(billing: Billing) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line("6.00")])
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([Line("7.00")]))
    request = pb.FailIngestRequest(ingest_id=ingest_id, reason="row 3, column USD: is blank")
    failed = (await billing.ingest.FailIngest(request, metadata=billing.worker)).provider_invoice
    assert (failed.ingest_status, failed.ingest_error) == ("failed", "row 3, column USD: is blank")
    assert [amount for _, _, amount in billing.lines()] == [Decimal("6.00")]
    assert failed.line_count == 1
    assert billing.staged() == 0


async def test_a_malformed_row_is_named_and_nothing_of_the_file_is_staged(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    good = csv_of([Line(), Line(), Line()])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.upload(ingest_id, good + b"Droplets,,x,1,,,NaN,,\n", cut=40)
    assert reason_of(refused.value) == "MALFORMED_CSV"
    assert "row 4, column USD: 'NaN' is not an amount" in str(refused.value.details())
    assert billing.staged() == 0


async def test_nothing_is_complete_before_a_file_was_uploaded_well(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    with pytest.raises(grpc.aio.AioRpcError):
        await billing.upload(ingest_id, b"<!DOCTYPE html>\n<html></html>\n")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.complete(ingest_id)
    assert reason_of(refused.value) == "NOTHING_STAGED"


@pytest.mark.parametrize("total", [0, 10, 10_000])
async def test_a_stream_that_was_cut_off_is_refused(billing: Billing, total: int) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.upload(ingest_id, csv_of([Line()]), total=total)
    assert reason_of(refused.value) == "STREAM_CUT_OFF"
    assert billing.staged() == 0


async def test_a_caller_that_disconnects_in_mid_stream_leaves_no_resources(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    call = billing.ingest.UploadInvoiceCsv(metadata=billing.worker)
    content = csv_of([Line()] * 1000)
    await call.write(pb.UploadInvoiceCsvRequest(ingest_id=ingest_id, chunk=content))
    call.cancel()
    await billing.upload(ingest_id, csv_of([Line("7.00")]))
    await billing.complete(ingest_id)
    assert [amount for _, _, amount in billing.lines()] == [Decimal("7.00")]


async def test_staged_rows_that_a_crash_took_are_missed(billing: Billing) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([Line(), Line()]))
    async with billing.database.write(ALL) as session:
        driver = await session.driver()
        await driver.execute("DELETE FROM cloud_staged_lines WHERE row_number = 2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.complete(ingest_id)
    assert reason_of(refused.value) == "STAGED_ROWS_LOST"
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION  # waiting mends nothing
    assert billing.lines() == []


async def test_a_run_that_begins_anew_closes_the_one_that_was_left_open(billing: Billing) -> None:
    invoice = await billing.discovered()
    left = await billing.begin(invoice.id, "run-1")
    assert await billing.begin(invoice.id, "run-1") == left
    await billing.upload(left, csv_of([Line()]))
    await billing.begin(invoice.id, "run-2")
    assert billing.staged() == 0
    for call in (
        billing.upload(left, csv_of([Line()])),
        billing.items(left, [Line()]),
        billing.complete(left),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert reason_of(refused.value) == "INGEST_CLOSED"


async def test_readers_see_the_old_lines_or_the_new_ones(billing: Billing) -> None:
    invoice = await billing.discovered()
    old, new = [Line("1.00")] * 3000, [Line("2.00")] * 2000
    await billing.ingested(invoice.id, old)
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of(new))
    completing = asyncio.create_task(billing.complete(ingest_id))
    seen = set()
    query = "SELECT count(*), sum(amount_usd) FROM cloud_cost_lines"
    while not completing.done():
        seen |= set(await asyncio.to_thread(billing.rows, query))
    seen |= set(billing.rows(query))
    assert (2000, Decimal("4000.00")) in seen
    assert seen <= {(3000, Decimal("3000.00")), (2000, Decimal("4000.00"))}


async def test_each_line_has_the_id_that_its_item_says(billing: Billing) -> None:
    invoice = await billing.discovered()
    lines = [
        Line("3.10", "a (s)", resource_uuid="u-a", resource_id="1"),
        Line("3.1", "b (s)", project="", resource_uuid="u-b", resource_id="2"),
        replace(TAX),
    ]
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of(lines))
    await billing.items(ingest_id, list(reversed(lines[1:])), page=2)
    await billing.items(ingest_id, lines[:1], page=1)
    await billing.complete(ingest_id)
    assert billing.rows(
        "SELECT description, provider_resource_id, provider_resource_uuid FROM cloud_cost_lines"
        " ORDER BY row_number"
    ) == [("a (s)", "1", "u-a"), ("b (s)", "2", "u-b"), ("GST (10.00%)", "", "")]


async def test_rows_that_say_the_same_are_paired_in_their_order(billing: Billing) -> None:
    invoice = await billing.discovered()
    twins = [Line("1.00", "twin (s)", resource_id=f"{number}") for number in range(1, 6)]
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of(twins))
    await billing.items(ingest_id, twins[3:], page=2)
    await billing.items(ingest_id, twins[:3], page=1)
    await billing.complete(ingest_id)
    assert billing.rows(
        "SELECT provider_resource_id FROM cloud_cost_lines ORDER BY row_number"
    ) == [("1",), ("2",), ("3",), ("4",), ("5",)]


async def test_an_item_that_says_less_than_its_row_still_gives_it_its_id(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    line = Line(resource_id="7")
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([line, Line("9.00")]))
    await billing.items(ingest_id, [replace(line, project="", category="", hours="")])
    await billing.complete(ingest_id)
    assert billing.rows(
        "SELECT provider_resource_id FROM cloud_cost_lines ORDER BY row_number"
    ) == [("7",), ("",)]


async def test_items_that_leave_out_what_tells_their_rows_apart_give_no_id(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    apart = [Line(project="shop", resource_id="1"), Line(project="blog", resource_id="2")]
    alike = [Line("5.00", resource_id="3"), Line("5.00", resource_id="4")]
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([*apart, *alike]))
    await billing.items(
        ingest_id, [replace(line, project="") for line in (*reversed(apart), *alike)]
    )
    await billing.complete(ingest_id)
    assert billing.rows(
        "SELECT provider_resource_id FROM cloud_cost_lines ORDER BY row_number"
    ) == [("",), ("",), ("3",), ("4",)]


async def test_an_item_of_another_time_or_amount_gives_no_id(billing: Billing) -> None:
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([Line(), Line("5.00")]))
    await billing.items(
        ingest_id, [Line(start=MAY.replace(day=2), resource_id="7"), Line("5.01", resource_id="8")]
    )
    await billing.complete(ingest_id)
    assert billing.rows("SELECT DISTINCT provider_resource_id FROM cloud_cost_lines") == [("",)]


async def test_the_month_of_the_summary_counts_where_the_history_names_none(
    billing: Billing,
) -> None:
    invoice = await billing.discovered(period="")
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of([Line()]))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.complete(ingest_id)
    assert reason_of(refused.value) == "PERIOD_UNKNOWN"
    summary = pb.InvoiceSummary(amount_usd="6", period="2024-02")
    request = pb.CompleteIngestRequest(ingest_id=ingest_id, summary=summary)
    done = await billing.ingest.CompleteIngest(request, metadata=billing.worker)
    assert done.provider_invoice.period == "2024-02-01"


async def test_a_missing_object_is_not_found(billing: Billing) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    for call in (
        billing.begin(nobody),
        billing.upload(nobody, csv_of([Line()])),
        billing.items(nobody, [Line()]),
        billing.complete(nobody),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_key_of_another_invoices_ingest_is_refused(billing: Billing) -> None:
    one, other = await billing.discovered("a"), await billing.discovered("b", issued_at=JUNE)
    await billing.begin(one.id, "run")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.begin(other.id, "run")
    assert reason_of(refused.value) == "INGEST_KEY_REUSED"

"""The whole billing history is stored and reconciled; an unreadable entry does not stop others."""

from datetime import timedelta
from typing import Any

import grpc
import pytest
from arcadia.billing.v1 import balance_service_pb2 as balance_pb
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as ingest_pb
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub

from tests.billing.bills import JUNE, Billing, Line, csv_of, entry, stamp
from tests.inventory.account import reason_of, violated_field

TYPES = ("Payment", "Refund", "Credit", "Adjustment", "Chargeback", "CreditExpiration", "Reversal")


def other(
    kind: str, amount: str, description: str = "", days: int = 1, **more: Any
) -> ingest_pb.HistoryEntry:
    """An entry that is no invoice."""
    return ingest_pb.HistoryEntry(
        type=kind,
        amount_usd=amount,
        description=description or f"{kind} of {amount}",
        issued_at=stamp(JUNE + timedelta(days=days)),
        **{"ordinal": 1, **more},
    )


def invoices(billing: Billing) -> Any:
    return ProviderInvoiceServiceStub(billing.channel)


async def history(billing: Billing, **asked: Any) -> pb.ListBillingHistoryResponse:
    request = pb.ListBillingHistoryRequest(**asked)
    answer: pb.ListBillingHistoryResponse = await invoices(billing).ListBillingHistory(
        request, metadata=billing.operator
    )
    return answer


async def balance_of(billing: Billing, amount: str, days: int = 9) -> None:
    request = balance_pb.RecordBalanceRequest(
        month_to_date_balance="0",
        account_balance=amount,
        month_to_date_usage="0",
        generated_at=stamp(JUNE + timedelta(days=days)),
        key=f"{amount} {days}",
    )
    await billing.balances.RecordBalance(request, metadata=billing.worker)


async def test_entries_of_every_type_are_kept_and_add_up_to_the_balance(billing: Billing) -> None:
    await balance_of(billing, "-0.50")
    page = [entry(amount="6.00"), *(other(kind, "-1.00") for kind in TYPES[:-1])]
    page.append(other(TYPES[-1], "-0.50"))
    answer = await billing.record(*page, walk="w1", last=True)
    assert (answer.discovered_count, list(answer.unreadable)) == (1, [])
    told = await history(billing)
    assert {one.type for one in told.entries} == {"Invoice", *TYPES}
    assert all(one.is_listed for one in told.entries)
    sums = told.reconciliation
    assert (sums.history_usd, sums.account_balance_usd, sums.residual_usd) == ("-0.5", "-0.5", "0")
    assert {total.type: (total.amount_usd, total.entry_count) for total in sums.totals} == {
        "Invoice": ("6", 1),
        **dict.fromkeys(TYPES[:-1], ("-1", 1)),
        "Reversal": ("-0.5", 1),
    }
    assert [one.type for one in (await history(billing, type="Refund")).entries] == ["Refund"]


async def test_a_walk_again_changes_nothing_and_equal_entries_are_counted(
    billing: Billing,
) -> None:
    twins = [other("Refund", "-4.40", ordinal=1), other("Refund", "-4.40", ordinal=2)]
    for walk in ("w1", "w2"):
        await billing.record(*twins[:1], walk=walk)
        await billing.record(*twins, walk=walk, last=True)
    told = await history(billing)
    assert len(told.entries) == 2
    assert told.reconciliation.history_usd == "-8.8"


async def test_invoices_that_a_later_read_does_not_find_are_no_longer_listed(
    billing: Billing,
) -> None:
    await billing.record(other("Credit", "-5"), other("Credit", "-3"), walk="w1", last=True)
    await billing.record(other("Credit", "-3"), walk="w2", last=True)
    told = await history(billing)
    assert {one.amount_usd: one.is_listed for one in told.entries} == {"-5": False, "-3": True}
    assert told.reconciliation.history_usd == "-3"


async def test_entries_after_the_balances_moment_do_not_count_against_it(billing: Billing) -> None:
    await balance_of(billing, "-5", days=2)
    late = other("Payment", "-7", days=3)
    await billing.record(other("Credit", "-5"), late, walk="w1", last=True)
    sums = (await history(billing)).reconciliation
    assert (sums.history_usd, sums.residual_usd) == ("-5", "0")


async def test_a_residual_of_the_history_is_shown_and_an_unknown_one_is_unknown(
    billing: Billing,
) -> None:
    sums = (await history(billing)).reconciliation
    assert not sums.HasField("residual_usd")
    assert not sums.HasField("walked_at")
    await billing.record(other("Credit", "-5"), walk="w1", last=True)
    assert not (await history(billing)).reconciliation.HasField("account_balance_usd")
    await balance_of(billing, "-4.99")
    await billing.record(other("Credit", "-5"), walk="w2", last=True)
    assert (await history(billing)).reconciliation.residual_usd == "0.01"


ODD = [
    entry("odd", amount="free"),
    entry("odd", amount=""),
    entry(""),
    entry("odd", period="May"),
    entry("odd", unreadable="`amount` is not a text"),
    entry("odd\0", amount="1"),
    ingest_pb.HistoryEntry(type="Refund", amount_usd="1", ordinal=1),
    ingest_pb.HistoryEntry(type="x" * 5_000, amount_usd="1", issued_at=stamp(JUNE)),
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_an_unreadable_entry_does_not_stop_others_and_is_shown_with_its_reason(
    billing: Billing, odd: ingest_pb.HistoryEntry
) -> None:
    answer = await billing.record(entry("good"), odd, other("Refund", "-1"), walk="w", last=True)
    assert answer.discovered_count == 1
    assert len(answer.unreadable) == 1
    told = await history(billing, unreadable="true")
    assert [bool(one.unreadable) for one in told.entries] == [True]
    assert not told.entries[0].HasField("amount_usd")
    assert told.reconciliation.unreadable_count == 1
    assert len((await history(billing, unreadable="false")).entries) == 2
    assert [one.invoice_uuid for one in await billing.all_pending()] == ["good"]
    again = await billing.record(odd, walk="w", last=True)
    assert len(again.unreadable) == 1
    assert len((await history(billing, unreadable="true")).entries) == 1


async def test_pages_of_the_history_have_every_entry_once_newest_first(billing: Billing) -> None:
    entries = [other("Credit", f"-{day}", days=day) for day in range(1, 8)]
    await billing.record(*entries, ODD[0], walk="w", last=True)
    found, token = [], ""
    while True:
        page = await history(billing, page_size=3, page_token=token)
        found += [one.amount_usd for one in page.entries]
        token = page.next_page_token
        if not token:
            break
    assert found == ["-7", "-6", "-5", "-4", "-3", "-2", "-1", ""]


async def test_a_worker_of_the_release_before_sends_invoices_only(billing: Billing) -> None:
    answer = await billing.record(entry())
    assert answer.discovered_count == 1
    assert list((await history(billing)).entries) == []


async def waived(billing: Billing, invoice_id: str, reason: str = "lost") -> Any:
    request = pb.WaiveProviderInvoiceRequest(id=invoice_id, reason=reason)
    answer = await invoices(billing).WaiveProviderInvoice(request, metadata=billing.operator)
    return answer.provider_invoice


async def unwaived(billing: Billing, invoice_id: str) -> costs_pb2.ProviderInvoice:
    request = pb.UnwaiveProviderInvoiceRequest(id=invoice_id)
    answer = await invoices(billing).UnwaiveProviderInvoice(request, metadata=billing.operator)
    told: costs_pb2.ProviderInvoice = answer.provider_invoice
    return told


async def test_a_waived_invoice_is_due_no_longer_until_the_waiver_is_taken_back(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    told = await waived(billing, invoice.id, " its CSV is HTML, and support has no other ")
    assert told.waiver.reason == "its CSV is HTML, and support has no other"
    assert told.waiver.waived_by == "op"
    assert told.waiver.HasField("waived_at")
    assert await billing.all_pending() == []
    await billing.record(entry(amount="7.00"))
    assert await billing.all_pending() == []
    listed = pb.ListProviderInvoicesRequest(waived="true")
    stub = invoices(billing)
    found = (await stub.ListProviderInvoices(listed, metadata=billing.operator)).provider_invoices
    assert [one.id for one in found] == [invoice.id]
    listed = pb.ListProviderInvoicesRequest(waived="false")
    assert not (
        await stub.ListProviderInvoices(listed, metadata=billing.operator)
    ).provider_invoices
    assert not (await unwaived(billing, invoice.id)).HasField("waiver")
    assert [one.id for one in await billing.all_pending()] == [invoice.id]


async def test_waivers_without_a_reason_or_of_what_needs_none_are_refused(
    billing: Billing,
) -> None:
    invoice = await billing.discovered()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await waived(billing, invoice.id, "  ")
    assert violated_field(refused.value) == "reason"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unwaived(billing, invoice.id)
    assert reason_of(refused.value) == "INVOICE_NOT_WAIVED"
    await waived(billing, invoice.id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await waived(billing, invoice.id)
    assert reason_of(refused.value) == "INVOICE_WAIVED"
    told = await billing.ingested(invoice.id, [Line()])
    assert not told.HasField("waiver")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await waived(billing, invoice.id)
    assert reason_of(refused.value) == "INVOICE_INGESTED"


async def test_the_parts_of_the_summary_are_shown_beside_the_lines(billing: Billing) -> None:
    invoice = await billing.discovered(amount="7.60")
    ingest_id = await billing.begin(invoice.id)
    tax = Line("0.60", "10%", "GST", hours="")
    overage = Line("2.00", "Droplet Bandwidth Overage (200GB @ $0.01/GB)", "Bandwidth", hours="")
    await billing.upload(ingest_id, csv_of([Line(), overage, tax, Line("-1.00", "x", "Credits")]))
    told = await billing.complete(
        ingest_id, summary="7.60", product_charges_usd="5.00", overages_usd="2.00", taxes_usd="0.60"
    )
    parts = {part.part: part for part in told.reconciliation.parts}
    assert told.reconciliation.balanced
    assert not told.reconciliation.parts_balanced
    assert told.reconciliation.HasField("parts_balanced")
    assert parts["product_charges"].residual_usd == "-1"
    assert (parts["overages"].residual_usd, parts["taxes"].residual_usd) == ("0", "0")
    assert parts["credits_and_adjustments"].lines_usd == "-1"
    assert not parts["credits_and_adjustments"].HasField("residual_usd")


async def test_an_amount_of_any_number_of_digits_is_kept_and_added_up_exactly(
    billing: Billing,
) -> None:
    many = ["0.0074404761904762", "54.88333333333333333333333333333333", "9" * 40]
    invoice = await billing.discovered(amount="1")
    lines = [Line(amount, hours="54.8833333333333", resource_id="1") for amount in many]
    told = await billing.ingested(invoice.id, lines, with_items=True)
    [whole, places] = told.reconciliation.total_usd.split(".")
    assert whole == str(int(many[2]) + 54)
    assert places == "89077380952380953333333333333333"
    kept = "SELECT amount_usd::text, hours::text FROM cloud_cost_lines ORDER BY id"
    assert billing.rows(kept) == [(amount, "54.8833333333333") for amount in many]
    joined = "SELECT count(*) FROM cloud_cost_lines WHERE provider_resource_id = '1'"
    assert billing.rows(joined) == [(3,)]


@pytest.mark.parametrize("said_by_items", ["iaas", ""])
async def test_a_csv_without_category_still_gets_the_ids_of_the_json_form(
    billing: Billing, said_by_items: str
) -> None:
    lines = [
        Line(category=said_by_items, resource_id="1", project="shop"),
        Line(category=said_by_items, resource_id="2", project="blog"),
    ]
    invoice = await billing.discovered()
    ingest_id = await billing.begin(invoice.id)
    rows = [row.rpartition(",")[0] for row in csv_of(lines).decode().splitlines()]
    await billing.upload(ingest_id, "\n".join(rows).encode())
    await billing.items(ingest_id, lines)
    await billing.complete(ingest_id)
    assert billing.rows(
        "SELECT provider_resource_id, project_name, category FROM cloud_cost_lines ORDER BY id"
    ) == [("1", "shop", ""), ("2", "blog", "")]

"""Reading the provider's invoices: newest first, with residual, matches and run."""

from typing import Any

import grpc
import pytest
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub

from tests.billing.bills import JUNE, MAY, Billing, Line
from tests.billing.test_matching import matched_again
from tests.inventory.account import reason_of, violated_field


async def listed(billing: Billing, **asked: Any) -> list[costs_pb2.ProviderInvoice]:
    """Every page of a list of invoices."""
    stub = ProviderInvoiceServiceStub(billing.channel)
    found: list[costs_pb2.ProviderInvoice] = []
    token = ""
    while True:
        request = pb.ListProviderInvoicesRequest(page_size=1, page_token=token, **asked)
        answer = await stub.ListProviderInvoices(request, metadata=billing.operator)
        found += answer.provider_invoices
        token = answer.next_page_token
        if not token:
            return found


async def test_invoices_come_newest_first_and_are_filtered(billing: Billing) -> None:
    old = await billing.discovered("old", period="2026-04-01", issued_at=MAY)
    await billing.ingested(old.id, [Line()])
    new = await billing.discovered("new", amount="6.01", issued_at=JUNE)
    await billing.ingested(new.id, [Line()])
    await billing.discovered("due", issued_at=JUNE.replace(day=2))
    for asked, uuids in (
        ({}, ["due", "new", "old"]),
        ({"period": "2026-04"}, ["old"]),
        ({"ingest_status": "discovered"}, ["due"]),
        ({"balanced": "true"}, ["old"]),
        ({"balanced": "false"}, ["new"]),
    ):
        found = await listed(billing, **asked)
        assert [invoice.invoice_uuid for invoice in found] == uuids, asked


async def test_an_invoice_shows_its_residual_its_matches_and_its_run(billing: Billing) -> None:
    made = await billing.discovered(amount="6.01")
    await billing.ingested(made.id, [Line()])
    await matched_again(billing, made.id)
    answer = await ProviderInvoiceServiceStub(billing.channel).GetProviderInvoice(
        pb.GetProviderInvoiceRequest(id=made.id), metadata=billing.operator
    )
    invoice = answer.provider_invoice
    assert (invoice.reconciliation.residual_usd, invoice.reconciliation.balanced) == ("0.01", False)
    assert invoice.matching.unmatched_count == 1
    assert (invoice.run.workflow_id, invoice.run.run_id) == ("test", "1")
    assert invoice.run.status == "completed"


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"balanced": "maybe"}, "balanced"), ({"ingest_status": "x"}, "ingest_status")],
)
async def test_a_bad_filter_is_refused_by_its_name(
    billing: Billing, asked: dict[str, str], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await listed(billing, **asked)
    assert violated_field(refused.value) == field


async def test_matching_anew_needs_lines(billing: Billing) -> None:
    await billing.discovered()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ProviderInvoiceServiceStub(billing.channel).RematchCostLines(
            pb.RematchCostLinesRequest(period="2026-05"), metadata=billing.operator
        )
    assert reason_of(refused.value) == "NOT_INGESTED"

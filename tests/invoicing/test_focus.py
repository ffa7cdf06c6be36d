"""A tenant's invoice in FOCUS: at the tenant's prices, exact, and valid."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as pb

from services.analytics.invoicing.invoices.rules.focus import FOCUS_VERSION, as_focus
from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.profiles.rules.parties import Party
from tests.billing.test_exporting import APPLICABLE
from tests.invoicing.books import Books
from tests.invoicing.documents import billed
from tests.invoicing.invoices import invoice
from tests.invoicing.invoices import line as line_of
from tests.support.focus import validated

OF_A_RESOURCE = {
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
}
"""Of a provider's bill: an invoice's line bills a deployment's use of a meter, no one object."""

OF_NO_INVOICE = {"InvoiceId-C-004-C"}
"""An alternative: of a charge with an invoice the other one holds."""

INVOICE = invoice(number=7, issuer=Party("Sky"))


def line(kind: str, cents: int, **more: Any) -> Line:
    return line_of(cents, kind, **({"description": kind} | more))


LINES = [
    line("plan_base", 5000, qty=Decimal(12), unit="day", price_base_qty=Decimal(31)),
    line("addon", 750, description="Addon: storage_50gb"),
    line(
        "overage", 672, resource_kind="droplet_hours", unit="hour", qty=Decimal(672),
        unit_price_cents=Decimal(1), dimensions={"region": "nyc3", "size": "s-1vcpu-1gb"},
    ),
    line(
        "ad_hoc", 3, resource_kind="llm_tokens", unit="1k_tokens", qty=Decimal("6.5"),
        unit_price_cents=Decimal("0.4"),
    ),
    line("rebilled", 0, resource_kind="bandwidth_gb", unit="GB", unit_price_cents=Decimal(0)),
    line("one_off", -250, description="=goodwill()", deployment_id=None),
    line("adjustment", -100, resource_kind="droplet_hours"),
    line("adjustment", 100, resource_kind="droplet_hours"),
    line("tax", 617, deployment_id=None),
]  # fmt: skip  # a table


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_an_operators_meter_has_the_name_that_it_had_when_it_was_billed() -> None:
    calls = line(
        "overage", 5, resource_kind="api_calls", unit="1k_calls", meta={"meter_name": "API calls"}
    )
    [row] = read(as_focus(INVOICE, [calls]))
    assert (row["ServiceName"], row["SkuMeter"], row["SkuId"]) == (
        "API calls", "API calls", "api_calls",
    )  # fmt: skip  # a table
    assert row["PricingUnit"] == "1000 Calls"


def test_a_line_costs_what_the_tenant_pays_and_has_the_price_that_it_has() -> None:
    rows = read(as_focus(INVOICE, LINES))
    assert [row["BilledCost"] for row in rows] == [
        "50.0", "7.5", "6.72", "0.03", "0.0", "-2.5", "-1.0", "1.0", "6.17",
    ]  # fmt: skip  # a table
    base, _, overage, tokens, *_ = rows
    assert base["ListUnitPrice"] == "1.612903225806451613"
    assert (overage["ListUnitPrice"], overage["ListCost"]) == ("0.01", "6.72")
    assert (tokens["ListUnitPrice"], tokens["ListCost"]) == ("0.004", "0.026")
    assert (tokens["PricingQuantity"], tokens["PricingUnit"]) == ("6.5", "1000 Tokens")
    assert {row["InvoiceId"] for row in rows} == {"INV-000007"}
    assert {row["BillingAccountId"] for row in rows} == {"acme"}
    assert [row["SubAccountId"] for row in rows] == ["shop"] * 5 + ["", "shop", "shop", ""]


def test_charges_are_filed_by_what_they_are() -> None:
    rows = read(as_focus(INVOICE, LINES))
    names = ("ChargeCategory", "ChargeFrequency", "ChargeClass")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("Usage", "Recurring", ""), ("Usage", "Recurring", ""), ("Usage", "Usage-Based", ""),
        ("Usage", "Usage-Based", ""), ("Usage", "Usage-Based", ""), ("Credit", "One-Time", ""),
        ("Usage", "Usage-Based", "Correction"), ("Usage", "Usage-Based", "Correction"),
        ("Tax", "One-Time", ""),
    ]  # fmt: skip  # a table
    assert rows[2]["RegionId"] == "nyc3"
    assert rows[2]["ServiceSubcategory"] == "Virtual Machines"
    assert rows[5]["ChargeDescription"] == "'=goodwill()"
    for number in (5, 6, 8):
        assert rows[number]["ListUnitPrice"] == rows[number]["PricingQuantity"] == ""


def test_amounts_are_in_whole_units_of_the_currency() -> None:
    yen = replace(INVOICE, currency="JPY", number=None, issuer=None)
    [row] = read(as_focus(yen, [line("plan_base", 1935)]))
    assert (row["BilledCost"], row["ListUnitPrice"], row["InvoiceId"]) == ("1935.0", "1935.0", "")
    assert row["InvoiceIssuerName"] == "arcadia"


@pytest.mark.focus
async def test_the_public_validator_of_focus_passes_a_tenants_invoice(tmp_path: Path) -> None:
    file = tmp_path / "focus.csv"
    file.write_bytes(as_focus(INVOICE, LINES))
    passed, failed, told = await validated(file, FOCUS_VERSION, APPLICABLE - OF_A_RESOURCE)
    assert failed == OF_NO_INVOICE, told
    assert len(passed) > 150


async def test_a_tenant_downloads_its_own_invoice_and_no_other(books: Books) -> None:
    invoice = await billed(books)
    request = pb.DownloadInvoiceRequest(id=invoice.id, format="focus")
    document = await books.invoices.DownloadInvoice(request, metadata=books.tenant("acme"))
    assert document.content_type == "text/csv; charset=utf-8"
    rows = read(document.data)
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(invoice.total_cents) / 100
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.invoices.DownloadInvoice(request, metadata=books.tenant("globex"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND

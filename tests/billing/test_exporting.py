"""Cost lines as files: complete, exact, safe, and accepted by the public FOCUS validator."""

import csv
import io
from pathlib import Path
from typing import Any

import grpc
import pytest
from arcadia.billing.v1 import cost_service_pb2 as pb
from arcadia.billing.v1.cost_service_pb2_grpc import CostServiceStub

from services.billing.costs.rules.focus import FOCUS_VERSION
from tests.billing.bills import MAY, Billing, Line
from tests.billing.lookup import Known, KnownAccount
from tests.billing.test_costs import BILL, billed
from tests.billing.test_matching import MID_MAY
from tests.inventory.account import violated_field
from tests.support.focus import criteria_of, validated

APPLICABLE = frozenset(
    {
        "ACCOUNT_NAMING_SUPPORTED", "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
        "NEGOTIATED_PRICING_SUPPORTED", "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED",
        "PUBLIC_PRICE_LIST_SUPPORTED", "REGION_SUPPORTED", "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
        "SUB_ACCOUNT_SUPPORTED", "TAGGING_SUPPORTED", "UNIT_PRICING_SUPPORTED",
        "USAGE_MEASUREMENT_SUPPORTED",
    }
)  # fmt: skip  # a table
"""What the validator is to ask for beside what it asks of everybody."""

NOT_APPLICABLE = {
    "AVAILABILITY_ZONE_SUPPORTED": "a region of DigitalOcean is one data centre, without zones",
    "CAPACITY_RESERVATION_SUPPORTED": "no API, price list or bill of it knows a reservation",
    "COMMITMENT_DISCOUNT_SUPPORTED": "what is billed by the second has no commitment",
    "MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED": "an invoice is a team's, and knows no other type",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED": "all prices are standard: no spot, no dynamic ones",
    "MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED": "our sub accounts are tenants, and nothing else",
    "VIRTUAL_CURRENCY_SUPPORTED": "prices and bills are in US dollars, never in credits",
}
"""What is not true of DigitalOcean, and why."""

OF_NO_INVOICE = {"InvoiceId-C-004-C"}
"""An alternative: of a charge with an invoice the other one holds, and the rule above both."""


async def exported(billing: Billing, form: str, **asked: Any) -> bytes:
    request = pb.ExportCostLinesRequest(filter=pb.ListCostLinesRequest(**asked), format=form)
    stub = CostServiceStub(billing.channel)
    answers = stub.ExportCostLines(request, metadata=billing.operator)
    return b"".join([answer.chunk async for answer in answers])


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def test_an_export_has_every_line_once_in_the_bills_order(billing: Billing) -> None:
    lines = [Line(f"{n}.25", f"web-{n} (s)") for n in range(1, 1_003)]
    await billed(billing, lines)
    rows = read(await exported(billing, "csv"))
    assert [row["amount_usd"] for row in rows] == [f"{n}.25" for n in range(1, 1_003)]


async def test_an_export_takes_the_filters_of_the_list(billing: Billing) -> None:
    await billed(billing, BILL)
    rows = read(await exported(billing, "csv", classification="tax", period="2026-05"))
    assert [row["description"] for row in rows] == ["GST (10.00%)"]


async def test_formulas_are_neutralised_and_amounts_keep_their_sign(
    billing: Billing,
) -> None:
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)"]
    await billed(billing, [Line("-1.10", text, "Credits") for text in formulas])
    rows = read(await exported(billing, "csv"))
    assert [row["description"] for row in rows] == [f"'{text}" for text in formulas]
    assert {row["amount_usd"] for row in rows} == {"-1.1"}


async def test_an_unknown_format_is_refused_with_its_name(billing: Billing) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await exported(billing, "xlsx")
    assert violated_field(refused.value) == "format"


@pytest.mark.focus
async def test_the_public_validator_of_focus_passes(
    billing: Billing, known: KnownAccount, tmp_path: Path
) -> None:
    known.resources = [
        Known("1"),
        Known("2", name="web-2", owners=(("acme", "a", MAY), ("beta", "b", MID_MAY))),
        Known("v", name="data", kind="volume", region="syd1"),
    ]
    support = Line("9.00", "", "Premium Support", hours="", start=None, end=None)
    hostile = Line("1.00", '=cmd|"/C calc"!A0 (s-1vcpu-1gb)', resource_id="7")
    refund = Line("-0.50", resource_id="1")
    registry = Line("5.00", "images", "Container Registry", resource_uuid="f3a1", hours="")
    bandwidth = Line("28.25", "Droplet Bandwidth Overage (2825.36GB @ $0.01/GB)", "Bandwidth",
                     hours="", project="")  # fmt: skip  # a table
    others = [
        Line("0.0074404761904762", hours="0.8833333333333"), Line(description="web-2 (s-1vcpu)"),
        Line("10.00", "data (100GB)", "Volumes"), Line("1.20", product="Droplet Backups"),
        Line("12.00", "balancer (3 nodes)", "Load Balancers"), Line("0.00", hours="0"), bandwidth,
        Line("7.00", "q-1 (1 qubit)", "Quantum"), Line("0.70", "", "GST", hours=""),
    ]  # fmt: skip  # a table
    lines = [*BILL, support, hostile, refund, registry, Line(resource_id="1"), *others]
    await billed(billing, lines)
    file = tmp_path / "focus.csv"
    file.write_bytes(await exported(billing, "focus"))
    assert len(read(file.read_bytes())) == len(lines) + 1  # one changed hands
    assert criteria_of(FOCUS_VERSION) == APPLICABLE | set(NOT_APPLICABLE)
    passed, failed, told = await validated(file, FOCUS_VERSION, APPLICABLE)
    assert failed == OF_NO_INVOICE, told
    assert "InvoiceId-C-003-C" in passed
    assert len(passed) > 150

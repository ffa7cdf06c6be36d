"""Every billed line has an owner or a reason: by id, in shares, or unknown."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from arcadia.billing.v1 import cost_service_pb2 as pb
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1.cost_service_pb2_grpc import CostServiceStub
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.margin.rules.attribution import Holder, split_exactly
from tests.billing.bills import JUNE, MAY, Billing, Line
from tests.billing.lookup import Known, KnownAccount, resource_id
from tests.billing.test_matching import (
    AMBIGUOUS,
    MID_MAY,
    UNMATCHED,
    by,
    found,
    matched,
    matched_again,
)

NOT_APPLICABLE = ("not_applicable", "", None)
CHANGED_HANDS = (("acme", "a", MAY), ("beta", "b", MID_MAY))


def told(billing: Billing) -> list[tuple[str, str, str]]:
    """Kind, classification and reason of every line."""
    return billing.rows(
        "SELECT kind, classification, match_reason FROM cloud_cost_lines ORDER BY period, id"
    )


async def listed(billing: Billing, **asked: Any) -> list[costs_pb2.CostLine]:
    request = pb.ListCostLinesRequest(**asked)
    stub = CostServiceStub(billing.channel)
    return list((await stub.ListCostLines(request, metadata=billing.operator)).cost_lines)


async def totals(billing: Billing, by_what: str) -> dict[str, tuple[str, int]]:
    request = pb.ListCostTotalsRequest(period="2026-05", group_by=by_what)
    stub = CostServiceStub(billing.channel)
    answer = await stub.ListCostTotals(request, metadata=billing.operator)
    return {total.group: (total.amount_usd, total.line_count) for total in answer.totals}


@pytest.mark.parametrize(
    "product", ["Premium Droplets", "Backups", "Quantum", "Support", "Volumes", "Spaces"]
)
async def test_the_providers_id_decides_whatever_the_product_is_called(
    billing: Billing, known: KnownAccount, product: str
) -> None:
    known.resources = [Known("1", name="other")]
    await matched(billing, [Line(product=product, description="x", resource_id="1")])
    assert found(billing) == [by("provider_id", "1")]


async def test_of_kinds_that_share_an_id_the_one_that_the_product_bills_goes_first(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("7"), Known("7", kind="snapshot")]
    lines = [
        Line(resource_id="7"),
        Line(product="Snapshots", description="s (1GB)", resource_id="7"),
        Line(product="Quantum", resource_id="7"),
    ]
    await matched(billing, lines)
    assert found(billing) == [by("provider_id", "7"), by("provider_id", "7", "snapshot"), AMBIGUOUS]
    assert told(billing)[2] == ("", "unknown", "2 resources fit by provider_id")


async def test_a_product_that_is_not_known_is_listed_as_unknown_with_the_reason(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", name="q-1")]
    quantum = Line(product="Quantum", description="q-1 (1 qubit)")
    named = [Line(product="Quantum", resource_id=identifier) for identifier in ("99", "1")]
    counts = await matched(billing, [quantum, *named])
    assert found(billing) == [UNMATCHED, UNMATCHED, by("provider_id", "1")]
    assert told(billing) == [
        ("", "unknown", "the product is not known"),
        ("", "unknown", "the inventory knows no such id"),
        ("droplet", "unknown", ""),
    ]
    assert counts.unmatched_count == 2
    lines = await listed(billing, classification="unknown")
    assert [line.row_number for line in lines] == [1, 2, 3]
    assert len(await listed(billing, classification="unknown", match_state="unmatched")) == 2


async def test_a_refund_that_names_a_resource_goes_to_its_owner(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    lines = [
        Line("-2.00", resource_id="1"),
        Line("-1.00", "Refund for web-1", "Refunds", resource_uuid="1"),
        Line("-0.50", "Goodwill", "Credits"),
        Line("-0.25", resource_id="99"),
    ]
    await matched(billing, lines)
    assert found(billing) == [
        by("provider_id", "1"),
        by("provider_id", "1"),
        NOT_APPLICABLE,
        UNMATCHED,
    ]
    assert told(billing)[0] == ("droplet", "credit", "")
    assert told(billing)[3] == ("", "credit", "the inventory knows no such id")
    assert await totals(billing, "tenant") == {"acme": ("-3", 2), "": ("-0.75", 2)}


async def test_taxes_are_of_no_resource_whatever_they_name(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    lines = [
        Line("0.60", "10%", product, resource_id="1") for product in ("GST", "VAT", "Sales Tax")
    ]
    counts = await matched(billing, lines)
    assert found(billing) == [NOT_APPLICABLE] * 3
    assert {classification for _, classification, _ in told(billing)} == {"tax"}
    assert counts.not_applicable_count == 3


async def test_an_id_of_a_shared_cost_that_nobody_knows_makes_it_no_leak(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    lines = [Line(product="Support", resource_id="99"), Line(product="Bandwidth", resource_id="99")]
    counts = await matched(billing, lines)
    assert found(billing) == [NOT_APPLICABLE] * 2
    assert (counts.not_applicable_count, counts.unmatched_count) == (2, 0)


async def test_lines_lose_what_the_inventory_no_longer_knows(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", owners=CHANGED_HANDS)]
    lines = [Line(product="Quantum", resource_id="1"), Line("-1.00", resource_id="1")]
    await matched(billing, lines)
    [(invoice_id,)] = billing.rows("SELECT id FROM cloud_invoices")
    known.resources = []
    counts = await matched_again(billing, str(invoice_id))
    assert found(billing) == [UNMATCHED, UNMATCHED]
    assert [kind for kind, *_ in told(billing)] == ["", ""]
    assert billing.rows("SELECT count(*) FROM cloud_cost_lines WHERE shares IS NOT NULL") == [(0,)]
    assert counts.unmatched_count == 2


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("web-1 ", "web-1 (s-1vcpu-1gb)"),
        ("web-1", " web-1  (s-1vcpu-1gb) "),
        ("web-1", "web-1 "),
        ("web (blue)", "web (blue) (s-1vcpu-1gb)"),
        ("web (blue)", "web (blue)"),
        ("Web (Blue) ", "WEB (blue)"),
        ("a (b (c))", "a (b (c))"),
    ],
)
async def test_names_with_blanks_and_brackets_at_their_ends_match(
    billing: Billing, known: KnownAccount, name: str, description: str
) -> None:
    known.resources = [Known("1", name=name)]
    await matched(billing, [Line(description=description)], ids=False)
    assert found(billing) == [by("name", "1")]


async def test_a_name_with_brackets_that_may_be_two_resources_is_ambiguous(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", name="web"), Known("2", name="web (blue)")]
    await matched(billing, [Line(description="web (blue)"), Line(description="web (s)")], ids=False)
    assert found(billing) == [AMBIGUOUS, by("name", "1")]


async def test_the_group_of_a_line_may_be_its_database_cluster(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("d", name="Orders", kind="database", project="shop")]
    standby = Line(product="Database Clusters", description="standby-1 (db-s)", group="orders ")
    await matched(billing, [standby], ids=False)
    assert found(billing) == [by("group_project", "d", "database")]


async def test_a_resource_that_changed_owners_is_split_by_seconds(
    billing: Billing, known: KnownAccount
) -> None:
    moved = MAY + timedelta(days=10)
    known.resources = [Known("1", owners=(("acme", "a", MAY), ("beta", "b", moved)))]
    await matched(billing, [Line("6.20"), Line("0.01"), Line(end=moved)], ids=False)
    lines = await listed(billing)
    assert [
        (share.tenant_id, share.deployment_id, share.seconds, share.amount_usd)
        for share in lines[0].shares
    ] == [
        ("acme", "a", 10 * 86_400, "2"),
        ("beta", "b", 21 * 86_400, "4.2"),
    ]
    assert [share.amount_usd for share in lines[1].shares] == ["0.003226", "0.006774"]
    assert (lines[2].tenant_id, list(lines[2].shares)) == ("acme", [])
    assert [line.tenant_id for line in lines] == ["beta", "beta", "acme"]
    assert await totals(billing, "tenant") == {"acme": ("8.003226", 3), "beta": ("4.206774", 2)}
    assert await totals(billing, "deployment") == {"a": ("8.003226", 3), "b": ("4.206774", 2)}
    assert await totals(billing, "kind") == {"droplet": ("12.21", 3)}
    assert [line.row_number for line in await listed(billing, tenant_id="acme")] == [1, 2, 3]
    assert [line.row_number for line in await listed(billing, tenant_id="beta")] == [1, 2]
    assert [line.row_number for line in await listed(billing, deployment_id="a")] == [1, 2, 3]
    assert await listed(billing, tenant_id="acme", deployment_id="b") == []


async def test_a_list_by_tenant_pages_through_shared_lines_in_the_bills_order(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [
        Known("1", owners=CHANGED_HANDS),
        Known("2", name="web-2", owners=(("acme", "a", MAY),)),
    ]
    await matched(billing, [Line(description=f"web-{1 + n % 2} (s)") for n in range(7)], ids=False)
    stub = CostServiceStub(billing.channel)
    rows, token = [], ""
    while True:
        request = pb.ListCostLinesRequest(tenant_id="acme", page_size=2, page_token=token)
        answer = await stub.ListCostLines(request, metadata=billing.operator)
        rows += [line.row_number for line in answer.cost_lines]
        token = answer.next_page_token
        if not token:
            break
    assert rows == [1, 2, 3, 4, 5, 6, 7]


async def test_an_export_has_a_line_for_each_owner(billing: Billing, known: KnownAccount) -> None:
    moved = MAY + timedelta(days=10)
    known.resources = [Known("1", owners=(("acme", "a", MAY), ("beta", "b", moved)))]
    await matched(billing, [Line("6.20", hours="744")], ids=False)
    stub = CostServiceStub(billing.channel)

    async def exported(**asked: Any) -> list[tuple[str, str, str]]:
        request = pb.ExportCostLinesRequest(filter=pb.ListCostLinesRequest(**asked))
        answers = stub.ExportCostLines(request, metadata=billing.operator)
        text = b"".join([answer.chunk async for answer in answers]).decode()
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return [(row["tenant_id"], row["amount_usd"], row["hours"]) for row in rows]

    assert await exported() == [("acme", "2", "240"), ("beta", "4.2", "504")]
    assert await exported(tenant_id="acme") == [("acme", "2", "240")]
    assert await exported(deployment_id="b") == [("beta", "4.2", "504")]


async def test_only_owners_while_it_lived_share_a_line(
    billing: Billing, known: KnownAccount
) -> None:
    died = MAY + timedelta(days=5)
    known.resources = [Known("1", lived_to=died, owners=CHANGED_HANDS)]
    await matched(billing, [Line(resource_id="1")])
    [line] = await listed(billing)
    assert (line.tenant_id, list(line.shares)) == ("acme", [])


DAY_SECONDS = st.integers(0, 31 * 86_400)
OWNERS = st.sampled_from([("acme", "a"), ("acme", "b"), ("beta", "b"), ("", "")])


@st.composite
def owned(draw: st.DrawFn) -> tuple[tuple[str, str, datetime], ...]:
    """A history of owners through May, in whole seconds."""
    since = sorted(draw(st.sets(DAY_SECONDS, min_size=1, max_size=5)))
    return tuple(
        (*draw(OWNERS), MAY + timedelta(seconds=second if number else 0))
        for number, second in enumerate(since)
    )


async def discovered_again(billing: Billing, uuid: str, amount: str) -> costs_pb2.ProviderInvoice:
    """An invoice that is due, the first time or because its amount is another."""
    billing.change("UPDATE cloud_invoices SET ingest_status = 'discovered'")
    return await billing.discovered(uuid, amount=amount)


@settings(max_examples=15)
@given(
    owners=owned(),
    amount=st.integers(-(10**25), 10**25),
    places=st.integers(0, 18),
)
async def test_shares_add_up_to_the_line_and_are_those_of_the_margin(
    billing: Billing,
    known: KnownAccount,
    owners: tuple[tuple[str, str, datetime], ...],
    amount: int,
    places: int,
) -> None:
    known.resources = [Known("1", owners=owners)]
    usd = Decimal((int(amount < 0), tuple(map(int, str(abs(amount)))), -places))
    invoice = await discovered_again(billing, "shares", amount=str(amount))
    await billing.ingested(invoice.id, [Line(f"{usd:f}", resource_id="1")], with_items=True)
    [line] = await listed(billing)
    seconds: dict[Holder, int] = {}
    ends = [since for _, _, since in owners[1:]] + [JUNE]
    for (tenant, deployment, since), end in zip(owners, ends, strict=True):
        held = int((end - since).total_seconds())
        holder = Holder.owner(tenant, deployment)
        if held:
            seconds[holder] = seconds.get(holder, 0) + held
    shares = {
        Holder.owner(share.tenant_id, share.deployment_id): Decimal(share.amount_usd)
        for share in line.shares
    }
    if len(seconds) == 1:
        assert not shares
        assert Holder.owner(line.tenant_id, line.deployment_id) in seconds
    else:
        parts = {
            part.holder: part.amount_usd
            for part in split_exactly(Decimal(line.amount_usd), seconds)
        }
        assert {holder: share for holder, share in shares.items() if share} == {
            holder: part for holder, part in parts.items() if part
        }
        assert {share.seconds for share in line.shares} == set(seconds.values())
    assert line.resource_id == resource_id("1")

"""Reading costs: lines, totals, estimates, feeds."""

import random
from datetime import timedelta

import grpc
import pytest
from arcadia.billing.v1 import (
    cost_feed_service_pb2,
    cost_feed_service_pb2_grpc,
    cost_service_pb2,
    cost_service_pb2_grpc,
    costs_pb2,
)

from services.billing.ingest.rules.invoice_csv import MAX_NAME_LENGTH
from tests.billing.bills import MAY, Billing, Line
from tests.billing.lookup import Known, KnownAccount, resource_id
from tests.billing.test_daily_costs import cost, replaced
from tests.billing.test_matching import matched_again
from tests.inventory.account import violated_field
from tests.inventory.catalog import SmallCatalog

MID_MAY = MAY + timedelta(days=14)
BILL = [
    Line("6.00"),
    Line("4.00", "db (db-s-1vcpu-1gb)", "Database Clusters", project="core"),
    Line("28.25", "Droplet Bandwidth Overage (2825GB @ $0.01/GB)", "Bandwidth", hours=""),
    Line("-1.10", "Service level credit", "Credits", hours="", project=""),
    Line("0.60", "GST (10.00%)", "Taxes", hours="", project=""),
]


async def billed(billing: Billing, lines: list[Line] = BILL, **changes: str) -> str:
    invoice = await billing.discovered(**changes)
    await billing.ingested(invoice.id, lines, with_items=True)
    await matched_again(billing, invoice.id)
    return invoice.id


def costs(billing: Billing) -> "cost_service_pb2_grpc.CostServiceAsyncStub":
    return cost_service_pb2_grpc.CostServiceStub(billing.channel)


async def listed(billing: Billing, **asked: object) -> list[costs_pb2.CostLine]:
    """Every page of a list of lines."""
    found: list[costs_pb2.CostLine] = []
    token = ""
    while True:
        request = cost_service_pb2.ListCostLinesRequest(page_token=token, **asked)  # type: ignore[arg-type]
        answer = await costs(billing).ListCostLines(request, metadata=billing.operator)
        found += answer.cost_lines
        token = answer.next_page_token
        if not token:
            return found


async def totals(billing: Billing, group_by: str, **asked: object) -> list[tuple[str, str, int]]:
    request = cost_service_pb2.ListCostTotalsRequest(
        period="2026-05",
        group_by=group_by,
        **asked,  # type: ignore[arg-type]
    )
    answer = await costs(billing).ListCostTotals(request, metadata=billing.operator)
    return [(total.group, total.amount_usd, total.line_count) for total in answer.totals]


async def test_lines_come_by_month_newest_first_then_in_the_bills_order(billing: Billing) -> None:
    await billed(billing)
    await billed(billing, uuid="inv-0", period="2026-04-01")
    lines = await listed(billing, page_size=2)
    assert [(line.period, line.row_number) for line in lines] == [
        (period, row)
        for period in ("2026-05-01", "2026-04-01")
        for row in sorted({line.row_number for line in lines})
    ]


async def test_lines_are_filtered_by_each_of_their_properties(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    invoice_id = await billed(billing)
    for asked, count in (
        ({"period": "2026-05"}, 5), ({"period": "2026-04-01"}, 0), ({"kind": "droplet"}, 1),
        ({"match_state": "unmatched"}, 1), ({"classification": "tax"}, 1),
        ({"product": "Credits"}, 1), ({"project_name": "core"}, 1),
        ({"provider_invoice_id": invoice_id}, 5), ({"tenant_id": "acme"}, 1),
        ({"deployment_id": "dep-1"}, 1), ({"resource_id": resource_id("1")}, 1),
        ({"tenant_id": "nobody"}, 0),
    ):  # fmt: skip  # a table
        assert len(await listed(billing, **asked)) == count, asked


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"period": "2026-05-02"}, "period"),
        ({"match_state": "lost"}, "match_state"),
        ({"classification": "?"}, "classification"),
        ({"resource_id": "x"}, "resource_id"),
        ({"page_size": 5, "limit": 6}, "limit"),
        ({"limit": -1}, "limit"),
    ],
)
async def test_a_bad_filter_is_refused_by_its_name(
    billing: Billing, asked: dict[str, object], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await listed(billing, **asked)
    assert violated_field(refused.value) == field


SHOP = "11111111-1111-7111-8111-111111111111"
TWO_SHOPS = [
    Known("1", owners=(("acme", "shop", MAY),)),
    Known("2", name="web-2", owners=(("globex", "shop", MAY),)),
    Known("3", name="web-3", owners=(("acme", SHOP, MAY),)),
]
THREE_DROPLETS = [Line("6.00"), Line("7.00", "web-2 (s-1vcpu-1gb)"), Line("6.00", "web-3 (s)")]


async def test_totals_by_deployment_keep_two_tenants_equal_slugs_apart(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = TWO_SHOPS[:2]
    await billed(billing, THREE_DROPLETS[:2])
    request = cost_service_pb2.ListCostTotalsRequest(
        period="2026-05", group_by="deployment", page_size=1
    )
    pages: list[tuple[str, str, str]] = []
    while request.page_token or not pages:
        answer = await costs(billing).ListCostTotals(request, metadata=billing.operator)
        pages += [(one.tenant_id, one.group, one.amount_usd) for one in answer.totals]
        request.page_token = answer.next_page_token
    assert pages == [("globex", "shop", "7"), ("acme", "shop", "6")]


async def test_lines_of_a_deployment_by_its_id_are_also_those_under_its_tenants_slug(
    billing: Billing, known: KnownAccount, catalog: SmallCatalog
) -> None:
    known.resources = TWO_SHOPS
    await billed(billing, THREE_DROPLETS)
    assert [line.description for line in await listed(billing, deployment_id=SHOP)] == ["web-3 (s)"]
    catalog.tenants[SHOP], catalog.slugs[SHOP] = "acme", "shop"
    found = await listed(billing, deployment_id=SHOP, page_size=1)
    assert [line.description.split()[0] for line in found] == ["web-1", "web-3"]
    assert len(await listed(billing, deployment_id="shop")) == 2


async def test_totals_of_a_month_add_up_by_each_property(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1"), Known("d", name="db", kind="database", owners=())]
    await billed(billing)
    assert await totals(billing, "product") == [
        ("Bandwidth", "28.25", 1),
        ("Droplets", "6", 1),
        ("Database Clusters", "4", 1),
        ("Taxes", "0.6", 1),
        ("Credits", "-1.1", 1),
    ]
    assert await totals(billing, "project") == [
        ("shop", "34.25", 2),
        ("core", "4", 1),
        ("", "-0.5", 2),
    ]
    assert await totals(billing, "tenant") == [("", "31.75", 4), ("acme", "6", 1)]
    assert await totals(billing, "deployment") == [("", "31.75", 4), ("dep-1", "6", 1)]
    request = cost_service_pb2.ListCostTotalsRequest(
        period="2026-05-01", group_by="product", page_size=2
    )
    answer = await costs(billing).ListCostTotals(request, metadata=billing.operator)
    assert answer.total_usd == "37.75"
    request.page_token = answer.next_page_token
    second = await costs(billing).ListCostTotals(request, metadata=billing.operator)
    assert [total.group for total in second.totals] == ["Database Clusters", "Taxes"]


async def test_products_and_projects_as_long_as_they_may_be_are_kept_summed_up_and_paged(
    billing: Billing,
) -> None:
    chance = random.Random(1)
    longest = [
        "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(MAX_NAME_LENGTH))
        for _ in range(3)
    ]
    await billed(billing, [Line(product=words, project=words) for words in longest])
    for group_by in ("product", "project"):
        request = cost_service_pb2.ListCostTotalsRequest(
            period="2026-05", group_by=group_by, page_size=2
        )
        first = await costs(billing).ListCostTotals(request, metadata=billing.operator)
        request.page_token = first.next_page_token
        second = await costs(billing).ListCostTotals(request, metadata=billing.operator)
        groups = [total.group for total in (*first.totals, *second.totals)]
        assert groups == sorted(longest)


async def test_totals_follow_the_lines_and_the_month_of_all_invoices(billing: Billing) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line("6.00")])
    other = await billing.discovered("inv-2")
    await billing.ingested(other.id, [Line("3.00")])
    assert await totals(billing, "product") == [("Droplets", "9", 2)]
    await billing.ingested(invoice.id, [Line("1.00")])
    assert await totals(billing, "product") == [("Droplets", "4", 2)]


async def test_a_month_without_an_invoice_has_no_total(billing: Billing) -> None:
    request = cost_service_pb2.ListCostTotalsRequest(period="2026-05", group_by="kind")
    answer = await costs(billing).ListCostTotals(request, metadata=billing.operator)
    assert not answer.HasField("total_usd")


async def test_daily_estimates_are_matched_by_description_and_group_on_arrival(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1"), Known("k", name="prod", kind="kubernetes_cluster")]
    answer = await replaced(
        billing,
        cost("2026-05-01"),
        cost("2026-05-02", sku="1-DO-KUBE-0001", description="n (s)", group_description="prod"),
        cost("2026-05-02", description="unknown (s)"),
    )
    assert (answer.matching.name_count, answer.matching.group_project_count) == (1, 1)
    assert answer.matching.unmatched_count == 1
    request = cost_service_pb2.ListDailyCostsRequest(tenant_id="acme", page_size=1)
    first = await costs(billing).ListDailyCosts(request, metadata=billing.operator)
    request.page_token = first.next_page_token
    second = await costs(billing).ListDailyCosts(request, metadata=billing.operator)
    days = [one.day for page in (first, second) for one in page.daily_costs]
    assert (days, second.next_page_token) == (["2026-05-02", "2026-05-01"], "")


def feed(billing: Billing) -> "cost_feed_service_pb2_grpc.CostFeedServiceAsyncStub":
    return cost_feed_service_pb2_grpc.CostFeedServiceStub(billing.channel)


async def test_the_feed_of_a_month_leaves_nothing_out_and_says_whether_it_is_complete(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    await billed(billing, amount="37.75")
    request = cost_feed_service_pb2.ListPeriodCostsRequest(period="2026-05-01", page_size=3)
    first = await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))
    request.page_token = first.next_page_token
    second = await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))
    assert [len(first.cost_lines), len(second.cost_lines)] == [3, 2]
    assert first.complete
    assert first.lines_version == second.lines_version
    await billing.discovered("inv-2", amount="1.00")
    request.page_token = ""
    assert not (
        await feed(billing).ListPeriodCosts(request, metadata=billing.program("analytics"))
    ).complete


async def test_the_lines_of_a_month_have_a_name_that_changes_with_them(billing: Billing) -> None:
    invoice_id = await billed(billing)

    async def versions(*periods: str) -> list[str]:
        request = cost_feed_service_pb2.GetLinesVersionsRequest(periods=periods)
        answer = await feed(billing).GetLinesVersions(
            request, metadata=billing.program("analytics")
        )
        return list(answer.lines_versions)

    listing = cost_feed_service_pb2.ListPeriodCostsRequest(period="2026-05-01")
    listed = (
        await feed(billing).ListPeriodCosts(listing, metadata=billing.program("analytics"))
    ).lines_version
    without, before = await versions("2026-04-01", "2026-05-01")
    assert listed == before != without
    assert await versions("2026-05-01", "2026-05-01") == [before, before]
    await billing.ingested(invoice_id, BILL)
    after = await versions("2026-04-01", "2026-05-01")
    assert after[0] == without
    assert after[1] != before
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await versions("2026-04-01", "april")
    assert (refused.value.details() or "").startswith("periods[1]")


async def test_days_that_were_not_read_are_unknown_not_free(billing: Billing) -> None:
    await replaced(billing, cost("2026-05-02"))
    request = cost_feed_service_pb2.ListSpanCostsRequest(from_day="2026-04-30", to_day="2026-05-06")
    answer = await feed(billing).ListSpanCosts(request, metadata=billing.program("analytics"))
    assert list(answer.unknown_days) == ["2026-04-30", "2026-05-04", "2026-05-05"]
    assert [one.day for one in answer.daily_costs] == ["2026-05-02"]


async def test_unit_costs_are_what_the_newest_bills_say_and_the_rest_is_left_out(
    billing: Billing,
) -> None:
    lines = [
        Line("7.44"),
        BILL[2],
        Line("0.15", "old (2.5GB)", "Droplet Snapshots"),
    ]
    await billed(billing, lines)
    answer = await feed(billing).GetUnitCosts(
        cost_feed_service_pb2.GetUnitCostsRequest(), metadata=billing.program("catalog")
    )
    found = {one.resource_kind: one.unit_cost_usd for one in answer.unit_costs}
    assert found == {"droplet_hours": "0.01", "bandwidth_gb": "0.01", "snapshot_gb_month": "0.06"}


async def test_unit_costs_follow_the_lines_and_only_what_is_asked_is_answered(
    billing: Billing,
) -> None:
    request = cost_feed_service_pb2.GetUnitCostsRequest(resource_kinds=["droplet_hours", "calls"])

    async def found() -> list[tuple[str, str]]:
        answer = await feed(billing).GetUnitCosts(request, metadata=billing.program("catalog"))
        return [(one.resource_kind, one.unit_cost_usd) for one in answer.unit_costs]

    assert await found() == []
    invoice_id = await billed(billing, [Line("7.44"), BILL[2]])
    assert await found() == await found() == [("droplet_hours", "0.01")]
    await billing.ingested(invoice_id, [Line("14.88"), BILL[2]])
    assert await found() == [("droplet_hours", "0.02")]


async def test_costs_are_the_operators_alone(billing: Billing) -> None:
    request = cost_service_pb2.ListCostLinesRequest()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await costs(billing).ListCostLines(request)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED

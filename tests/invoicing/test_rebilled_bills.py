"""Cost lines of the provider's bill on tenants' invoices: each is billed once, whatever happens."""

import asyncio
from typing import Any
from uuid import UUID

import grpc
import pytest
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import coverage_service_pb2 as coverage_pb
from arcadia.analytics.v1.coverage_service_pb2_grpc import CoverageServiceStub
from arcadia.analytics.v1.invoice_service_pb2 import TraceInvoiceLineRequest
from arcadia.billing.v1 import costs_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import rebilling_service_pb2 as rebilling_pb
from psycopg.errors import UniqueViolation

from services.analytics.invoicing.rollups import draft_page
from services.analytics.invoicing.rollups.save_page import save_page
from services.common.rpc.wire import timestamp
from tests.analytics.peers import Span, at
from tests.invoicing.books import APRIL, MAY
from tests.invoicing.test_with_the_catalog import Month
from tests.invoicing.test_with_the_catalog import month as month

METAL = """
plans:
  - {code: metal, name: Metal, price_cents: 1000, currency: USD, items: []}
  - code: covered
    name: Covered
    price_cents: 1000
    currency: USD
    items:
      - {resource_kind: droplet_hours, included_qty: 9, overage_unit: hour, overage_price_cents: 1}
"""


async def rebill(
    month: Month, code: str = "at_cost", match: Any = None, **said: Any
) -> rebilling_pb.RebillingRule:
    said = {"percent": "20", "currency": "USD", "effective_from": APRIL} | said
    request = rebilling_pb.CreateRebillingRuleRequest(code=code, basis="bill", **said)
    for key, value in (match or {}).items():
        request.match[key].string_value = value
    answer = await month.shop.rebilling.CreateRebillingRule(request, metadata=month.shop.operator)
    return answer.rebilling_rule


async def subscribed(month: Month, tenant: str, slug: str, plan: str = "metal", **said: Any) -> Any:
    request = catalog_pb.ApplyCatalogRequest(document=METAL)
    await month.shop.catalog.ApplyCatalog(request, metadata=month.shop.operator)
    token = month.shop.tenant(tenant)
    deployment = await month.shop.deploy(slug, token)
    await month.shop.subscribe(deployment.id, token=token, plan_code=plan, **said)
    return deployment


def line(
    row: int, usd: str, tenant: str = "acme", slug: str = "shop", **said: Any
) -> costs_pb2.CostLine:
    """A line of April's bill for a droplet of its own, which it is matched to."""
    said = {
        "id": str(UUID(int=1000 + row)),
        "description": f"web-{row} (s-2vcpu-4gb)",
        "kind": "droplet",
        "start_at": timestamp(at("2026-04-01")),
        "end_at": timestamp(at("2026-05-01")),
    } | said
    return costs_pb2.CostLine(
        provider_invoice_id="bill", row_number=row, period=APRIL, product="Droplets",
        amount_usd=usd, classification="resource", match_state="matched",
        resource_id=str(UUID(int=row)), tenant_id=tenant, deployment_id=slug, **said,
    )  # fmt: skip  # a table


async def bill(month: Month, *lines: costs_pb2.CostLine, complete: bool = True) -> None:
    """The provider's bill of April arrives, or changes, and is attributed."""
    month.inventory.cost_lines = list(lines)
    month.inventory.costs_complete = complete
    await month.metering.attribute(APRIL)


async def rebilled(
    month: Month, tenant: str = "acme", period: str = APRIL
) -> list[tuple[str, int]]:
    """The quantity and amount of each rebilled line of an invoice, or of its adjustments."""
    return [
        (one.qty, one.amount_cents)
        for one in await month.books.lines_of(tenant, period)
        if one.kind in ("rebilled", "adjustment")
    ]


def claims(month: Month, tenant: str = "acme") -> dict[str, tuple[str, int]]:
    """What valid invoices bill of each row of the bill: in USD and in cents."""
    return {
        key: (str(usd.normalize()), int(cents))
        for key, usd, cents in month.books.rows(
            "SELECT cost_key, sum(billed_usd), sum(billed_cents) FROM rebilled_costs"
            " WHERE tenant_id = %s AND released_at IS NULL GROUP BY 1",
            tenant,
        )
    }


async def test_a_bill_is_rebilled_line_by_line_and_again_for_nothing(month: Month) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "10.005"), line(2, "20"))
    await month.closed()

    await month.books.rolled_up()
    again = await month.books.rolled_up()

    assert await rebilled(month) == [("36.006", 3601)]
    assert claims(month) == {"bill/1": ("10.005", 1201), "bill/2": ("2E+1", 2400)}
    assert again.skipped_count == 1
    invoice = await month.books.invoice_of("acme")
    assert (await month.books.verify(invoice.id)).verified


async def test_usage_that_is_rebilled_from_the_bill_is_not_billed_again(month: Month) -> None:
    await rebill(month, takes_all=True)
    await subscribed(month, "acme", "shop", "covered")
    await month.runs("acme", "shop", 1)
    await bill(month, line(1, "24"))
    await month.closed()
    await month.books.rolled_up()

    lines = await month.books.lines_of("acme")
    assert [one.kind for one in lines] == ["plan_base", "rebilled", "tax"]


async def test_a_replaced_draft_and_a_void_and_a_credit_in_full_free_the_costs(
    month: Month,
) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "10"))
    await month.closed()
    await month.books.drafted()
    await month.books.rolled_up(force=True)
    assert claims(month) == {"bill/1": ("1E+1", 1200)}

    await month.books.void((await month.books.invoice_of("acme")).id)
    assert claims(month) == {}
    await month.books.rolled_up()
    assert claims(month) == {"bill/1": ("1E+1", 1200)}

    await month.books.credit((await month.books.invoice_of("acme")).id)
    assert claims(month) == {}
    await month.books.rolled_up()
    assert claims(month) == {"bill/1": ("1E+1", 1200)}
    [(count,)] = month.books.rows("SELECT count(*) FROM rebilled_costs")
    assert count == 3, "what was billed and released stays traceable"


async def test_the_database_refuses_a_second_claim_of_a_cost(month: Month) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    await bill(month, line(1, "10"))
    await month.closed()
    await month.books.rolled_up()

    with pytest.raises(UniqueViolation, match="rebilled_costs_once_idx"):
        month.books.execute(
            "INSERT INTO rebilled_costs SELECT invoice.id, cost.tenant_id, cost.deployment_id,"
            " cost.subscription_id, cost.period, cost.cost_key, cost.revision, cost.cost_id,"
            " cost.product, cost.sku, cost.description, cost.resource_id, cost.start_at,"
            " cost.end_at, cost.amount_usd, cost.billed_usd, cost.billed_cents, NULL"
            " FROM rebilled_costs AS cost, tenant_invoices AS invoice"
            " WHERE invoice.tenant_id = 'globex'"
        )


async def test_without_the_bill_a_tenant_whose_rule_waits_is_not_drafted_and_others_are(
    month: Month,
) -> None:
    await rebill(month, match={"tenant": "acme"})
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    await month.closed()

    rollup = await month.books.rolled_up()
    [waiting] = await month.books.failures(rollup.id)

    assert (rollup.drafted_count, rollup.failed_count, rollup.waiting_count) == (1, 0, 1)
    assert (waiting.tenant_id, waiting.reason, waiting.outcome) == (
        "acme", "WAITING_FOR_BILL", "waiting",
    )  # fmt: skip
    assert "2026-04" in waiting.message
    assert await month.books.listed(tenant_id="acme") == []

    await bill(month, line(1, "10"))
    later = await month.books.rolled_up()
    assert (later.drafted_count, later.skipped_count) == (1, 1)
    assert await rebilled(month) == [("12", 1200)]


async def test_without_the_bill_costs_are_billed_the_next_month_as_of_their_own(
    month: Month,
) -> None:
    await rebill(month, late_bill="next_month")
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "4"), complete=False)
    await month.closed()
    await month.books.rolled_up()
    assert await rebilled(month) == []

    await bill(month, line(1, "10"), line(2, "2"))
    month.inventory.cost_lines = []
    month.books.close(MAY)
    await month.books.rolled_up(MAY)

    [late] = [one for one in await month.books.lines_of("acme", MAY) if one.kind == "adjustment"]
    assert (late.qty, late.amount_cents, late.meta["adjusts_period"]) == ("14.4", 1440, APRIL)
    assert (late.service_start, late.service_end) == (APRIL, MAY)
    assert claims(month) == {"bill/1": ("1E+1", 1200), "bill/2": ("2", 240)}
    assert (await month.books.verify((await month.books.invoice_of("acme", MAY)).id)).verified


async def test_what_changes_after_it_was_billed_is_adjusted_once(month: Month) -> None:
    await rebill(month, late_bill="next_month")
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "10"), line(2, "2"))
    await month.closed()
    await month.books.rolled_up()

    # Ingested again: the lines have new ids, one another amount, and one is gone.
    await bill(month, replaced(line(1, "13"), 77))
    month.books.close(MAY)
    await month.books.rolled_up(MAY)
    assert await rebilled(month, period=MAY) == [("1.2", 120)]
    assert claims(month) == {"bill/1": ("13", 1560), "bill/2": ("0", 0)}

    # The same lines again change nothing.
    await bill(month, replaced(line(1, "13"), 78))
    month.books.close("2026-06-01")
    await month.books.rolled_up("2026-06-01")
    assert await rebilled(month, period="2026-06-01") == []

    # Voided and billed again, the month and its adjustment are the price of now.
    await month.books.void((await month.books.invoice_of("acme", APRIL)).id)
    await month.books.rolled_up(APRIL)
    assert claims(month)["bill/1"] == ("13", 1560)
    assert sum(cents for _, cents in await rebilled(month)) == 1560 - 120


def replaced(cost: costs_pb2.CostLine, number: int) -> costs_pb2.CostLine:
    changed = costs_pb2.CostLine()
    changed.CopyFrom(cost)
    changed.id = str(UUID(int=number))
    return changed


async def test_a_cost_that_moves_to_another_tenant_is_credited_to_one_and_billed_to_the_other(
    month: Month,
) -> None:
    await rebill(month, late_bill="next_month")
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    await bill(month, line(1, "10"), line(2, "5", "globex", "blog"))
    await month.closed()
    await month.books.rolled_up()

    await bill(month, line(1, "10", "globex", "blog"), line(2, "5", "globex", "blog"))
    month.books.close(MAY)
    await month.books.rolled_up(MAY)

    assert await rebilled(month, "acme", MAY) == [("-12", -1200)]
    assert await rebilled(month, "globex", MAY) == [("12", 1200)]


async def test_two_tenants_who_shared_a_droplet_pay_their_parts_of_one_line(month: Month) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    month.inventory.spans += [
        Span(1, at("2026-04-01"), at("2026-04-11"), tenant_id="acme", deployment="shop"),
        Span(1, at("2026-04-11"), at("2026-05-01"), tenant_id="globex", deployment="blog"),
    ]
    await bill(month, line(1, "10"))
    await month.closed()
    await month.books.rolled_up()

    (_, acme), (_, globex) = (
        *(await rebilled(month, "acme")),
        *(await rebilled(month, "globex")),
    )
    assert (acme, globex) == (400, 800)
    assert [*claims(month, "acme")] == [*claims(month, "globex")] == ["bill/1"]


async def test_a_part_of_a_shared_line_is_of_the_days_on_which_its_tenant_had_the_droplet(
    month: Month,
) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog", starts_on="2026-04-11")
    month.inventory.spans += [
        Span(1, at("2026-04-01"), at("2026-04-11"), tenant_id="acme", deployment="shop"),
        Span(1, at("2026-04-11"), at("2026-05-01"), tenant_id="globex", deployment="blog"),
    ]
    await bill(month, line(1, "9"))
    await month.closed()
    await month.books.rolled_up()

    assert await rebilled(month, "acme") == [("3.6", 360)]
    assert await rebilled(month, "globex") == [("7.2", 720)]
    assert claims(month, "globex") == {"bill/1": ("6", 720)}


async def test_the_costs_of_trial_days_are_free(month: Month) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop", starts_on="2026-04-16")
    await bill(month, line(1, "10"))
    await month.closed()
    await month.books.rolled_up()

    assert await rebilled(month) == [("6", 600)]
    assert claims(month) == {"bill/1": ("5", 600)}


async def test_a_line_is_traced_to_its_costs_by_an_operator_and_by_no_tenant(month: Month) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "10"), line(2, "2"))
    await month.closed()
    await month.books.rolled_up()
    invoice = await month.books.invoice_of("acme")
    [rebilling] = [one for one in await month.books.lines_of("acme") if one.kind == "rebilled"]
    request = TraceInvoiceLineRequest(invoice_id=invoice.id, line_id=rebilling.id)

    traced = await month.books.invoices.TraceInvoiceLine(request, metadata=month.books.operator)
    theirs = await month.books.invoices.TraceInvoiceLine(
        request, metadata=month.books.tenant("acme")
    )

    assert traced.price_type == "rebilling_rule"
    assert [
        (one.description, one.amount_usd, one.billed_usd, one.billed_cents)
        for one in traced.rebilled_costs
    ] == [("web-1 (s-2vcpu-4gb)", "10", "10", 1200), ("web-2 (s-2vcpu-4gb)", "2", "2", 240)]
    assert sum(one.billed_cents for one in traced.rebilled_costs) == rebilling.amount_cents
    assert list(theirs.rebilled_costs) == []
    assert (theirs.line.qty, theirs.line.unit) == ("14.4", "USD")
    assert traced.line.meta["cost_usd"] == "12"
    assert not theirs.line.meta.keys() & {"cost_usd", "costs_hash", "exchange_rate"}


async def test_rebilled_costs_are_covered_by_their_lines_and_the_parts_add_up(
    month: Month,
) -> None:
    await rebill(month, match={"tenant": "acme"})
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    await bill(month, line(1, "10"), line(2, "2"), line(3, "7", "globex", "blog"))
    await month.closed()
    await month.books.rolled_up()
    stub = CoverageServiceStub(month.books.channel)

    whole = await stub.GetCoverage(
        coverage_pb.GetCoverageRequest(period=APRIL), metadata=month.books.operator
    )
    parts = await stub.ListCoverageParts(
        coverage_pb.ListCoveragePartsRequest(period=APRIL), metadata=month.books.operator
    )

    costs = {(one.coverage, one.reason): one.amount_usd for one in whole.costs}
    assert costs == {("rebilled", ""): "12", ("unbilled", "not_metered"): "7"}
    [part] = [one for one in parts.coverage_parts if one.coverage == "rebilled"]
    [billed] = [one for one in await month.books.lines_of("acme") if one.kind == "rebilled"]
    assert (part.tenant_id, part.kind, part.cost_usd) == ("acme", "droplet", "12")
    assert list(part.invoice_line_ids) == [billed.id]


async def test_a_bill_that_is_attributed_while_a_page_is_drafted_is_read_again(
    month: Month,
) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "10"))
    await month.closed()
    rollup = await month.books.begin()
    [cursor] = await month.books.plan(rollup.id)
    release = asyncio.Event()

    async def late(*told: Any) -> None:
        if not release.is_set():
            release.set()
            await bill(month, line(1, "11"))
        await save_page(*told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draft_page, "save_page", late)
        with pytest.raises(grpc.aio.AioRpcError, match="attributed again") as refused:
            await month.books.draft(rollup.id, cursor)
        assert refused.value.code() is grpc.StatusCode.ABORTED
        assert await month.books.listed(tenant_id="acme") == []
        await month.books.draft(rollup.id, cursor)

    assert await rebilled(month) == [("13.2", 1320)]


async def test_the_running_month_accrues_daily_costs_and_is_unknown_without_them(
    month: Month,
) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")

    async def accrued() -> list[tuple[str, int]]:
        request = attribution_pb.RefreshAccrualRequest(
            period=APRIL, pass_key=month.metering.next_key()
        )
        await month.metering.attribution.RefreshAccrual(request, metadata=month.books.worker)
        return month.books.rows(
            "SELECT 'accrued', rebilled_cents FROM accruals JOIN work_passes AS pass"
            " ON pass.id = pass_id WHERE state = 'current'"
            " UNION ALL SELECT reason, 0 FROM accrual_failures JOIN work_passes AS pass"
            " ON pass.id = pass_id WHERE state = 'current'"
        )

    assert await accrued() == [("COSTS_UNKNOWN", 0)]

    month.inventory.daily_costs = [
        costs_pb2.DailyCost(
            day=day, amount_usd="2.5", kind="droplet", classification="resource",
            match_state="matched", resource_id=str(UUID(int=1)), tenant_id="acme",
            deployment_id="shop", description="web-1 (s-2vcpu-4gb)",
        )
        for day in ("2026-04-01", "2026-04-02")
    ]  # fmt: skip  # a table
    daily = attribution_pb.AttributeDailyCostsRequest(
        from_day=APRIL, to_day="2026-04-03", pass_key=month.metering.next_key()
    )
    answer = await month.metering.attribution.AttributeDailyCosts(
        daily, metadata=month.books.worker
    )
    while answer.next_page_token:
        daily.page_token = answer.next_page_token
        answer = await month.metering.attribution.AttributeDailyCosts(
            daily, metadata=month.books.worker
        )
    assert await accrued() == [("accrued", 600)]


async def test_a_roll_up_that_was_killed_between_pages_bills_each_cost_once(month: Month) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    await bill(month, line(1, "10"), line(2, "5", "globex", "blog"))
    await month.closed()
    killed = await month.books.begin()
    first, _ = await month.books.plan(killed.id, tenants_per_page=1)
    await month.books.draft(killed.id, first)
    await month.books.draft(killed.id, first)

    await month.books.rolled_up()

    assert claims(month, "acme") == {"bill/1": ("1E+1", 1200)}
    assert claims(month, "globex") == {"bill/2": ("5", 600)}
    assert month.books.rows("SELECT count(*) FROM rebilled_costs") == [(2,)]

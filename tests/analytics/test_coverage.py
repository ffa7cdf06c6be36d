"""Coverage: every cost and every day of usage of a month is one thing, and the parts add up."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from arcadia.analytics.v1 import coverage_service_pb2 as pb
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates_pb
from arcadia.analytics.v1.coverage_service_pb2_grpc import CoverageServiceStub
from arcadia.catalog.v1 import meters_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.analytics.account import Analytics
from tests.analytics.peers import BLOG, SHOP

PERIOD = "2026-04-01"

COSTS = """
INSERT INTO work_passes (work, subject, pass_key, state, started_at, completed_at)
VALUES ('costs', '2026-04-01', 'test', 'current', now(), now()) RETURNING id
"""
COST = """
INSERT INTO attributed_costs (period, pass_id, page, kind, classification, description, attribution,
                              tenant_id, deployment_id, amount_usd, resource_id)
VALUES ('2026-04-01', %s, '', %s, %s, '', %s, %s, %s, %s, %s)
"""
SPAN = """
INSERT INTO resource_spans (period, pass_id, page, resource_id, kind, name, tenant_id,
                            deployment_id, span_from, span_to)
VALUES ('2026-04-01', %s, '', %s, %s, '', 'acme', '', %s, %s)
"""
USAGE = """
INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty, fact_count, facts_hash,
                         metered_at, dimensions)
SELECT day::date, %s, %s, %s, %s, 1, '', now(), %s::jsonb
FROM generate_series(%s::date, %s::date - 1, interval '1 day') AS day
"""
ROLLUP = """
INSERT INTO rollups (period, key, force, approval_required, workflow_id, run_id, started_by,
                     started_at)
VALUES ('2026-04-01', %s, false, false, '', '', '', now()) RETURNING id
"""
INVOICE = """
INSERT INTO tenant_invoices (tenant_id, period, rollup_id, currency, subtotal_cents, tax_cents,
    total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count, lines_hash, proofs_hash,
    created_at)
VALUES (%s, '2026-04-01', %s, 'AUD', 0, 0, 0, gen_random_uuid(), 'GST', 0, 0, '', '', now())
RETURNING id
"""
PROOF = """
INSERT INTO tenant_invoice_proofs (invoice_id, tenant_id, position, deployment_id, subscription_id,
    inputs_json, inputs_hash, engine_version, result_hash, covered_days, unsold_kinds,
    rebills_costs)
VALUES (%s, %s, %s, %s, 's', %s, '', '2', '', %s::datemultirange, %s, %s)
"""
LINE = """
INSERT INTO tenant_invoice_lines (invoice_id, tenant_id, position, kind, resource_kind, description,
    qty, unit, unit_price_cents, amount_cents, meta, deployment_id, service_start, service_end,
    dimensions)
VALUES (%s, %s, %s, %s, %s, '', 1, 'hour', 1, %s, '{"adjusts_kind": "overage"}', %s, %s, %s,
        %s::jsonb) RETURNING id
"""
TABLES = (
    "tenant_invoice_lines", "tenant_invoice_proofs", "tenant_invoices", "rollups", "daily_usage",
    "attributed_costs", "resource_spans", "work_passes",
)  # fmt: skip  # a table


@dataclass
class Month:
    """April in the database: what was used, billed and paid for."""

    connection: psycopg.Connection[Any]
    generation: int = 0
    positions: int = 0

    def one(self, statement: str, *values: Any) -> Any:
        row = self.connection.execute(statement.encode(), values).fetchone()
        assert row is not None
        return row[0]

    def cost(
        self,
        amount: str,
        kind: str = "droplet",
        deployment: str = SHOP.id,
        tenant: str = "acme",
        *,
        attribution: str = "tenant",
        classification: str = "resource",
        resource: UUID | None = None,
    ) -> None:
        self.generation = self.generation or self.one(COSTS)
        of_whom = (attribution, tenant, deployment, amount, resource)
        self.connection.execute(COST, (self.generation, kind, classification, *of_whom))

    def live(self, resource: UUID, kind: str) -> None:
        """A resource that changed once in the month."""
        for span in (("2026-04-01", "2026-04-10"), ("2026-04-10", "2026-05-01")):
            self.connection.execute(SPAN, (self.generation, resource, kind, *span))

    def use(
        self,
        kind: str = "droplet_hours",
        qty: str = "24",
        deployment: str = SHOP.id,
        tenant: str = "acme",
        *,
        since: str = "2026-04-01",
        until: str = "2026-05-01",
        dimensions: str = "{}",
    ) -> None:
        self.connection.execute(USAGE, (tenant, deployment, kind, qty, dimensions, since, until))

    def bill(
        self,
        *lines: tuple[Any, ...],
        deployment: str = SHOP.id,
        tenant: str = "acme",
        days: str = "{[2026-04-01,2026-05-01)}",
        trial: str = "[]",
        unsold: tuple[str, ...] = (),
        items: str = "{}",
        bill_rules: str = "[]",
    ) -> list[UUID]:
        """An invoice: lines of (kind, meter, cents, dimensions), and the plan's items."""
        self.positions += 1
        invoice = self.one(INVOICE, tenant, self.one(ROLLUP, str(self.positions)))
        term = f'{{"days": [["2026-04-01", "2026-05-01"]], "plan_version": {{"items": {items}}}}}'
        rebilling = f'"rebilling": {{"bill_rules": {bill_rules}}}'
        inputs = f'{{"calendar": {{"trial_days": {trial}}}, "terms": [{term}], {rebilling}}}'
        self.connection.execute(
            PROOF,
            (
                invoice,
                tenant,
                self.positions,
                deployment,
                inputs,
                days,
                list(unsold),
                bill_rules != "[]",
            ),
        )
        return [
            self.one(
                LINE,
                invoice,
                tenant,
                position,
                kind,
                meter,
                cents,
                deployment,
                "2026-04-01",
                "2026-05-01",
                dimensions,
            )
            for position, (kind, meter, cents, dimensions) in enumerate(lines, 1)
        ]


class Coverage:
    """An operator who asks what became of April."""

    def __init__(self, analytics: Analytics) -> None:
        self.analytics = analytics
        self.service: Any = CoverageServiceStub(analytics.channel)
        self.month = Month(psycopg.connect(analytics.admin_url, autocommit=True))
        self.month.connection.execute(
            "SELECT prepare_month('{attributed_costs,daily_usage,resource_spans}', '2026-04-01')"
        )

    async def get(self) -> Any:
        request = pb.GetCoverageRequest(period=PERIOD)
        return await self.service.GetCoverage(request, metadata=self.analytics.operator)

    async def costs(self) -> dict[tuple[str, str], Decimal]:
        costs = (await self.get()).costs
        return {(one.coverage, one.reason): Decimal(one.amount_usd) for one in costs}

    async def page(self, **wanted: Any) -> Any:
        request = pb.ListCoveragePartsRequest(period=PERIOD, **wanted)
        return await self.service.ListCoverageParts(request, metadata=self.analytics.operator)

    async def parts(self, **wanted: Any) -> list[Any]:
        return list((await self.page(**wanted)).coverage_parts)


@pytest.fixture
def coverage(analytics: Analytics) -> Iterator[Coverage]:
    asking = Coverage(analytics)
    yield asking
    asking.month.connection.close()


async def test_a_cost_is_what_became_of_the_usage_of_its_kind(coverage: Coverage) -> None:
    month = coverage.month
    for kind, meter in (
        ("droplet", "droplet_hours"), ("domain", "dns_zones"), ("volume", "volume_gb_month"),
        ("load_balancer", "load_balancer_hours"),
    ):  # fmt: skip  # a table
        month.cost("10.00", kind)
        month.use(meter)
    month.bill(
        ("overage", "droplet_hours", 2000, "{}"),
        ("rebilled", "load_balancer_hours", 2000, "{}"),
        unsold=("volume_gb_month",),
    )
    assert await coverage.costs() == {
        ("billed", ""): 10,
        ("included", ""): 10,
        ("rebilled", ""): 10,
        ("unbilled", "not_sold"): 10,
    }


async def test_days_on_trial_are_free_and_days_without_a_subscription_are_lost(
    coverage: Coverage,
) -> None:
    coverage.month.use()
    coverage.month.cost("30.00")
    coverage.month.bill(
        ("overage", "droplet_hours", 100, "{}"),
        days="{[2026-04-01,2026-04-21)}",
        trial='[["2026-04-01", "2026-04-06"]]',
    )
    assert await coverage.costs() == {
        ("free", ""): 5,
        ("billed", ""): 15,
        ("unbilled", "no_subscription"): 10,
    }
    usage = (await coverage.get()).usage
    assert {(one.coverage, one.reason): one.qty for one in usage} == {
        ("free", ""): "120",
        ("billed", ""): "360",
        ("unbilled", "no_subscription"): "240",
    }


async def test_a_node_that_is_charged_with_its_cluster_is_what_became_of_the_droplets(
    coverage: Coverage,
) -> None:
    month, node, cluster = coverage.month, UUID(int=1), UUID(int=2)
    month.cost("24", "kubernetes_cluster", resource=node)
    month.cost("40", "kubernetes_cluster", resource=cluster)
    month.cost("6")
    month.live(node, "droplet")
    month.live(cluster, "kubernetes_cluster")
    month.use()
    month.bill(("overage", "droplet_hours", 2000, "{}"), unsold=("kubernetes_ha_hours",))
    assert await coverage.costs() == {
        ("billed", ""): Decimal(30), ("unbilled", "not_metered"): Decimal(40),
    }  # fmt: skip
    lost, paid = await coverage.parts()
    assert (lost.kind, lost.resource_kind, lost.lost_cents) == (
        "kubernetes_cluster", "kubernetes_ha_hours", 4000,
    )  # fmt: skip
    assert (paid.kind, paid.resource_kind, paid.cost_cents, paid.revenue_cents) == (
        "droplet, kubernetes_cluster", "droplet_hours", 3000, 2000,
    )  # fmt: skip


async def test_a_cost_without_metered_usage_or_without_a_deployment_is_lost(
    coverage: Coverage,
) -> None:
    month = coverage.month
    month.cost("1.00")  # a machine that was off all month
    month.cost("2.00", "container_registry")
    month.cost("4.00", deployment="")
    month.cost("8.00", tenant="", deployment="", attribution="unattributed")
    month.bill()
    assert await coverage.costs() == {
        ("unbilled", "not_metered"): 3,
        ("unbilled", "no_deployment"): 4,
        ("unbilled", "unattributed"): 8,
    }


async def test_the_operators_own_resources_taxes_and_credits_are_internal(
    coverage: Coverage,
) -> None:
    month = coverage.month
    month.cost("40.00", tenant="", deployment="", attribution="internal")
    for classification, amount in (("tax", "11.29"), ("credit", "-5.00")):
        month.cost(amount, "", "", "", attribution="unattributed", classification=classification)
    assert await coverage.costs() == {("internal", ""): Decimal("46.29")}


async def test_a_line_of_one_size_bills_the_usage_of_that_size_only(coverage: Coverage) -> None:
    coverage.month.use(dimensions='{"size": "gpu-h100x1-80gb"}')
    coverage.month.use(dimensions='{"size": "s-1vcpu-1gb"}', qty="8")
    coverage.month.bill(("overage", "droplet_hours", 900, '{"size": "c-2, gpu-*"}'))
    usage = (await coverage.get()).usage
    assert {one.coverage: one.qty for one in usage} == {"billed": "720", "included": "240"}


async def test_what_an_item_of_its_own_size_includes_is_not_on_the_line_of_the_rest(
    coverage: Coverage,
) -> None:
    month = coverage.month
    for size, qty in (("small", "24"), ("large", "72"), ("gpu-1", "24")):
        month.use(qty=qty, dimensions=f'{{"size": "{size}"}}')
    month.cost("50")
    items = {"droplet_hours": {}, "droplet_hours[size=gpu-*]": {"match": {"size": ["gpu-*"]}},
             "droplet_hours[size=large]": {"match": {"size": ["large", "huge"]}},
             "database_hours[size=small]": {"match": {"size": ["small"]}}}  # fmt: skip  # a table
    month.bill(
        ("overage", "droplet_hours", 700, "{}"),
        ("overage", "droplet_hours", 900, '{"size": "gpu-*"}'),
        items=json.dumps(items),
    )
    assert await coverage.costs() == {("billed", ""): Decimal(20), ("included", ""): Decimal(30)}


@pytest.mark.parametrize(
    ("line", "included"),
    [
        (("overage", '{"size": "gpu-*"}'), ("gpu-1", "gpu-2")),
        (("overage", '{"size": "gpu-2, gpu-3"}'), ("gpu-1",)),
        # The line has more keys than the items.
        (("overage", '{"region": "nyc1", "size": "gpu-*"}'), ()),
        # An item takes usage before any resource price.
        (("ad_hoc", '{"region": "nyc1", "size": "gpu-3"}'), ("gpu-1", "gpu-2", "gpu-3")),
        # The item has a line of its own.
        (("overage", '{"size": "gpu-1"}'), ("gpu-2", "gpu-3")),
    ],
)
async def test_what_a_more_specific_item_includes_is_not_on_the_line_of_a_prefix(
    coverage: Coverage, line: tuple[str, str], included: tuple[str, ...]
) -> None:
    month = coverage.month
    quantities = {"gpu-1": 1, "gpu-2": 10, "gpu-3": 100}
    for size, qty in quantities.items():
        month.use(qty=str(qty), dimensions=f'{{"size": "{size}", "region": "nyc1"}}')
    own = {
        f"droplet_hours[size={size}]": {"match": {"size": [size]}} for size in ("gpu-1", "gpu-2")
    }
    items = own | {"droplet_hours[size=gpu-*]": {"match": {"size": ["gpu-*"]}}}
    kind, dimensions = line
    month.bill((kind, "droplet_hours", 900, dimensions), items=json.dumps(items))
    usage = {one.coverage: int(one.qty) // 30 for one in (await coverage.get()).usage}
    assert usage.get("included", 0) == sum(quantities[size] for size in included)


async def test_before_the_month_is_invoiced_its_usage_says_so(coverage: Coverage) -> None:
    coverage.month.use()
    coverage.month.cost("7.00")
    assert await coverage.costs() == {("unbilled", "not_invoiced"): 7}


async def test_without_a_bill_the_costs_are_unknown(coverage: Coverage) -> None:
    coverage.month.use()
    answer = await coverage.get()
    assert (answer.costs_state, list(answer.costs)) == ("unknown", [])
    assert not answer.HasField("amount_usd")
    [part] = await coverage.parts()
    assert (part.coverage, part.qty) == ("unbilled", "720")
    assert not part.HasField("cost_usd")
    assert not part.HasField("lost_cents")


async def test_usage_billed_below_cost_is_a_loss_apart_from_unbilled_usage(
    coverage: Coverage,
) -> None:
    month = coverage.month
    rate = rates_pb.CreateExchangeRateRequest(
        from_currency="USD", to_currency="AUD", rate="1.5", effective_from="2026-01-01"
    )
    await coverage.analytics.rates.CreateExchangeRate(rate, metadata=coverage.analytics.operator)
    month.use()
    month.cost("30.00")
    lines = month.bill(("overage", "droplet_hours", 1000, "{}"))
    month.use(deployment=BLOG.id, tenant="globex")
    month.cost("4.00", deployment=BLOG.id, tenant="globex")
    month.bill(("overage", "droplet_hours", 700, "{}"), deployment=BLOG.id, tenant="globex")
    month.cost("20.00", "volume")
    answer = await coverage.page()
    told = [
        (one.tenant_id, one.kind, one.coverage, one.reason, one.lost_cents)
        for one in answer.coverage_parts
    ]
    assert told == [
        ("acme", "droplet", "billed", "below_cost", 3500),
        ("acme", "volume", "unbilled", "not_metered", 3000),
        ("globex", "droplet", "billed", "", 0),
    ]
    first = answer.coverage_parts[0]
    assert (first.cost_usd, first.cost_cents, first.revenue_cents) == ("30", 4500, 1000)
    assert list(first.invoice_line_ids) == [str(line) for line in lines]
    [used] = answer.conversion.exchange_rates
    assert used.rate == "1.5"
    assert len(await coverage.parts(losses_only=True)) == 2
    assert [one.tenant_id for one in await coverage.parts(tenant_id="globex")] == ["globex"]
    assert [one.kind for one in await coverage.parts(coverage="unbilled")] == ["volume"]


async def test_the_revenue_of_a_kind_is_the_sum_of_its_lines_and_adjustments(
    coverage: Coverage,
) -> None:
    coverage.month.use(dimensions='{"size": "c-2"}')
    coverage.month.use()
    coverage.month.cost("15.00")
    coverage.month.bill(
        ("overage", "droplet_hours", 500, "{}"),
        ("overage", "droplet_hours", 800, '{"size": "c-2"}'),
        ("adjustment", "droplet_hours", -300, "{}"),
    )
    [part] = await coverage.parts()
    assert (part.revenue_cents, part.lost_cents, part.reason) == (1000, 500, "below_cost")
    assert len(part.invoice_line_ids) == 3


async def test_usage_that_an_adjustment_bills_later_is_no_leak(coverage: Coverage) -> None:
    coverage.month.use("load_balancer_hours")
    coverage.month.bill(
        ("adjustment", "load_balancer_hours", 900, "{}"), unsold=("load_balancer_hours",)
    )
    [usage] = (await coverage.get()).usage
    assert usage.coverage == "billed"


async def test_each_size_is_billed_or_rebilled_by_its_own_line(coverage: Coverage) -> None:
    coverage.month.use(dimensions='{"size": "c-2"}')
    coverage.month.use(dimensions='{"size": "c-4"}', qty="12")
    coverage.month.bill(
        ("overage", "droplet_hours", 500, '{"size": "c-2"}'),
        ("rebilled", "droplet_hours", 800, '{"size": "c-4"}'),
    )
    usage = (await coverage.get()).usage
    assert {one.coverage: one.qty for one in usage} == {"billed": "720", "rebilled": "360"}


async def test_usage_that_a_rule_leaves_to_a_bill_without_such_a_cost_is_a_leak(
    coverage: Coverage,
) -> None:
    """It is neither in the plan nor on a line."""
    rule = '{"takes_all": %s, "meters": ["droplet_hours", "volume_gb_month"]}'
    coverage.month.use("droplet_hours")
    coverage.month.use("volume_gb_month", "1")
    coverage.month.use("droplet_hours", "1", BLOG.id, "globex")
    coverage.month.bill(("rebilled", "volume_gb_month", 500, "{}"), bill_rules=f"[{rule % 'true'}]")
    coverage.month.bill(
        deployment=BLOG.id,
        tenant="globex",
        bill_rules=f"[{rule % 'false'}]",
        items='{"droplet_hours": {}}',
    )
    usage = (await coverage.get()).usage
    assert {(one.resource_kind, one.coverage, one.reason, one.qty) for one in usage} == {
        ("droplet_hours", "included", "", "30"),
        ("droplet_hours", "unbilled", "not_on_bill", "720"),
        ("volume_gb_month", "rebilled", "", "30"),
    }


async def test_the_list_is_paged_and_an_unknown_coverage_is_refused(coverage: Coverage) -> None:
    for kind in ("droplet", "volume", "domain"):
        coverage.month.cost("1.00", kind)
    first = await coverage.page(page_size=2)
    rest = await coverage.page(page_size=2, page_token=first.next_page_token)
    kinds = [one.kind for one in (*first.coverage_parts, *rest.coverage_parts)]
    assert sorted(kinds) == ["domain", "droplet", "volume"]
    assert not rest.next_page_token
    with pytest.raises(Exception, match="coverage"):
        await coverage.page(coverage="lost")


AMOUNTS = st.decimals("-50", "5000", places=7)
DAYS = st.integers(1, 30)
KINDS = {"droplet": "droplet_hours", "volume": "volume_gb_month", "app": "app_container_hours"}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_the_parts_add_up_to_the_bill_and_to_the_usage(
    coverage: Coverage, data: st.DataObject
) -> None:
    month = coverage.month
    for table in TABLES:
        month.connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        month.connection.execute(f"DELETE FROM {table}".encode())
    month.generation = 0
    spent, used = Decimal(0), Decimal(0)
    for tenant, deployment in (("acme", SHOP.id), ("globex", BLOG.id)):
        for kind, meter in KINDS.items():
            for amount in data.draw(st.lists(AMOUNTS, max_size=3)):
                # A resource of the kind that is charged, or of another, as a node of a cluster.
                resource = data.draw(st.none() | st.uuids())
                month.cost(str(amount), kind, deployment, tenant, resource=resource)
                if resource is not None:
                    month.live(resource, data.draw(st.sampled_from([*KINDS])))
                spent += amount
            if data.draw(st.booleans()):
                qty, last = data.draw(st.decimals("0.001", "900", places=9)), data.draw(DAYS)
                month.use(meter, str(qty), deployment, tenant, until=f"2026-04-{last:02}")
                used += qty * (last - 1)
        start, end = sorted((data.draw(DAYS), data.draw(DAYS)))
        if start < end:
            month.bill(
                *[("overage", meter, data.draw(st.integers(0, 9000)), "{}")
                  for meter in data.draw(st.sets(st.sampled_from([*KINDS.values()])))],
                deployment=deployment,
                tenant=tenant,
                days=f"{{[2026-04-{start:02},2026-05-01)}}",
                trial=f'[["2026-04-{start:02}", "2026-04-{end:02}"]]',
                unsold=tuple(data.draw(st.sets(st.sampled_from([*KINDS.values()])))),
            )  # fmt: skip  # a table
    answer = await coverage.get()
    assert sum(Decimal(one.amount_usd) for one in answer.costs) == spent
    assert sum(Decimal(one.qty) for one in answer.usage) == used
    if answer.costs:
        cents = sum(one.amount_cents for one in answer.costs)
        assert abs(cents - spent * 100) <= Decimal("0.5")
        listed = await coverage.parts(page_size=500)
        assert sum(Decimal(one.cost_usd) for one in listed if one.HasField("cost_usd")) == spent


@pytest.mark.parametrize("code", ["api_calls", "llm_tokens"])
async def test_usage_of_an_event_meter_costs_what_is_stated_for_the_month(
    coverage: Coverage, code: str
) -> None:
    coverage.analytics.peers.declare(code, "sum")
    meter = coverage.analytics.peers.meters[code]
    meter.units.add(unit="thousand", factor=1_000)
    meter.cost.CopyFrom(
        meters_pb2.MeterCost(
            meter_code=code, unit="thousand", unit_cost_cents="0.8", currency="AUD"
        )
    )
    # 30 days of 500 calls: 15,000 calls cost 12 cents.
    coverage.month.use(code, "500")
    coverage.month.use(code, "500", deployment=BLOG.id, tenant="globex")
    [line] = coverage.month.bill(("ad_hoc", code, 5, "{}"))
    unbilled, below = await coverage.parts()
    assert (unbilled.coverage, unbilled.cost_cents, unbilled.lost_cents) == ("unbilled", 12, 12)
    assert (below.reason, below.cost_cents, below.revenue_cents, below.lost_cents) == (
        "below_cost", 12, 5, 7,
    )  # fmt: skip  # a table
    assert list(below.invoice_line_ids) == [str(line)]
    assert not below.HasField("cost_usd")


async def test_a_cost_beyond_all_bounds_is_listed_first_and_stops_nothing(
    coverage: Coverage,
) -> None:
    coverage.analytics.peers.declare("bytes_sent", "sum")
    coverage.analytics.peers.meters["bytes_sent"].cost.CopyFrom(
        meters_pb2.MeterCost(
            meter_code="bytes_sent", unit="unit", unit_cost_cents="1000000000000", currency="AUD"
        )
    )
    coverage.month.use("llm_tokens", "10", deployment=BLOG.id, tenant="globex")
    coverage.month.use("bytes_sent", "1000000000000")
    first, *others = await coverage.parts()
    assert (first.resource_kind, first.lost_cents) == ("bytes_sent", 2**63 - 1)
    assert [one.resource_kind for one in others] == ["llm_tokens"]

"""The roll-up with the real catalog and metering: partial months, and late usage."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

import grpc
import orjson
import pytest
from arcadia.analytics.v1.attribution_service_pb2 import RefreshAccrualRequest
from arcadia.analytics.v1.invoice_service_pb2 import TraceInvoiceLineRequest
from arcadia.catalog.v1 import deployment_service_pb2 as deployments_pb
from arcadia.catalog.v1.quote_service_pb2 import CreateQuoteRequest
from google.protobuf.json_format import ParseDict

import services.analytics.__main__
from services.catalog.__main__ import DEFINITION, servicers
from services.catalog.plans.seed import seed
from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service
from services.common.values.periods import Period
from tests.analytics.account import Analytics, event
from tests.analytics.peers import FakePeers, Span, at, serve_peers
from tests.catalog.shop import Clock, Shop
from tests.catalog.test_meter_documents import apply
from tests.invoicing.books import Books
from tests.invoicing.catalog import FakeCatalog
from tests.invoicing.documents import downloaded
from tests.invoicing.test_unbilled import unbilled
from tests.support.databases import PostgresServer

APRIL = Period.month(2026, 4)


@dataclass
class Month:
    """A shop, its metering over a known inventory, and its books."""

    shop: Shop
    metering: Analytics
    books: Books
    inventory: FakePeers

    async def runs(self, tenant: str, slug: str, droplets: int, start: str = "2026-04-01") -> None:
        """So many droplets of a deployment run from a day to the end of April."""
        first = len(self.inventory.spans)
        self.inventory.spans += [
            Span(first + number, at(start), at("2026-05-01"), tenant_id=tenant, deployment=slug)
            for number in range(droplets)
        ]

    async def closed(self) -> None:
        """All of April is metered, and closed."""
        await self.metering.meter_month(APRIL)
        await self.metering.close("2026-04-01")


@pytest.fixture
async def month(postgres: PostgresServer) -> AsyncIterator[Month]:
    """The real catalog and analytics; it is the first of April for the catalog."""
    names = {one: postgres.create(one) for one in (Service.CATALOG, Service.ANALYTICS)}
    inventory = FakePeers()  # type: ignore[abstract]
    peers, peers_address = await serve_peers(inventory)
    clock = Clock()
    clock.set("2026-04-01")
    settings = postgres.settings(
        names,
        inventory_address=peers_address,
        billing_address=peers_address,
        log_level="warning",
    )
    catalog = Database(settings.database_url(Service.CATALOG), application_name="catalog")
    await seed(catalog)
    definition = replace(DEFINITION, servicers=partial(servicers, now=clock))
    selling = await start(definition, settings, catalog, address="127.0.0.1:0")
    settings = settings.model_copy(update={"catalog_address": f"127.0.0.1:{selling.port}"})
    database = Database(settings.database_url(Service.ANALYTICS), application_name="analytics")
    billing = await start(
        services.analytics.__main__.DEFINITION, settings, database, address="127.0.0.1:0"
    )
    settings = settings.model_copy(update={"analytics_address": f"127.0.0.1:{billing.port}"})
    shop_channel = grpc.aio.insecure_channel(f"127.0.0.1:{selling.port}")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{billing.port}")
    name = names[Service.ANALYTICS]
    yield Month(
        Shop(catalog, shop_channel, settings, postgres.url(names[Service.CATALOG]), clock),
        Analytics(database, channel, settings, name, inventory),
        Books(database, channel, settings, postgres.url(name), FakeCatalog()),  # type: ignore[abstract]
        inventory,
    )
    for each in (shop_channel, channel):
        await each.close()
    for server in (billing.server, selling.server, peers):
        await server.stop(None)
    for each_database in (database, catalog):
        await each_database.close()
    for made in names.values():
        postgres.drop(made)


async def subscribed(month: Month, tenant: str, slug: str, *addons: str) -> Any:
    token = month.shop.tenant(tenant)
    deployment = await month.shop.deploy(slug, token)
    await month.shop.subscribe(deployment.id, token=token, plan_code="studio", addons=addons)
    return deployment


async def test_who_starts_inside_the_month_pays_its_part_by_the_quote_engines_own_rule(
    month: Month,
) -> None:
    month.shop.clock.set("2026-04-20")
    await subscribed(month, "acme", "shop", "storage_50gb")
    await month.closed()
    await month.books.rolled_up()
    lines = await month.books.lines_of("acme")
    # 11 days of 30: 50.00 and 7.50, each rounded once.
    assert [(line.kind, line.amount_cents) for line in lines] == [
        ("plan_base", 1833),
        ("addon", 275),
        ("tax", 211),
    ]
    assert lines[0].meta["proration"] == "11/30"


async def test_usage_after_the_close_is_billed_with_the_next_month(month: Month) -> None:
    await subscribed(month, "acme", "shop")
    await month.runs("acme", "shop", 2)
    await month.closed()
    await month.books.rolled_up()
    before = await month.books.invoice_of("acme")
    receipt = await month.metering.record(
        event("late-1", qty="3000000", day="2026-04-15", deployment=(await ids(month))["shop"])
    )
    assert receipt.late_count == 1
    may = Period.month(2026, 5)
    await month.metering.meter_month(may)
    await month.metering.close("2026-05-01")
    await month.books.rolled_up("2026-05-01")
    [late] = [
        line
        for line in await month.books.lines_of("acme", "2026-05-01")
        if line.kind == "adjustment"
    ]
    assert (late.resource_kind, late.service_start) == ("llm_tokens", "2026-04-01")
    assert late.amount_cents > 0
    assert await month.books.invoice_of("acme") == before


async def test_who_cancels_and_subscribes_again_pays_for_each_hour_once(month: Month) -> None:
    """3 droplets all April, 15 days on each subscription: 2160 h, of which 1488 are allowed."""
    deployment = await subscribed(month, "acme", "shop")
    first = (await month.shop.look(deployment.id)).subscription.id
    month.shop.clock.set("2026-04-16")
    await month.shop.change("CancelSubscription", first)
    await month.shop.subscribe(deployment.id, plan_code="studio")
    await month.runs("acme", "shop", 3)
    await month.closed()
    await month.books.rolled_up()
    lines = await month.books.lines_of("acme")
    assert [(line.kind, line.amount_cents) for line in lines] == [
        ("plan_base", 2500), ("overage", 336), ("plan_base", 2500), ("overage", 336), ("tax", 567),
    ]  # fmt: skip  # a table
    accrual = RefreshAccrualRequest(period="2026-04-01", pass_key="test")
    await month.metering.attribution.RefreshAccrual(accrual, metadata=month.metering.worker)
    accrued = "SELECT accrued_cents FROM accruals ORDER BY result_hash"
    proven = "SELECT result_hash FROM tenant_invoice_proofs WHERE deployment_id <> '' ORDER BY 1"
    assert month.books.rows(accrued) == [(2836,), (2836,)]
    assert month.books.rows(accrued.replace("accrued_cents", "result_hash")) == month.books.rows(
        proven
    )
    deployment_id = (await ids(month))["shop"]
    await month.metering.record(
        event("late", kind="droplet_hours", qty="10", day="2026-04-02", deployment=deployment_id)
    )
    for may in (Period.month(2026, 5), Period.month(2026, 6)):
        await month.metering.meter_month(may)
        await month.metering.close(may.start.isoformat())
        await month.books.rolled_up(may.start.isoformat())
    late = [
        (period, line.amount_cents)
        for period in ("2026-05-01", "2026-06-01")
        for line in await month.books.lines_of("acme", period)
        if line.kind == "adjustment"
    ]
    assert late == [("2026-05-01", 10)]


async def april_and_late_tokens(month: Month) -> Any:
    """April is billed; then 3,000,000 tokens of April turn up. The deployment."""
    deployment = await subscribed(month, "acme", "shop")
    await month.closed()
    await month.books.rolled_up()
    late = event("late", qty="3000000", day="2026-04-15", deployment=deployment.id)
    await month.metering.record(late)
    await month.metering.meter_month(Period.month(2026, 5))
    await month.metering.close("2026-05-01")
    return deployment


async def test_an_undone_subscription_is_credited_what_later_invoices_billed_for_a_month(
    month: Month,
) -> None:
    deployment = await april_and_late_tokens(month)
    await month.books.rolled_up("2026-05-01")
    april = await month.books.invoice_of("acme")
    await month.books.void(april.id)
    kept = (await month.shop.look(deployment.id)).subscription.id
    await month.shop.change("CancelSubscription", kept, effective_on="2026-04-01")
    await month.books.rolled_up()
    [given_back, _] = await month.books.lines_of("acme")
    [billed] = [
        line
        for line in await month.books.lines_of("acme", "2026-05-01")
        if line.kind == "adjustment"
    ]
    assert (given_back.kind, given_back.amount_cents) == ("adjustment", -billed.amount_cents)
    assert billed.amount_cents == 2000


@pytest.mark.parametrize("force", [True, False])
async def test_a_draft_with_late_usage_only_is_kept_after_its_roll_up(
    month: Month, force: bool
) -> None:
    deployment = await april_and_late_tokens(month)
    kept = (await month.shop.look(deployment.id)).subscription.id
    await month.shop.change("CancelSubscription", kept, effective_on="2026-05-01")
    await month.books.drafted("2026-05-01", approval=True)
    await month.books.rolled_up("2026-05-01", force=force)
    lines = await month.books.lines_of("acme", "2026-05-01")
    assert [(line.kind, line.amount_cents) for line in lines] == [
        ("adjustment", 2000),
        ("tax", 200),
    ]


async def ids(month: Month) -> dict[str, str]:
    """The ids of the deployments, by slug."""
    answer = await month.shop.deployments.ListDeployments(
        deployments_pb.ListDeploymentsRequest(), metadata=month.shop.operator
    )
    return {one.slug: one.id for one in answer.deployments}


async def test_hours_before_a_subscription_began_are_listed_and_not_billed(month: Month) -> None:
    """9 droplets all April, Studio from the 16th: 9 x 24 x 15 - 744 = 2496 h are over."""
    token = month.shop.tenant("acme")
    deployment = await month.shop.deploy("shop", token)
    month.shop.clock.set("2026-04-16")
    await month.shop.subscribe(deployment.id, token=token, plan_code="studio")
    await month.runs("acme", "shop", 9)
    await month.closed()
    rollup = await month.books.rolled_up()
    lines = await month.books.lines_of("acme")
    assert [(line.kind, line.amount_cents) for line in lines[:-1]] == [
        ("plan_base", 2500),
        ("overage", 2496),
    ]
    listed = await unbilled(month.books)
    assert {(one.resource_kind, one.qty) for one in listed} == {("droplet_hours", "216")}
    assert [one.day[-2:] for one in listed] == [f"{day:02}" for day in range(1, 16)]
    assert rollup.unbilled.usage_count == 15
    assert sum(Decimal(one.value_cents) for one in listed if one.HasField("value_cents")) == (
        Decimal(rollup.unbilled.value_cents)
    )


async def test_a_subscription_backdated_into_a_billed_month_is_on_the_next_invoice(
    month: Month,
) -> None:
    """Nothing of the shop was on April's invoices; from the 13th on it is 18 of 30 days."""
    await subscribed(month, "globex", "store")
    token = month.shop.tenant("acme")
    deployment = await month.shop.deploy("shop", token)
    await month.closed()
    await month.books.rolled_up()
    month.shop.clock.set("2026-05-20")
    await month.shop.subscribe(
        deployment.id, token=month.shop.operator, plan_code="studio", starts_on="2026-04-13"
    )
    may = Period.month(2026, 5)
    await month.metering.meter_month(may)
    await month.metering.close("2026-05-01")
    await month.books.rolled_up("2026-05-01")
    lines = await month.books.lines_of("acme", "2026-05-01")
    assert [(line.kind, line.amount_cents, line.service_start) for line in lines[:-1]] == [
        ("plan_base", 5000, "2026-05-01"),
        ("adjustment", 3000, "2026-04-13"),
    ]
    [_, late, _] = lines
    assert (late.qty, late.unit, late.price_base_qty) == ("18", "day", "30")


SIZES = ("s-1vcpu-1gb", "s-1vcpu-512mb-10gb", "")


def by_size(month: Month) -> list[Span]:
    """The known droplets, each of a size; the last one of an unknown size."""
    return [
        replace(span, size=SIZES[number % 3], fields={"region": "syd1"})
        for number, span in enumerate(month.inventory.spans)
    ]


async def test_usage_of_several_sizes_is_one_overage_and_traced_by_its_dimensions(
    month: Month,
) -> None:
    await subscribed(month, "acme", "shop")
    await month.runs("acme", "shop", 3)
    month.inventory.spans = by_size(month)
    await month.closed()
    await month.books.rolled_up()
    [overage] = [line for line in await month.books.lines_of("acme") if line.kind == "overage"]
    # 2160 hours of 1488, at a cent.
    assert (overage.qty, overage.amount_cents, dict(overage.dimensions)) == ("672", 672, {})
    invoice = await month.books.invoice_of("acme")
    asked = TraceInvoiceLineRequest(invoice_id=invoice.id, line_id=overage.id)
    traced = await month.books.invoices.TraceInvoiceLine(asked, metadata=month.books.operator)
    sums: dict[str, Decimal] = {}
    for figure in traced.daily_usage:
        size = figure.dimensions.get("size", "")
        sums[size] = sums.get(size, Decimal(0)) + Decimal(figure.qty)
    assert sums == dict.fromkeys(SIZES, 720)
    asked.page_size = 7
    paged: list[Any] = []
    while not paged or asked.page_token:
        page = await month.books.invoices.TraceInvoiceLine(asked, metadata=month.books.operator)
        assert len(page.daily_usage) <= 7
        paged += page.daily_usage
        asked.page_token = page.next_page_token
    assert paged == list(traced.daily_usage)
    assert [one.day for one in paged] == sorted(one.day for one in paged)
    [(inputs,)] = month.books.rows(
        "SELECT inputs_json FROM tenant_invoice_proofs WHERE deployment_id = %s",
        overage.deployment_id,
    )
    assert set(orjson.loads(inputs)["usage"]) == {
        "droplet_hours[region=syd1]",
        "droplet_hours[region=syd1,size=s-1vcpu-1gb]",
        "droplet_hours[region=syd1,size=s-1vcpu-512mb-10gb]",
    }


async def test_a_billed_month_stays_billed_when_its_dimensions_become_known(month: Month) -> None:
    """It was billed without dimensions, and is metered again with them."""
    await subscribed(month, "acme", "shop")
    await month.runs("acme", "shop", 3)
    await month.closed()
    await month.books.rolled_up()
    before = await month.books.invoice_of("acme")
    month.inventory.spans = by_size(month)
    await month.metering.meter_month(APRIL)
    assert len(await month.metering.figures(from_day="2026-04-10", to_day="2026-04-11")) == 3
    assert await month.metering.changes() == []
    # Another late change prices the month again, by its dimensions: only the change is billed.
    await month.metering.record(
        event("late-1", qty="3000000", day="2026-04-15", deployment=(await ids(month))["shop"])
    )
    may = Period.month(2026, 5)
    await month.metering.meter_month(may)
    await month.metering.close("2026-05-01")
    await month.books.rolled_up("2026-05-01")
    late = [
        line.resource_kind
        for line in await month.books.lines_of("acme", "2026-05-01")
        if line.kind == "adjustment"
    ]
    assert late == ["llm_tokens"]
    assert await month.books.invoice_of("acme") == before


COLLABORATION = """
meters:
  - {code: peak_users, name: Peak users, units: [{unit: user, factor: 1}], aggregation: max}
  - code: active_users
    name: Active users
    units: [{unit: user, factor: 1}]
    aggregation: unique
  - code: seats
    name: Seats
    units: [{unit: seat, factor: 1}]
    aggregation: latest
  - code: disk_gb_month
    name: Disk space
    units: [{unit: gb_month, factor: 1}]
    aggregation: time_weighted
    basis: months
plans:
  - code: team
    name: Team
    price_cents: 1000
    currency: AUD
    items:
      - {resource_kind: peak_users, included_qty: 50, overage_unit: user, overage_price_cents: "10"}
      - {resource_kind: active_users, overage_unit: user, overage_price_cents: "20"}
      - {resource_kind: seats, included_qty: 5, overage_unit: seat, overage_price_cents: "100"}
      - {resource_kind: disk_gb_month, overage_unit: gb_month, overage_price_cents: "30"}
"""


async def test_meters_of_the_operator_are_used_quoted_and_billed_by_their_aggregation(
    month: Month,
) -> None:
    """40 then 70 users at peak, ann twice and ben, 9 seats at last, 8 GB for half of April."""
    await apply(month.shop, COLLABORATION)
    token = month.shop.tenant("acme")
    deployment = await month.shop.deploy("shop", token)
    await month.shop.subscribe(deployment.id, token=token, plan_code="team")
    of = partial(event, deployment=deployment.id)
    receipt = await month.metering.send(
        of("1", kind="peak_users", qty="70", day="2026-04-09"),
        of("2", kind="peak_users", qty="40", day="2026-04-03"),
        of("3", kind="active_users", qty="", value="ann", day="2026-04-03"),
        of("4", kind="active_users", qty="", value="ann", day="2026-04-20"),
        of("5", kind="active_users", qty="", value="ben", day="2026-04-20"),
        of("6", kind="seats", qty="12", day="2026-04-02"),
        of("7", kind="seats", qty="9", day="2026-04-25"),
        of("8", kind="disk_gb_month", qty="8", day="2026-04-16", time="00:00:00"),
    )
    assert receipt.accepted_count == 8
    assert await month.metering.used(from_day="2026-04-01", to_day="2026-05-01") == {
        "peak_users": 70, "active_users": 2, "seats": 9, "disk_gb_month": 4,
    }  # fmt: skip  # a table
    await month.closed()
    await month.books.rolled_up()
    expected = {"peak_users": 200, "active_users": 40, "seats": 400, "disk_gb_month": 120}
    lines = [line for line in await month.books.lines_of("acme") if line.kind == "overage"]
    assert {line.resource_kind: line.amount_cents for line in lines} == expected
    assert {line.meta["meter_name"] for line in lines} == {
        "Peak users", "Active users", "Seats", "Disk space",
    }  # fmt: skip  # a table
    projected = {"peak_users": 70, "active_users": 2, "seats": 9, "disk_gb_month": 4}
    request = CreateQuoteRequest(plan_code="team", starts_on="2026-05-01")
    quote = await month.shop.quotes.CreateQuote(
        ParseDict({"projected_usage": projected}, request), metadata=token
    )
    assert {line.resource_kind: line.amount_cents for line in quote.overage} == expected
    # A late event raises the peak by 5; the level holds on, so all of May has 8 GB.
    await month.metering.record(of("9", kind="peak_users", qty="75", day="2026-04-12"))
    may = Period.month(2026, 5)
    await month.metering.meter_month(may)
    await month.metering.close("2026-05-01")
    await month.books.rolled_up("2026-05-01")
    [adjustment, disk] = sorted(
        (line.kind, line.resource_kind, line.amount_cents)
        for line in await month.books.lines_of("acme", "2026-05-01")
        if line.resource_kind
    )
    assert adjustment == ("adjustment", "peak_users", 50)
    assert disk == ("overage", "disk_gb_month", 240)
    invoice = await month.books.invoice_of("acme")
    page = (await downloaded(month.books, invoice.id, format_="html")).decode()
    for text in ("Peak users over 50 included", "Disk space", "4 GB-months", "9 seats", "2 users"):
        assert text in page

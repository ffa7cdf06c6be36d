"""An account with everything that costs money, four tenants, and what each of them is sold.

April and May 2026. Initech is on Studio with addons, globex on a plan in US dollars with a price
for each size; acme pays what the provider lists and 20 % on top, hooli what it bills and 20 %. On
11 May the provider raises the price of `s-2vcpu-4gb` from 24 to 30 USD a month.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from contracts.costs import ListPriceInput, billing_history, list_price_sync
from contracts.flows import BY_HAND, start_flow
from contracts.providers import DIGITALOCEAN
from services.common.values.periods import Period
from tests.providers.simulator import Simulator
from tests.scenarios.april import IDENTIFIERS, Account, April
from workflows.costs.billing_history import BillingHistory
from workflows.costs.readings import ListPriceSync
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

__all__ = ["APRIL", "BEFORE_APRIL", "CATALOG", "MAY", "bill_two_months", "make_account"]

APRIL, MAY = Period.month(2026, 4), Period.month(2026, 5)
BEFORE_APRIL = datetime(2026, 4, 1, tzinfo=UTC)

SEED = 7
"""The pool of transfer is exceeded in April, by 3,869.54 GB, and May has a credit of 54.46 USD."""

KEPT: Mapping[str, tuple[str, ...]] = {
    "droplet": ("reports-1", "acme-k8s-"),
    "volume": ("reports-archive", "etl-scratch", "shop-uploads", "forgotten", "search-data-1"),
    "snapshot": ("reports-archive-1", "shop-uploads-1"),
    "image": ("reports-1 ", "golden-web-2025-11"),
    "load_balancer": ("globex-portal-lb", "acme-web-lb"),
    "database": ("initech-reports", "globex-etl", "acme-main"),
    "kubernetes_cluster": ("acme-k8s",),
    "app": ("status-site", "hooli-console"),
    "reserved_ip": ("45.55.99.50",),
    "spaces_bucket": ("ops-archive", "globex-exports", "acme-assets"),
    "nat_gateway": ("acme-egress",),
    "domain": ("initech.example", "globex.example", "acme.example"),
}
"""What stays of the simulated account, by the beginning of its name."""

GONE = (
    "reserved_ipv6", "partner_attachment", "container_registry", "functions_namespace",
    "nfs_share", "database_replica", "gradient_agent", "dedicated_inference", "uptime_check",
)  # fmt: skip  # a table

REPORTS = ("tenant:initech", "deployment:reports")
BETA = ("tenant:initech", "deployment:beta")
PORTAL = ("tenant:globex", "deployment:portal")
SHOP = ("tenant:acme", "deployment:shop")
SEARCH = ("tenant:hooli", "deployment:search")

TAGGED = {
    ("droplet", "reports-1"): REPORTS,
    ("volume", "reports-archive"): REPORTS,
    ("snapshot", "reports-archive-1"): REPORTS,
    ("image", "reports-1 "): REPORTS,
    ("database", "initech-reports"): REPORTS,
    ("volume", "etl-scratch"): PORTAL,
    ("database", "globex-etl"): PORTAL,
    ("droplet", "acme-k8s-"): SHOP,
    ("kubernetes_cluster", "acme-k8s"): SHOP,
    ("volume", "shop-uploads"): SHOP,
    ("snapshot", "shop-uploads-1"): SHOP,
    ("image", "golden-web-2025-11"): SHOP,
    ("database", "acme-main"): SHOP,
    ("volume", "search-data-1"): SEARCH,
}

ASSIGNED = {
    ("domain", "initech.example"): "reports",
    ("spaces_bucket", "ops-archive"): "reports",
    ("domain", "globex.example"): "portal",
    ("spaces_bucket", "globex-exports"): "portal",
    ("load_balancer", "globex-portal-lb"): "portal",
    ("domain", "acme.example"): "shop",
    ("spaces_bucket", "acme-assets"): "shop",
    ("load_balancer", "acme-web-lb"): "shop",
    ("app", "status-site"): "shop",
    ("reserved_ip", "45.55.99.50"): "shop",
    ("nat_gateway", "acme-egress"): "shop",
    ("app", "hooli-console"): "search",
}
"""Kinds without tags, by the slug of their deployment."""

CATALOG = """
plans:
  - code: sizes
    name: By size
    price_cents: 4000
    currency: USD
    items:
      - {resource_kind: droplet_hours, match: {size: [s-2vcpu-4gb]}, included_qty: 744,
         overage_unit: hour, overage_price_cents: 6}
      - {resource_kind: droplet_hours, match: {size: ["gpu-*"]}, included_qty: 0,
         overage_unit: hour, overage_price_cents: 120}
      - {resource_kind: bandwidth_gb, included_qty: 1000, overage_unit: gb, overage_price_cents: 2}
  - {code: at_cost, name: At cost, price_cents: 1000, currency: AUD, items: []}
resource_prices:
  - {resource_kind: database_hours, unit: hour, currency: USD, effective_from: 2026-01-01,
     match: {nodes: ["1"]}, by: size, prices: {db-s-2vcpu-4gb: 12, db-s-4vcpu-8gb: 24.5}}
  - {resource_kind: database_storage_gb_month, unit: gb_month, unit_price_cents: 0.5,
     currency: USD, effective_from: 2026-01-01}
  - {resource_kind: volume_gb_month, unit: gb_month, unit_price_cents: 15, currency: USD,
     effective_from: 2026-01-01}
  - {resource_kind: spaces_gb_month, unit: gb_month, unit_price_cents: 3, currency: USD,
     effective_from: 2026-01-01}
  - {resource_kind: dns_zones, unit: zone, unit_price_cents: 50, currency: USD,
     effective_from: 2026-01-01}
"""
"""Beside the seeded catalog. There is no price of load balancers in US dollars."""

COST_PLUS: dict[str, Any] = {
    "code": "cost_plus_20",
    "basis": "list",
    "percent": "20",
    "currency": "AUD",
    "takes_all": True,
    "effective_from": "2026-04-01",
    "match": {
        "tenant": ["acme"],
        "meter": [
            "app_container_hours", "bandwidth_gb", "database_hours", "database_storage_gb_month",
            "droplet_hours",
            "kubernetes_ha_hours", "load_balancer_hours", "reserved_ip_hours",
            "snapshot_gb_month", "spaces_gb_month", "volume_gb_month",
        ],
    },
}  # fmt: skip  # a table

BILL_PLUS: dict[str, Any] = {
    "code": "bill_plus_20",
    "basis": "bill",
    "percent": "20",
    "currency": "AUD",
    "takes_all": True,
    "effective_from": "2026-04-01",
    "match": {"tenant": ["hooli"]},
}


def make_account(simulator: Simulator) -> Account:
    """Creates the account, to the day before the provider changes a price."""
    simulator.reset(seed=SEED, now="2026-03-20T00:00:00Z")
    for kind in (*KEPT, *GONE):
        named = _named(simulator, kind)
        gone = [held for name, held in named if not name.startswith(KEPT.get(kind, ("\0",)))]
        simulator.delete(*gone, kind=kind)
    for (kind, name), tags in TAGGED.items():
        for held in _held(simulator, kind, name):
            simulator.change(kind, held, tags=list(tags))
    for backup in _held(simulator, "image", "reports-1 "):
        simulator.change("image", backup, size_gigabytes=5)
    simulator.set_clock("2026-03-31T00:00:00Z")
    simulator.create("s-1vcpu-1gb", "web-1", "web-2", "web-3", tags=REPORTS)
    simulator.create("s-1vcpu-1gb", "beta", tags=BETA)
    simulator.create("gpu-l40sx1-48gb", "render", tags=PORTAL, region="tor1")
    simulator.create("s-2vcpu-4gb", "portal-a", "portal-b", tags=PORTAL)
    simulator.create("s-2vcpu-4gb", "shop-a", "shop-b", tags=SHOP)
    simulator.create("s-2vcpu-4gb", "search-a", "search-b", tags=SEARCH)
    simulator.create("s-1vcpu-1gb", "spare", tags=["tenant:acme"])
    simulator.create("s-2vcpu-4gb", "monitoring")
    simulator.set_clock("2026-04-10T00:00:00Z")
    [brief] = simulator.create("s-1vcpu-1gb", "brief")
    simulator.set_clock("2026-04-12T00:00:00Z")
    simulator.delete(brief)
    simulator.set_clock("2026-04-21T00:00:00Z")
    simulator.create("gpu-h100x1-80gb", "trainer", tags=SHOP, region="tor1")
    simulator.set_clock("2026-05-10T00:00:00Z")
    return Account((), "")


def _named(simulator: Simulator, kind: str) -> Iterator[tuple[str, str]]:
    """The names of a kind's objects, with their ids."""
    for one in simulator.truth(kind):
        held = str(next(one[name] for name in IDENTIFIERS if one.get(name)))
        yield str(one.get("name") or one.get("spec", {}).get("name") or held), held


def _held(simulator: Simulator, kind: str, name: str) -> list[str]:
    found = [held for named, held in _named(simulator, kind) if named.startswith(name)]
    assert found, (kind, name)
    return found


async def bill_two_months(system: April) -> None:
    """Everything from the first list price to the second month's invoices and margin."""
    for rate, month in (("1.5", APRIL), ("1.6", MAY)):
        await system.post(
            "/exchange-rates", from_currency="USD", to_currency="AUD", rate=rate,
            effective_from=month.start.isoformat(), source="test",
        )  # fmt: skip  # a table
    await system.post("/catalog:apply", document=CATALOG)
    await _list_prices_synced(system, APRIL.start)
    await system.post("/rebilling-rules", **COST_PLUS)
    await system.post("/rebilling-rules", **BILL_PLUS)
    system.simulator.set_clock("2026-05-11T00:00:00Z")
    system.simulator.reprice("s-2vcpu-4gb", "30")
    await _list_prices_synced(system, date(2026, 5, 11))
    system.simulator.set_clock("2026-06-02T00:00:00Z")
    await _deploy(system)
    await _take_over(system)
    await (await start_flow(system.temporal, billing_history(BY_HAND), BillingHistory.run)).result()
    await _send_events(system)
    for month in (APRIL, MAY):
        await system.metered(month)
        await system.attributed(month)
        await system.rolled_up(month.code)
        await system.attributed(month)


async def _list_prices_synced(system: April, day: date) -> None:
    start = replace(list_price_sync(BY_HAND), argument=ListPriceInput(DIGITALOCEAN, day))
    await (await start_flow(system.temporal, start, ListPriceSync.run)).result()


async def _deploy(system: April) -> None:
    """Registers the deployments, and subscribes them."""
    for tenant, slug, plan, starts_on, addons in (
        ("initech", "reports", "studio", "2026-04-01", ("storage_50gb", "llm_1m")),
        ("initech", "beta", "studio", "2026-04-01", ()),
        ("globex", "portal", "sizes", "2026-04-06", ()),
        ("acme", "shop", "at_cost", "2026-04-01", ()),
        ("hooli", "search", "at_cost", "2026-04-01", ()),
    ):
        trial: dict[str, Any] = (
            {"trial": True, "trial_ends_on": "2026-04-16"} if slug == "beta" else {}
        )
        made = (await system.post("/deployments", tenant_id=tenant, slug=slug, **trial))[
            "deployment"
        ]
        system.deployments[slug] = made["id"]
        await system.post(
            f"/deployments/{made['id']}/subscribe",
            plan_code=plan,
            addons=addons,
            starts_on=starts_on,
        )


async def _take_over(system: April) -> None:
    """Syncs the account, and assigns what cannot have tags since before April."""
    kinds = ("project", *KEPT)
    await (
        await start_flow(system.temporal, sync_by_hand(system.settings, kinds), ResourceSync.run)
    ).result()
    for (kind, name), slug in ASSIGNED.items():
        [found] = (await system.get("/inventory", kind=kind, query=name))["resources"]
        await system.post(
            f"/inventory/{found['id']}/assign", deployment_id=system.deployments[slug]
        )
    for kind in sorted({kind for kind, _ in ASSIGNED}):
        system.first_seen("2026-03-31", kind)


async def _send_events(system: April) -> None:
    """On the tenth of each month: transfer of all three, and tokens of one."""
    events: list[dict[str, Any]] = [
        {
            "source": "test",
            "idempotency_key": f"{slug}/{meter}/{month.code}",
            "qty": qty,
            "deployment_id": system.deployments[slug],
            "resource_kind": meter,
            "occurred_at": f"{month.code}-10T12:00:00Z",
            "dimensions": dimensions,
        }
        for month in (APRIL, MAY)
        for slug, meter, qty, dimensions in (
            ("reports", "bandwidth_gb", "100", {}),
            ("portal", "bandwidth_gb", "1500", {}),
            ("shop", "bandwidth_gb", "400", {}),
            ("reports", "llm_tokens", "2500000", {"model": "small"}),
        )
    ]
    answer = await system.post("/usage-events", events=events)
    assert answer["receipt"]["accepted_count"] == len(events)

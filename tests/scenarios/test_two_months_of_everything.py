"""Two months of a reseller with everything that costs money, to the cent.

Four tenants: one on fixed plans, one with a price for each size, one at the provider's list prices
plus 20 %, one at its bill plus 20 %; a provider that raises a price in the second month. The
figures are reckoned apart, in `reseller_prices` and `reseller_books`.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any

import pytest

from tests.scenarios.april import April
from tests.scenarios.reseller import BEFORE_APRIL, bill_two_months, make_account
from tests.scenarios.reseller_books import TENANT_OF, Fate, Month
from tests.scenarios.reseller_prices import CURRENCY_OF, Line, half_up
from tests.scenarios.system import running_scenario
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom

BOOKS = {"2026-04": Month(30, "1.5", is_april=True), "2026-05": Month(31, "1.6", is_april=False)}
MONTHS = pytest.mark.parametrize("month", [*BOOKS])
TENANTS = pytest.mark.parametrize("tenant", [*CURRENCY_OF])

USAGE = ("overage", "ad_hoc", "rebilled")
SHOWN = ("size", "kind", "image_kind")
"""The dimensions that tell lines apart."""


@pytest.fixture(scope="module")
async def reseller(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[April]:
    """Both months, billed."""
    folder = tmp_path_factory.mktemp("reseller")
    async with running_scenario(
        "reseller", engine_room, postgres, folder, make_account, catalog_clock=lambda: BEFORE_APRIL
    ) as system:
        await bill_two_months(system)
        yield system


async def invoiced(reseller: April, tenant: str, month: str, reader: str | None = None) -> Any:
    """A tenant's invoice as its member reads it, or an operator (an empty reader)."""
    [found] = (await reseller.get("/invoices", tenant, period=month))["invoices"]
    return await reseller.get(f"/invoices/{found['id']}", tenant if reader is None else reader)


def quantity(line: Any) -> Fraction:
    return Fraction(line["meta"].get("exact_qty", line["qty"]))


def line_of(reseller: April, line: Any) -> Line:
    [slug] = [slug for slug, held in reseller.deployments.items() if held == line["deployment_id"]]
    shown = [line["dimensions"][key] for key in SHOWN if key in line["dimensions"]]
    return Line(
        slug,
        line["kind"],
        " ".join([line["resource_kind"], *shown]).strip(),
        # A metered month is the sum of its days, each with twelve places.
        quantity(line).limit_denominator(10_000),
        Fraction(line["unit_price_cents"]) / Fraction(line["price_base_qty"]),
        int(line["amount_cents"]),
    )


@TENANTS
@MONTHS
async def test_every_line_and_total_of_every_invoice_is_what_was_agreed(
    reseller: April, tenant: str, month: str
) -> None:
    answer = await invoiced(reseller, tenant, month)
    invoice, lines, tax = answer["invoice"], answer["lines"][:-1], answer["lines"][-1]
    assert Counter(line_of(reseller, line) for line in lines) == BOOKS[month].lines(tenant)
    subtotal = BOOKS[month].subtotal(tenant)
    gst = half_up(Fraction(subtotal, 10))
    assert (tax["kind"], tax["description"], int(tax["amount_cents"])) == ("tax", "GST 10%", gst)
    assert [int(invoice[f"{name}_cents"]) for name in ("subtotal", "tax", "total")] == [
        subtotal, gst, subtotal + gst,
    ]  # fmt: skip
    assert (invoice["currency"], invoice["status"]) == (CURRENCY_OF[tenant], "issued")


async def test_cost_plus_follows_the_providers_price_from_the_day_of_its_change(
    reseller: April,
) -> None:
    # Only the operator sees the cost side of a line.
    lines = (await invoiced(reseller, "acme", "2026-05", ""))["lines"]
    changed = [
        (line["service_start"], line["service_end"], line["meta"]["list_price_usd"], line["qty"])
        for line in lines
        if line["dimensions"].get("size") == "s-2vcpu-4gb"
        and line["dimensions"]["image_kind"] == "base"
    ]
    assert sorted(changed) == [
        ("2026-05-01", "2026-05-11", "24", "480"),
        ("2026-05-11", "2026-06-01", "30", "1008"),
    ]
    assert {line["meta"]["exchange_rate"] for line in lines if line["kind"] == "rebilled"} == {
        "1.6"
    }


async def test_the_change_is_one_event_that_says_what_it_does_to_each_margin(
    reseller: April,
) -> None:
    [change] = (await reseller.get("/list-price-changes"))["list_price_changes"]
    assert (change["before"]["usd"], change["after"]["usd"], change["effective_on"]) == (
        "24", "30", "2026-05-11",
    )  # fmt: skip
    effects = {one["name"]: one for one in change["margin_effects"]}
    sizes = effects["sizes v1 size=s-2vcpu-4gb"]
    # 6 US cents an hour, which cost 3.571 before and 4.464 after.
    assert (sizes["margin_percent_before"], sizes["margin_percent_after"]) == ("40.5", "25.6")
    studio = effects["studio v1 size=s-2vcpu-4gb"]
    # 8.2 AUD cents an hour, which cost 5.714 and 7.143 at 1.6 AUD for a USD.
    assert (studio["margin_percent_before"], studio["margin_percent_after"]) == ("30.3", "12.9")
    assert studio["exchange_rate"] == "1.6"


@MONTHS
async def test_the_providers_bill_is_everything_that_runs_and_its_lines_add_up(
    reseller: April, month: str
) -> None:
    bills = (await reseller.get("/billing/provider-invoices"))["provider_invoices"]
    [bill] = [one for one in bills if one["period"] == f"{month}-01"]
    assert Fraction(bill["amount_usd"]) == BOOKS[month].bill_usd()
    assert bill["reconciliation"]["balanced"] is True


@MONTHS
async def test_the_margin_of_each_tenant_is_its_invoice_less_what_it_costs(
    reseller: April, month: str
) -> None:
    margin, books = await reseller.get("/dashboard/margin", period=month), BOOKS[month]
    revenue, cogs = books.revenue_cents(), books.cogs_cents()
    found = {
        one["tenant_id"] or one["attribution"]: (
            int(one["revenue_cents"]), int(one["cogs_cents"]), int(one["margin_cents"]),
        )
        for one in margin["by_tenant"]
    }  # fmt: skip
    assert found == {
        owner: (revenue.get(owner, 0), cents, revenue.get(owner, 0) - cents)
        for owner, cents in cogs.items()
    }
    billed = half_up(sum(map(books.aud_cents, CURRENCY_OF), Fraction(0)))
    whole = (billed, half_up(books.bill_usd() * 100 * books.rate))
    assert (int(margin["revenue_cents"]), int(margin["cogs_cents"])) == whole
    assert int(margin["margin_cents"]) == whole[0] - whole[1]
    assert (margin["revenue_state"], margin["cogs_state"]) == ("final", "final")
    for cut in ("by_tenant", "by_deployment"):
        assert sum(int(one["cogs_cents"]) for one in margin[cut]) == whole[1]
        assert sum(int(one["revenue_cents"]) for one in margin[cut]) == whole[0]


@MONTHS
async def test_every_cost_and_every_metered_day_is_exactly_one_thing_and_they_add_up(
    reseller: April, month: str
) -> None:
    coverage, books = await reseller.get("/coverage", period=month), BOOKS[month]
    costs = {
        Fate(one["coverage"], one["reason"]): Fraction(one["amount_usd"])
        for one in coverage["costs"]
    }
    # A share of a cost has ten places; the shares add up to the bill exactly.
    expected = books.coverage_usd()
    assert {fate: round(usd, 6) for fate, usd in costs.items()} == {
        fate: round(usd, 6) for fate, usd in expected.items()
    }
    assert sum(costs.values()) == Fraction(coverage["amount_usd"]) == books.bill_usd()
    cents = {one["coverage"] + one["reason"]: int(one["amount_cents"]) for one in coverage["costs"]}
    assert sum(cents.values()) == half_up(books.bill_usd() * 100 * books.rate)
    usage = {
        (one["resource_kind"], Fate(one["coverage"], one["reason"])): round(Fraction(one["qty"]), 9)
        for one in coverage["usage"]
    }
    assert usage == {key: round(qty, 9) for key, qty in books.usage().items()}
    parts = (await reseller.get("/coverage/parts", period=month, page_size=500))["coverage_parts"]
    assert sum(Fraction(one.get("cost_usd") or 0) for one in parts) == books.bill_usd()


@MONTHS
async def test_what_is_lost_is_listed_with_the_most_first(reseller: April, month: str) -> None:
    slugs = {held: slug for slug, held in reseller.deployments.items()}
    listed = await reseller.get("/coverage/parts", period=month, losses_only=True, page_size=500)
    found = [
        (
            slugs.get(one["deployment_id"], one["tenant_id"] or "unattributed"),
            one["resource_kind"] or one["kind"],
            Fate(one["coverage"], one["reason"]),
            int(one["lost_cents"]) if "lost_cents" in one else None,
        )
        for one in listed["coverage_parts"]
    ]
    assert found == BOOKS[month].losses()
    top = {(slug, meter, fate.reason) for slug, meter, fate, _ in found[:6]}
    # A GPU at less than it costs, and a load balancer without a price.
    assert top >= {
        ("portal", "droplet_hours", "below_cost"),
        ("portal", "load_balancer_hours", "not_sold"),
    }


@TENANTS
@MONTHS
async def test_every_line_is_traced_to_its_usage_facts_and_its_price(
    reseller: April, tenant: str, month: str
) -> None:
    answer = await invoiced(reseller, tenant, month)
    invoice = answer["invoice"]["id"]
    for line in answer["lines"]:
        traced = await reseller.get(f"/invoices/{invoice}/lines/{line['id']}/trace", tenant)
        assert traced["line"] == line
        expected = {
            "plan_base": "plan_version", "overage": "plan_item", "ad_hoc": "resource_price",
            "rebilled": "rebilling_rule", "addon": "addon", "tax": "tax_rule",
        }  # fmt: skip  # a table
        assert traced["price_type"] == expected[line["kind"]]
        assert traced["price_id"]
        days = traced["daily_usage"]
        if line["kind"] not in USAGE:
            assert days == []
            continue
        if tenant == "hooli":  # its facts are lines of the bill, which operators see
            path = f"/invoices/{invoice}/lines/{line['id']}/trace"
            costs = (await reseller.get(path))["rebilled_costs"]
            billed = sum(Fraction(one["billed_usd"]) for one in costs)
            assert billed * BOOKS[month].rate * Fraction("1.2") == quantity(line)
            assert sum(int(one["billed_cents"]) for one in costs) == int(line["amount_cents"])
            assert "rebilled_costs" not in traced or traced["rebilled_costs"] == []
            continue
        used = sum(Fraction(day["qty"]) for day in days)
        over = quantity(line) * (1000 if line["unit"] == "1k_tokens" else 1)
        allowance = Fraction(line["meta"].get("allowance", 0))
        assert round(used - allowance - over, 9) == 0
        assert {line["service_start"] <= day["day"] < line["service_end"] for day in days} == {True}
        first = days[0]
        facts = (await reseller.get(f"/usage/{first['id']}/facts", tenant))["facts"]
        assert sum(Fraction(fact["qty"]) for fact in facts) == Fraction(first["qty"])


async def test_every_invoice_verifies_and_so_does_their_chain(reseller: April) -> None:
    invoices = (await reseller.get("/invoices"))["invoices"]
    assert len(invoices) == len(BOOKS) * len(CURRENCY_OF)
    for invoice in invoices:
        verified = await reseller.get(f"/invoices/{invoice['id']}/verify", invoice["tenant_id"])
        assert verified["verified"] is True
    assert (await reseller.get("/invoices:verify"))["verified"] is True


async def test_simulating_the_catalog_as_it_is_gives_what_was_billed(reseller: April) -> None:
    document = (await reseller.get("/catalog:export"))["document"]
    answer = await reseller.post("/catalog:simulate", document=document, months=2)
    assert (answer["months"], answer["failure_count"]) == (["2026-04-01", "2026-05-01"], 0)
    billed = {
        tenant: sum(books.subtotal(tenant) for books in BOOKS.values()) for tenant in CURRENCY_OF
    }
    assert {
        one["tenant_id"]: [
            (each["currency"], int(each["before_cents"]), int(each["after_cents"]))
            for each in one["revenues"]
        ]
        for one in answer["simulated_shares"]
    } == {tenant: [(CURRENCY_OF[tenant], cents, cents)] for tenant, cents in billed.items()}


async def test_each_meter_is_held_against_what_its_resources_cost(reseller: April) -> None:
    """The cost of a node of a Kubernetes cluster is one of droplets."""
    document = (await reseller.get("/catalog:export"))["document"]
    answer = await reseller.post("/catalog:simulate", document=document, months=2, group_by="meter")
    expected, of_tenant = defaultdict[str, Fraction](Fraction), defaultdict[str, Fraction](Fraction)
    for books in BOOKS.values():
        aud = 100 * books.rate
        owned = [(slug, meter, usd) for (slug, meter), usd in books.costs().items()]
        owned += [(owner, kind, usd) for (owner, kind), (_, usd) in books.other_costs().items()]
        for owner, kind, usd in owned:
            tenant = TENANT_OF.get(owner, owner)
            if tenant in CURRENCY_OF:
                expected[kind.replace("bandwidth_gb", "other")] += usd * aud
                of_tenant[tenant] += usd * aud
    found = {one["meter"]: int(one["cost_cents"]) for one in answer["simulated_shares"]}
    # Of each tenant's costs the parts are whole cents, by largest remainders.
    assert {meter: cents for meter, cents in found.items() if cents} == {
        meter: pytest.approx(float(cents), abs=len(CURRENCY_OF))
        for meter, cents in expected.items()
    }
    assert sum(found.values()) == sum(map(half_up, of_tenant.values()))


async def test_a_tenant_sees_only_its_own(reseller: April) -> None:
    for tenant in CURRENCY_OF:
        seen = (await reseller.get("/invoices", tenant))["invoices"]
        assert {one["tenant_id"] for one in seen} == {tenant}
        used = (await reseller.get("/usage", tenant, page_size=500))["daily_usage"]
        assert {one["tenant_id"] for one in used} == {tenant}
        owned = (await reseller.get("/deployments", tenant))["deployments"]
        assert {one["slug"] for one in owned} == {
            slug for slug, owner in TENANT_OF.items() if owner == tenant
        }
        held = (await reseller.get("/inventory", tenant, page_size=500))["resources"]
        assert {one["tenant_id"] for one in held} == {tenant}
        for other in CURRENCY_OF.keys() - {tenant}:
            foreign = (await invoiced(reseller, other, "2026-05"))["invoice"]["id"]
            lines = (await reseller.get(f"/invoices/{foreign}", other))["lines"]
            for path in ("", "/lines", "/document", "/verify", f"/lines/{lines[0]['id']}/trace"):
                await reseller.get(f"/invoices/{foreign}{path}", tenant, status=404)
        for path in (
            "/coverage?period=2026-05", "/coverage/parts?period=2026-05", "/list-price-changes",
            "/rebilling-rules", "/dashboard/margin?period=2026-05", "/list-prices",
        ):  # fmt: skip  # a table
            await reseller.get(path, tenant, status=403)


async def test_a_second_roll_up_doubles_nothing(reseller: April) -> None:
    before = (await reseller.get("/invoices"))["invoices"]
    for month in BOOKS:
        again = await reseller.rolled_up(month)
        assert (again["status"], again["issued_count"], again["skipped_count"]) == (
            "completed", "0", str(len(CURRENCY_OF)),
        )  # fmt: skip
    assert (await reseller.get("/invoices"))["invoices"] == before

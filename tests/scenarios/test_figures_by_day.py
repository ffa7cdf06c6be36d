"""Figures of usage by day, from events to invoices, through the gateway.

September and October 2026, on an empty account: all usage is sent as events.
"""

from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any

import pytest

from services.common.values.money import whole_cents
from services.common.values.periods import Period
from tests.providers.simulator import Simulator
from tests.scenarios.april import Account, April
from tests.scenarios.system import running_scenario
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom

SEPTEMBER, OCTOBER = Period.month(2026, 9), Period.month(2026, 10)
STUDIO_HOURS = 9 * 24


def make_account(simulator: Simulator) -> Account:
    """An account without resources."""
    simulator.reset(seed=5, now="2026-11-02T00:00:00Z")
    return Account((), "")


def zones(model: str, **terms: Any) -> dict[str, Any]:
    """A plan item with one pricing model, without allowance."""
    return {
        "resource_kind": "dns_zones",
        "included_qty": "0",
        "overage_unit": "zone",
        "pricing_model": model,
        **terms,
    }


def tiers(*steps: tuple[int | None, str]) -> list[dict[str, Any]]:
    return [
        {"unit_price_cents": cents} | ({} if top is None else {"up_to_qty": str(top)})
        for top, cents in steps
    ]


PLANS: dict[str, tuple[int, str, list[dict[str, Any]]]] = {
    "dear": (0, "AUD", [zones("per_unit", overage_price_cents="10")]),
    "cheap": (0, "AUD", [zones("per_unit", overage_price_cents="1")]),
    "graduated": (0, "AUD", [zones("graduated", tiers=tiers((1000, "10"), (None, "5")))]),
    "volume": (0, "AUD", [zones("volume", tiers=tiers((100, "10"), (None, "8")))]),
    "least": (0, "AUD", [zones("minimum", overage_price_cents="1", amount_cents="3000")]),
    "yen": (10_000, "JPY", []),
}


async def publish(system: April) -> None:
    for code, (cents, currency, items) in PLANS.items():
        await system.post("/catalog/plans", code=code, name=code)
        path = f"/catalog/plans/{code}/versions"
        await system.post(path, price_cents=str(cents), currency=currency, items=items)
        await system.post(f"{path}/1/publish")


async def subscribe(system: April, tenant: str, plan: str, starts_on: str) -> str:
    """Creates the deployment `app` of a tenant; an operator subscribes it in the past."""
    made = (await system.post("/deployments", tenant, slug="app"))["deployment"]
    system.deployments[tenant] = made["id"]
    answer = await system.post(
        f"/deployments/{made['id']}/subscribe", plan_code=plan, starts_on=starts_on
    )
    return str(answer["subscription"]["id"])


async def use(system: April, tenant: str, kind: str, used: dict[str, str]) -> None:
    events = [
        {
            "source": "test",
            "idempotency_key": f"{tenant}/{kind}/{day}",
            "qty": qty,
            "deployment_id": system.deployments[tenant],
            "resource_kind": kind,
            "occurred_at": f"{day}T12:00:00Z",
        }
        for day, qty in used.items()
    ]
    answer = await system.post("/usage-events", events=events)
    assert answer["receipt"]["accepted_count"] == len(events)


@pytest.fixture(scope="module")
async def autumn(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[April]:
    """Both months, billed."""
    folder = tmp_path_factory.mktemp("autumn")
    async with running_scenario("autumn", engine_room, postgres, folder, make_account) as system:
        await publish(system)
        await subscribe(system, "studio-late", "studio", "2026-09-16")
        await use(
            system,
            "studio-late",
            "droplet_hours",
            {f"2026-09-{day:02d}": str(STUDIO_HOURS) for day in range(1, 31)},
        )
        for tenant, day in (("early", "2026-09-05"), ("late", "2026-09-25")):
            changed = await subscribe(system, tenant, "dear", "2026-09-01")
            await system.post(
                f"/subscriptions/{changed}/change-plan",
                plan_code="cheap",
                effective_on="2026-09-16",
            )
            await use(system, tenant, "dns_zones", {day: "100"})
        half = await subscribe(system, "graduated", "graduated", "2026-09-01")
        await system.post(f"/subscriptions/{half}/cancel", effective_on="2026-09-16")
        await use(system, "graduated", "dns_zones", {"2026-09-03": "800"})
        await subscribe(system, "volume", "volume", "2026-09-01")
        await use(system, "volume", "dns_zones", {"2026-09-03": "101"})
        await subscribe(system, "least", "least", "2026-09-16")
        await subscribe(system, "yen", "yen", "2026-10-26")
        await system.metered(SEPTEMBER)
        await system.rolled_up(SEPTEMBER.code)
        # One event of the billed month comes late, and another one was wrong.
        await use(system, "volume", "dns_zones", {"2026-09-29": "10"})
        wrong = {"source": "test", "idempotency_key": "early/dns_zones/2026-09-05"}
        await system.post("/usage-events/void", events=[wrong], reason="counted twice")
        await system.metered(OCTOBER)
        await system.rolled_up(OCTOBER.code)
        yield system


async def invoiced(system: April, tenant: str, period: str = "2026-09") -> Any:
    [found] = (await system.get("/invoices", tenant, period=period))["invoices"]
    return await system.get(f"/invoices/{found['id']}", tenant)


def usage_lines(answer: Any) -> list[tuple[str, str, str]]:
    return [
        (line["qty"], line["unit_price_cents"], line["amount_cents"])
        for line in answer["lines"]
        if line["kind"] in ("overage", "ad_hoc")
    ]


@pytest.mark.parametrize(
    ("tenant", "lines"),
    [
        ("studio-late", [("2496", "1", "2496")]),
        ("early", [("100", "10", "1000")]),
        ("late", [("100", "1", "100")]),
        ("graduated", [("800", "10", "8000")]),
        ("volume", [("101", "8", "808")]),
        ("least", [("1", "1500", "1500")]),
    ],
)
async def test_usage_costs_what_its_day_says(
    autumn: April, tenant: str, lines: list[tuple[str, str, str]]
) -> None:
    assert usage_lines(await invoiced(autumn, tenant)) == lines


async def test_hours_before_the_subscription_are_listed_as_unbilled(autumn: April) -> None:
    listed = await autumn.get("/unbilled-usage", period="2026-09", page_size=500)
    found = [one for one in listed["unbilled_usage"] if one["tenant_id"] == "studio-late"]
    assert [one["day"] for one in found] == [f"2026-09-{day:02d}" for day in range(1, 16)]
    assert sum(int(one["qty"]) for one in found) == 3240
    assert {one["resource_kind"] for one in found} == {"droplet_hours"}


async def test_yen_have_no_minor_unit(autumn: April) -> None:
    answer = await invoiced(autumn, "yen", "2026-10")
    [plan] = [line for line in answer["lines"] if line["kind"] == "plan_base"]
    assert (answer["invoice"]["currency"], plan["amount_cents"]) == ("JPY", "1935")
    shown = (plan["qty"], plan["unit"], plan["unit_price_cents"], plan["price_base_qty"])
    assert shown == ("6", "day", "10000", "31")


@pytest.mark.parametrize(
    ("tenant", "billed"),
    # 111 zones at 8 cents where 101 were billed; none where 100 were, at 10.
    [("volume", [("10", "8", "80")]), ("early", [("-100", "10", "-1000")])],
)
async def test_usage_reported_late_is_an_adjustment_on_the_next_invoice(
    autumn: April, tenant: str, billed: list[tuple[str, str, str]]
) -> None:
    answer = await invoiced(autumn, tenant, "2026-10")
    lines = [line for line in answer["lines"] if line["kind"] == "adjustment"]
    assert [
        (line["qty"], line["unit_price_cents"], line["amount_cents"]) for line in lines
    ] == billed
    assert {line["meta"]["adjusts_period"] for line in lines} == {"2026-09-01"}


async def test_every_line_of_every_invoice_multiplies(autumn: April) -> None:
    listed = (await autumn.get("/invoices", page_size=100))["invoices"]
    assert len(listed) > 10
    for invoice in listed:
        for line in (await autumn.get(f"/invoices/{invoice['id']}"))["lines"]:
            exact = Fraction(line["qty"]) * Fraction(line["unit_price_cents"])
            amount = whole_cents(exact / Fraction(line["price_base_qty"]))
            assert amount == int(line["amount_cents"]), line

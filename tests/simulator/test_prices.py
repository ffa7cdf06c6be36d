"""Prices of the simulated provider, which a test may change."""

from decimal import Decimal

from tests.simulator.running import Simulator

SIZE = "s-2vcpu-4gb"


def test_a_changed_price_is_listed_and_bills_what_runs_from_then_on(sim: Simulator) -> None:
    made = sim.post(
        "/_simulator/mutate",
        {"do": "create", "name": "priced", "size": SIZE, "region": "nyc3", "tags": []},
    )
    assert made["changed"] == 1
    sim.post("/_simulator/clock", {"set": "2026-06-01T00:00:00Z"})
    sim.post("/_simulator/clock", {"set": "2026-06-11T00:00:00Z"})
    sim.post("/_simulator/prices", {"size": SIZE, "price_monthly": "48"})
    sim.post("/_simulator/clock", {"set": "2026-06-21T00:00:00Z"})
    later = sim.post(
        "/_simulator/mutate",
        {"do": "create", "name": "priced-later", "size": SIZE, "region": "nyc3", "tags": []},
    )
    assert later["changed"] == 1
    sim.post("/_simulator/clock", {"set": "2026-07-02T00:00:00Z"})

    [size] = [one for one in sim.everything("/v2/sizes", "sizes") if one["slug"] == SIZE]
    assert size["price_monthly"] == 48
    june = next(
        one
        for one in sim.everything("/v2/customers/my/invoices", "invoices")
        if one["invoice_period"] == "2026-06"
    )
    items = sim.everything(f"/v2/customers/my/invoices/{june['invoice_uuid']}", "invoice_items")
    amounts = {
        name: sorted(
            Decimal(item["amount"]) for item in items if item["description"] == f"{name} ({SIZE})"
        )
        for name in ("priced", "priced-later")
    }
    # Ten days at 24 USD for 672 hours, twenty at 48; ten at 48.
    assert amounts["priced"] == [Decimal("8.57"), Decimal("34.29")]
    assert amounts["priced-later"] == [Decimal("17.14")]


def test_app_sizes_are_listed_with_exact_prices(sim: Simulator) -> None:
    sizes = sim.get("/v2/apps/tiers/instance_sizes")["instance_sizes"]

    assert {one["slug"]: one["usd_per_month"] for one in sizes}["basic-xxs"] == "5.00"


def test_an_unknown_size_and_an_impossible_price_are_refused(sim: Simulator) -> None:
    before = sim.get("/_simulator/prices")
    sim.post("/_simulator/prices", {"size": "huge", "price_monthly": "1"}, 422)
    sim.post("/_simulator/prices", {"size": SIZE, "price_monthly": "-1"}, 422)
    sim.post("/_simulator/prices", {"size": SIZE, "price_monthly": "cheap"}, 422)
    assert sim.get("/_simulator/prices") == before

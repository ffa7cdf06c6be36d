"""The cost side of a quote: exact, in its currency, and unknown without known costs."""

from decimal import Decimal
from typing import Any

import grpc
import pytest
from arcadia.billing.v1 import cost_feed_service_pb2 as pb
from arcadia.billing.v1 import cost_feed_service_pb2_grpc

from services.catalog.list_prices.rules.list_prices import PricedUnit, Source
from services.catalog.quotes.margin_inputs import UnitCosts
from services.catalog.quotes.rules.margin_guard import (
    AT_PAR,
    NOT_NEEDED,
    UNKNOWN,
    Conversion,
    MarginGuard,
    StatedCost,
    guard,
)
from services.catalog.quoting.inputs import UsageSeries

USAGE = (
    UsageSeries("droplet_hours", projected_qty=Decimal(1000)),
    UsageSeries("dns_zones", projected_qty=Decimal(0)),
)


def guarded(cents: int, cost: str = "0.02", **said: Any) -> MarginGuard:
    return guard(
        cents,
        said.pop("usage", USAGE),
        said.pop("listed", ()),
        {"droplet_hours": Decimal(cost)},
        said.pop("stated", {}),
        currency=said.pop("currency", "AUD"),
        floor_percent=Decimal(30),
        conversion=said.pop("conversion", Conversion(Decimal("1.5"))),
    )


def test_the_margin_is_the_price_less_the_cost_in_the_quotes_currency() -> None:
    found = guarded(5000)
    assert (found.cost_cents, found.margin_cents) == (3000, 2000)
    assert (found.margin_percent, found.below_floor) == (Decimal("40.0"), False)
    assert (found.exchange_rate, found.parity_assumed) == (Decimal("1.5"), False)


@pytest.mark.parametrize(
    ("currency", "rate", "cost"), [("JPY", "150", 3000), ("KWD", "0.3", 6000), ("AUD", "1.5", 3000)]
)
def test_the_cost_is_in_minor_units_of_the_quotes_currency(
    currency: str, rate: str, cost: int
) -> None:
    found = guarded(5000, currency=currency, conversion=Conversion(Decimal(rate)))
    assert found.cost_cents == cost


@pytest.mark.parametrize(("cents", "below"), [(4286, False), (4285, True)])
def test_the_floor_is_held_against_the_exact_share(cents: int, below: bool) -> None:
    found = guarded(cents)
    assert (found.margin_percent, found.below_floor) == (Decimal("30.0"), below)


def test_without_a_rate_parity_is_assumed_with_a_note_and_dollars_need_none() -> None:
    at_par, dollars = guarded(5000, conversion=AT_PAR), guarded(5000, conversion=NOT_NEEDED)
    assert (at_par.cost_cents, at_par.exchange_rate, at_par.parity_assumed) == (2000, None, True)
    assert (dollars.cost_cents, dollars.exchange_rate) == (2000, None)
    assert not dollars.parity_assumed


def test_an_unknown_rate_makes_the_cost_unknown_and_parity_is_not_assumed() -> None:
    found = guarded(5000, conversion=UNKNOWN)
    assert (found.cost_cents, found.margin_cents, found.below_floor) == (None, None, None)
    assert (found.exchange_rate, found.parity_assumed, found.unknown_kinds) == (None, False, ())


def test_one_unknown_cost_makes_the_whole_unknown_and_is_named() -> None:
    found = guarded(5000, usage=(*USAGE, UsageSeries("llm_tokens", projected_qty=Decimal(1))))
    assert found.unknown_kinds == ("llm_tokens",)
    assert (found.cost_cents, found.margin_cents, found.margin_percent, found.below_floor) == (
        None,
        None,
        None,
        None,
    )


def test_a_price_of_nothing_has_no_percentage_but_a_loss_is_below_the_floor() -> None:
    found = guarded(0)
    assert (found.margin_percent, found.margin_cents, found.below_floor) == (None, -3000, True)


def test_a_size_costs_its_list_price_and_what_has_none_what_the_bills_say() -> None:
    def hours(qty: int, size: str) -> UsageSeries:
        return UsageSeries(
            "droplet_hours", dimensions=(("size", size),), projected_qty=Decimal(qty)
        )

    gpu = PricedUnit(
        "droplet_hours", (("size", "gpu"),), Decimal("2278.08"), Decimal(672), Source.API
    )
    free = PricedUnit("dns_zones", (), Decimal(0), Decimal(1), Source.DECLARED)
    usage = (
        hours(672, "gpu"),
        hours(1000, "other"),
        UsageSeries("dns_zones", projected_qty=Decimal(9)),
    )

    found = guarded(500_000, usage=usage, listed=(gpu, free), conversion=NOT_NEEDED)

    # A month of the GPU, and 1,000 hours at two cents.
    assert (found.cost_cents, found.unknown_kinds) == (227_808 + 2_000, ())


class Billing(cost_feed_service_pb2_grpc.CostFeedServiceServicer):
    """Knows what a droplet costs."""

    async def GetUnitCosts(
        self, request: pb.GetUnitCostsRequest, context: Any
    ) -> pb.GetUnitCostsResponse:
        """Leaves out every other kind."""
        assert list(request.resource_kinds) == ["dns_zones", "droplet_hours"]
        known = pb.UnitCost(resource_kind="droplet_hours", unit_cost_usd="0.00893")
        return pb.GetUnitCostsResponse(unit_costs=[known])


async def test_unit_costs_are_asked_of_billing_and_a_kind_it_leaves_out_is_unknown() -> None:
    server = grpc.aio.server()
    servicer = Billing()  # type: ignore[abstract]
    cost_feed_service_pb2_grpc.add_CostFeedServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        found = await UnitCosts(channel).of({"droplet_hours", "dns_zones"})
    await server.stop(None)
    assert found == {"droplet_hours": Decimal("0.00893")}


GPU = (UsageSeries("gpu_seconds", projected_qty=Decimal(7200)),)


@pytest.mark.parametrize(("currency", "cost"), [("AUD", 500), ("USD", 750), ("EUR", None)])
def test_an_event_meter_costs_what_the_operator_states(currency: str, cost: int | None) -> None:
    """Two hours at 2.50 each; a cost in a third currency is unknown."""
    stated = {"gpu_seconds": StatedCost(Decimal(250), 3600, currency)}
    found = guarded(700, usage=GPU, stated=stated)
    assert found.cost_cents == cost
    assert found.unknown_kinds == (() if cost else ("gpu_seconds",))
    assert found.below_floor == (None if cost is None else cost > 490)


def test_a_stated_cost_is_added_exactly_to_what_is_bought() -> None:
    """A third of a cent and 3,000 cents for 1,000 hours, of which the sum alone is rounded."""
    usage = (*USAGE, UsageSeries("gpu_seconds", projected_qty=Decimal(1)))
    stated = {"gpu_seconds": StatedCost(Decimal(2), 3, "AUD")}
    assert guarded(5000, usage=usage, stated=stated).cost_cents == 3001
    unstated = guarded(5000, usage=usage)
    assert (unstated.cost_cents, unstated.unknown_kinds) == (None, ("gpu_seconds",))

"""The provider's list prices: exact and complete, or an error."""

import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import ProviderUnavailable, RateLimited
from providers.digitalocean.list_prices import hourly_price, list_prices
from tests.providers.simulator import Simulator

SIZE = "s-2vcpu-4gb"


def as_told(hourly: Fraction, places: int = 15) -> Decimal:
    """The price of an hour as the API writes it: through a float32."""
    [single] = struct.unpack("f", struct.pack("f", float(round(hourly, places))))
    return Decimal(f"{single:.15g}")


@given(st.decimals("0.01", "20000", places=2, allow_nan=False), st.sampled_from([5, 6, 15]))
def test_the_price_of_an_hour_is_a_672nd_of_the_month_however_it_is_rounded(
    monthly: Decimal, places: int
) -> None:
    told = as_told(Fraction(monthly) / 672, places)

    assert hourly_price(monthly, told) == (monthly, 672)


def test_an_hour_that_is_no_part_of_the_month_is_a_price_of_its_own() -> None:
    assert hourly_price(Decimal(5), Decimal("0.00999999977648258")) == (Decimal("0.01"), 1)
    assert hourly_price(Decimal(5), Decimal("0.00743999984115362")) == (Decimal(5), 672)
    assert hourly_price(Decimal(5), None) == (Decimal(5), 672)


async def test_every_size_of_droplets_and_apps_has_its_price(provider: DigitalOcean) -> None:
    found = {(one.meter, one.dimensions): one for one in await list_prices(provider)}

    droplet = found["droplet_hours", (("size", SIZE),)]
    gpu = found["droplet_hours", (("size", "gpu-h100x1-80gb"),)]
    app = found["app_container_hours", (("size", "apps-s-1vcpu-0.5gb"),)]
    assert (Decimal(droplet.usd), droplet.per_qty) == (Decimal(24), "672")
    assert (Decimal(gpu.usd), gpu.per_qty) == (Decimal("2278.08"), "672")
    assert (Decimal(app.usd), app.per_qty) == (Decimal(5), "672")


async def test_a_changed_price_is_reported_from_then_on(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    simulator.reprice(SIZE, "30")
    simulator.reprice("apps-s-1vcpu-0.5gb", "5.50")
    prices = {one.dimensions: Decimal(one.usd) for one in await list_prices(provider)}
    simulator.reprice(SIZE, "24")
    simulator.reprice("apps-s-1vcpu-0.5gb", "5")

    assert prices[("size", SIZE),] == 30
    assert prices[("size", "apps-s-1vcpu-0.5gb"),] == Decimal("5.5")


@pytest.mark.parametrize("path", ["/v2/sizes", "/v2/apps/tiers"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [("too_many_requests", RateLimited), ("server_error", ProviderUnavailable)],
)
async def test_a_list_that_cannot_be_read_is_an_error_and_no_part_of_the_prices(
    provider: DigitalOcean, simulator: Simulator, path: str, fault: str, error: type[Exception]
) -> None:
    simulator.fault(fault, path=path)

    with pytest.raises(error):
        await list_prices(provider)


async def test_a_passing_failure_is_tried_again(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    simulator.fault("server_error", path="/v2/sizes", times=1)

    assert len(await list_prices(provider)) == 26


async def test_a_list_that_lacks_rows_of_its_total_is_an_error(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    simulator.fault("wrong_total", path="/v2/sizes", by=3)

    with pytest.raises(ProviderUnavailable):
        await list_prices(provider)

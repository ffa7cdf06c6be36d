"""Parsers of requests about list prices."""

from typing import Final

from arcadia.catalog.v1 import list_price_service_pb2 as pb

from services.catalog import requests
from services.catalog.list_prices.record import ProviderPrices
from services.catalog.list_prices.rules.list_prices import PricedUnit, Source
from services.catalog.list_prices.store.list_prices import ListPriceFilter
from services.catalog.meters.rules.meters import BUILT_IN
from services.common.errors import InvalidArgument
from services.common.values.money import MAX_QUANTITY, exact
from services.common.values.periods import optional_day, read_day

__all__ = ["list_price_filter", "provider_prices"]

MAX_PRICES: Final = 5_000
MAX_USD: Final = 10**9


def list_price_filter(request: pb.ListListPricesRequest) -> ListPriceFilter:
    """The filter of a list. Raises InvalidArgument."""
    return ListPriceFilter(
        requests.line("provider", request.provider),
        BUILT_IN.known("meter", request.meter) if request.meter else "",
        optional_day(request.in_force_on, "in_force_on"),
    )


def provider_prices(request: pb.RecordListPricesRequest) -> ProviderPrices:
    """The prices from a provider's API. Raises InvalidArgument."""
    if len(request.prices) > MAX_PRICES:
        raise InvalidArgument("prices", f"must not be more than {MAX_PRICES:,}")
    prices = [_price(price, f"prices[{place}].") for place, price in enumerate(request.prices)]
    met = set()
    for place, price in enumerate(prices):
        if price.series in met:
            raise InvalidArgument(f"prices[{place}].dimensions", "has a price already")
        met.add(price.series)
    return ProviderPrices(
        provider=requests.required("provider", requests.line("provider", request.provider)),
        on=read_day(requests.required("on", request.on), "on"),
        prices=prices,
        recorded_by=requests.required(
            "recorded_by", requests.line("recorded_by", request.recorded_by)
        ),
    )


def _price(price: pb.ListedPrice, path: str) -> PricedUnit:
    per_qty = exact(price.per_qty, f"{path}per_qty", minimum=0, maximum=MAX_QUANTITY)
    if not per_qty:
        raise InvalidArgument(f"{path}per_qty", "must be above 0", reason="OUT_OF_RANGE")
    return PricedUnit(
        BUILT_IN.known(f"{path}meter", price.meter),
        tuple(sorted(price.dimensions.items())),
        exact(price.usd, f"{path}usd", minimum=0, maximum=MAX_USD),
        per_qty,
        Source.API,
    )

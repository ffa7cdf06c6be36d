"""List prices: the instance sizes of apps, and the control API that changes a price."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation

import orjson
from starlette.requests import Request

from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.payload import payload, required
from providers.digitalocean.simulator.web.routing import Answer, Routes
from providers.digitalocean.simulator.world.catalog import (
    APP_SIZES,
    SIZES,
    app_size_document,
    size_document,
)

__all__ = ["routes"]

routes = Routes()


@routes.at("/v2/apps/tiers/instance_sizes")
async def _instance_sizes(simulation: Simulation, _: Request) -> Answer:
    """Every instance size of App Platform at once: the list has no pages."""
    changed = simulation.ledger.prices()
    sizes = [
        app_size_document(size, changed.get(size.slug, size.monthly)) for size in APP_SIZES.values()
    ]
    return {"discount_percent": 0, "instance_sizes": sizes}


@routes.at("/_simulator/prices")
async def _prices(simulation: Simulation, _: Request) -> Answer:
    """The monthly price of every size of droplets and apps, in USD."""
    prices = {slug: size.monthly for slug, size in SIZES.items()}
    prices |= {slug: size.monthly for slug, size in APP_SIZES.items()}
    prices |= simulation.ledger.prices()
    return {"prices": {slug: str(price) for slug, price in prices.items()}}


@routes.at("/_simulator/prices", "POST")
async def _shift(simulation: Simulation, request: Request) -> Answer:
    """`{"size", "price_monthly"}`: from now on a size costs this, in lists and in bills."""
    asked = await payload(request)
    slug = required(asked, "size", str)
    if slug not in SIZES and slug not in APP_SIZES:
        raise Unprocessable("size is unknown")
    monthly = _price(required(asked, "price_monthly", str))
    billed = simulation.ledger.shift(slug, monthly, simulation.clock.now())
    if slug in SIZES:
        document = orjson.loads(size_document(replace(SIZES[slug], monthly=monthly)))
        simulation.store.replace("size", slug, document, slug)
    return {"lifespans": billed}


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise Unprocessable("price_monthly must be a decimal in USD, as a text") from error
    if not price.is_finite() or price < 0:
        raise Unprocessable("price_monthly must not be negative")
    return price

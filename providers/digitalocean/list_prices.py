"""The list prices in DigitalOcean's API: sizes of droplets and instances of apps.

The API shows the price of an hour as a rounded float32 (`0.00743999984115362`), and the price of a
month exactly. A month counts 672 hours, so the exact price of an hour is a 672nd of the month's.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.billing import loads
from providers.digitalocean.errors import MalformedAnswer, ProviderUnavailable

__all__ = ["ListedPrice", "hourly_price", "list_prices"]

SIZES: Final = "/v2/sizes"
APP_SIZES: Final = "/v2/apps/tiers/instance_sizes"

HOURS_OF_MONTH: Final = 672

ROUNDED: Final = Fraction(5, 10**6)
"""By how much a price of an hour may differ that the API rounds to five places."""
SINGLE: Final = Fraction(1, 2**23)
"""The relative error of a float32."""


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price: USD for a quantity of a meter, exact decimals as texts."""

    meter: str
    dimensions: tuple[tuple[str, str], ...]
    usd: str
    per_qty: str


async def list_prices(provider: DigitalOcean) -> list[ListedPrice]:
    """Every price in the API. Raises ProviderError if any list cannot be read whole."""
    return [*await _sizes(provider), *await _app_sizes(provider)]


def hourly_price(monthly: Decimal, hourly: Decimal | None) -> tuple[Decimal, int]:
    """The exact price of hours, and of how many: a month's, unless the hourly price contradicts it.

    An hourly price that is no rounded 672nd of the month is a price of its own.
    """
    if hourly is None:
        return monthly, HOURS_OF_MONTH
    exact = Fraction(monthly) / HOURS_OF_MONTH
    if abs(exact - Fraction(hourly)) <= ROUNDED + abs(exact) * SINGLE:
        return monthly, HOURS_OF_MONTH
    return _shortest(hourly), 1


async def _sizes(provider: DigitalOcean) -> list[ListedPrice]:
    rows: list[JsonObject] = []
    total: int | None = None
    async for page in provider.pages(SIZES, "sizes"):
        rows += page.items
        total = page.total
    if total is not None and total != len(rows):
        raise ProviderUnavailable(f"{SIZES}: {len(rows)} of {total} sizes came")
    prices = _hourly("droplet_hours", rows, SIZES, monthly="price_monthly", hourly="price_hourly")
    return [*prices]


async def _app_sizes(provider: DigitalOcean) -> list[ListedPrice]:
    answer = await provider.document(APP_SIZES, loads=loads)
    rows = answer.get("instance_sizes")
    if not isinstance(rows, list):
        raise MalformedAnswer(f"{APP_SIZES}: the answer has no list `instance_sizes`")
    return [*_hourly("app_container_hours", rows, APP_SIZES, monthly="usd_per_month", hourly="")]


def _hourly(
    meter: str, rows: Iterable[JsonObject], path: str, *, monthly: str, hourly: str
) -> Iterator[ListedPrice]:
    """The prices of sizes by their slugs; a size without a price is left out."""
    met = set()
    for row in rows:
        slug = str(row.get("slug") or "").lower()
        if not slug:
            raise MalformedAnswer(f"{path}: a size has no slug")
        month = _price(row.get(monthly), f"{path}: {monthly} of {slug}")
        if month is None or slug in met:
            continue
        met.add(slug)
        hour = _price(row.get(hourly), f"{path}: {hourly} of {slug}") if hourly else None
        usd, hours = hourly_price(month, hour)
        yield ListedPrice(meter, (("size", slug),), format(usd, "f"), str(hours))


def _price(value: Any, what: str) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        raise MalformedAnswer(f"{what} is not a number: {value!r}") from None
    if not price.is_finite() or price < 0:
        raise MalformedAnswer(f"{what} is not a price: {value!r}")
    return price


def _shortest(number: Decimal) -> Decimal:
    """The shortest decimal that is the same float32."""
    single = _single(number)
    texts = (f"{number:.{digits}g}" for digits in range(1, 10))
    return next((found for text in texts if _single(found := Decimal(text)) == single), number)


def _single(number: Decimal) -> bytes:
    """The float32 that the provider would write for a number; only compared, never calculated."""
    return struct.pack("f", float(number))

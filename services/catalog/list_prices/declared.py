"""Reads the declared list prices, which the provider's API does not return."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.catalog.list_prices.rules.list_prices import PricedUnit, Source

__all__ = ["declared_prices"]


def declared_prices(provider: str) -> Sequence[PricedUnit]:
    """The declared prices of a provider; empty for one that is not in the table."""
    return _declared().get(provider, ())


@cache
def _declared() -> Mapping[str, Sequence[PricedUnit]]:
    # Every scalar is read as text, because a number in YAML would be a float.
    written = yaml.load(Path(__file__).with_name("declared.yaml").read_text(), yaml.BaseLoader)  # noqa: S506
    return {
        provider: [price for entry in entries for price in _prices(entry)]
        for provider, entries in written.items()
    }


def _prices(entry: Mapping[str, Any]) -> Iterator[PricedUnit]:
    """The prices of an entry: one, or one for each value of the dimension in `times`."""
    fixed: dict[str, str] = entry.get("dimensions", {})
    usd, per_qty = Decimal(entry["usd"]), Decimal(entry.get("per_qty", "1"))
    [(key, most)] = entry.get("times", {"": "0"}).items()
    if not key:
        yield PricedUnit(entry["meter"], _ordered(fixed), usd, per_qty, Source.DECLARED)
    for count in range(1, int(most) + 1):
        dimensions = _ordered(fixed | {key: str(count)})
        yield PricedUnit(entry["meter"], dimensions, usd * count, per_qty, Source.DECLARED)


def _ordered(dimensions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dimensions.items()))

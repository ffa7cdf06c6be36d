"""The terms of the catalog in words, and how they differ."""

from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from services.catalog.meters.rules.costs import NewCost
from services.catalog.meters.rules.meters import MeterTerms
from services.catalog.plans.rules.plans import AddonTerms, PlanItem, PriceTier, UnitPrice
from services.common.values.money import plain

__all__ = ["NOTHING", "differences", "meter_words", "words_of"]

NOTHING: Final = "none"


def meter_words(terms: MeterTerms | None) -> dict[str, str]:
    """The fields of an event meter."""
    if terms is None:
        return {}
    words = {
        "name": terms.name,
        "units": ", ".join(f"{one.unit} = {one.factor}" for one in terms.units),
        "aggregation": str(terms.aggregation),
        "basis": str(terms.basis),
    }
    return words | ({"dimensions": ", ".join(terms.dimensions)} if terms.dimensions else {})


def words_of(terms: AddonTerms | NewCost | PlanItem | UnitPrice | None) -> dict[str, str]:
    """The fields of terms, without unset ones."""
    if terms is None:
        return {}
    values = {one.name: getattr(terms, one.name) for one in fields(terms)}
    return {
        name: _word(value)
        for name, value in values.items()
        if value is not None
        and value != ()
        and (value or name != "amount_cents")
        and name != "match"  # it is in the row's name
    }


def _word(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return ", ".join(map(_tier_word, value))
    return str(value)


def _tier_word(tier: PriceTier) -> str:
    limit = "beyond" if tier.up_to_qty is None else f"up to {plain(tier.up_to_qty)}"
    return f"{limit} at {plain(tier.unit_price_cents)}"


def differences(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """The differences in words, such as `price_cents 5000 → 5500`; for new entries, only values."""
    if not before:
        return tuple(f"{name} {value}" for name, value in after.items())
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        f"{name} {before.get(name, NOTHING)} → {after.get(name, NOTHING)}"
        for name in names
        if before.get(name) != after.get(name)
    )

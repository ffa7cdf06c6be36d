"""The effects of a change of a list price on the margins of prices for its meter."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.catalog.list_prices.rules.list_prices import PricedUnit
from services.catalog.plans.rules.matches import Match, label, winner
from services.catalog.plans.rules.plans import PlanItem, PlanVersion, ResourcePrice
from services.catalog.quotes.rules.margin_guard import Conversion, margin_percent
from services.catalog.vocabulary import UNITS, PricingModel
from services.common.values.money import in_minor_units

__all__ = ["MarginEffect", "SoldPrice", "margin_effects", "sold_prices"]


@dataclass(frozen=True, slots=True)
class SoldPrice:
    """A price of ours; with tiers the lowest unit price."""

    kind: str
    """`plan_item` or `resource_price`."""
    name: str
    meter: str
    unit: str
    unit_price_cents: Decimal
    currency: str
    match: Match = ()


@dataclass(frozen=True, slots=True)
class MarginEffect:
    """The margin of a price before and after a change, in percent; None is unknown."""

    kind: str
    name: str
    unit_price_cents: Decimal
    currency: str
    unit: str
    margin_percent_before: Decimal | None
    margin_percent_after: Decimal | None
    exchange_rate: Decimal | None
    parity_assumed: bool


def sold_prices(
    versions: Iterable[PlanVersion], prices: Iterable[ResourcePrice], on: date
) -> Iterator[SoldPrice]:
    """The prices per unit of active plan versions, and the unit prices in force on a day."""
    for version in versions:
        for item in version.terms.items:
            if (cents := _lowest(item)) is not None:
                yield SoldPrice(
                    "plan_item",
                    f"{version.plan_code} v{version.version}",
                    item.resource_kind,
                    item.overage_unit,
                    cents,
                    version.terms.currency,
                    item.match,
                )
    for known in prices:
        price = known.price
        if price.effective_from <= on and (price.effective_to is None or on < price.effective_to):
            yield SoldPrice(
                "resource_price",
                price.resource_kind,
                price.resource_kind,
                price.unit,
                price.unit_price_cents,
                price.currency,
                price.match,
            )


def margin_effects(
    before: PricedUnit,
    after: PricedUnit,
    sold: Iterable[SoldPrice],
    conversions: Mapping[str, Conversion],
) -> list[MarginEffect]:
    """The effects of a change on the prices that sell what it is for.

    Of the rows of a plan, or of the unit prices in a currency, that is the most specific one.
    `conversions` are by currency.
    """
    rows: dict[tuple[str, str, str], list[SoldPrice]] = {}
    for price in sold:
        if price.meter == after.meter:
            rows.setdefault((price.kind, price.name, price.currency), []).append(price)
    effects = []
    for of_one in rows.values():
        won = winner(of_one, dict(after.dimensions))
        if won is None:
            continue
        conversion = conversions[won.currency]
        was, now = (_margin(won, unit, conversion) for unit in (before, after))
        effects.append(
            MarginEffect(
                won.kind,
                f"{won.name} {label(won.match)}".rstrip(),
                won.unit_price_cents,
                won.currency,
                won.unit,
                was,
                now,
                conversion.rate,
                conversion.parity_assumed,
            )
        )
    return effects


def _margin(price: SoldPrice, unit: PricedUnit, conversion: Conversion) -> Decimal | None:
    if not conversion.known:
        return None
    usd = unit.unit_usd * UNITS[price.meter][price.unit]
    cost = in_minor_units(usd * Fraction(conversion.rate or 1), price.currency)
    return margin_percent(Fraction(price.unit_price_cents), cost)


def _lowest(item: PlanItem) -> Decimal | None:
    """The lowest price of a unit in cents; None for a model without one."""
    match item.pricing_model:
        case PricingModel.FLAT:
            return None
        case PricingModel.GRADUATED | PricingModel.VOLUME:
            return min(tier.unit_price_cents for tier in item.tiers)
        case PricingModel.PACKAGE if item.package_qty:
            return item.overage_price_cents / item.package_qty
        case _:
            return item.overage_price_cents

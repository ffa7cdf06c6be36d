"""Validates the terms of plan items, from requests and documents alike."""

import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Final

from kinds.metering import DIMENSION_VALUE, Meter
from services.catalog.meters.rules.meters import Meters
from services.catalog.plans.rules.matches import PREFIX, Match, label, named
from services.catalog.plans.rules.plans import PlanItem, UnitPrice, VersionTerms
from services.catalog.vocabulary import PricingModel
from services.common.errors import FailedPrecondition, InvalidArgument

__all__ = [
    "MAX_PRICE",
    "MAX_QTY",
    "check_addon",
    "check_currency",
    "check_dimension",
    "check_unit_price",
    "check_value",
    "check_version",
    "counts_nowhere",
]

MAX_QTY: Final = Decimal(10**15)
"""Maximum usage per month, in units of its kind."""

MAX_PRICE: Final = 10**12
"""In cents."""

MAX_TIERS: Final = 100
MAX_ITEMS: Final = 1_000
MAX_VALUES: Final = 100

MAX_MATCH: Final = 1_500
"""Characters of a match: it is part of a database key."""

VALUE: Final = re.compile(DIMENSION_VALUE, re.ASCII)
"""A value of a dimension, or a prefix without its `*`."""

TIERED: Final = frozenset({PricingModel.GRADUATED, PricingModel.VOLUME})
BY_AMOUNT: Final = frozenset({PricingModel.FLAT, PricingModel.MINIMUM})


def check_version(terms: VersionTerms, meters: Meters, field: str = "") -> None:
    """Raises InvalidArgument, with the field, for contradictory items."""
    if len(terms.items) > MAX_ITEMS:
        raise InvalidArgument(f"{field}items", f"must not be more than {MAX_ITEMS}")
    known: set[tuple[str, Match]] = set()
    for position, item in enumerate(terms.items):
        path = f"{field}items[{position}]"
        if (item.resource_kind, item.match) in known:
            raise InvalidArgument(
                f"{path}.resource_kind",
                f"{named(item.resource_kind, item.match)} already has an item",
                reason="DUPLICATE_KIND",
            )
        known.add((item.resource_kind, item.match))
        _check_item(item, path, meters[item.resource_kind])


def check_unit_price(price: UnitPrice, meters: Meters, field: str = "") -> None:
    """Raises InvalidArgument, with the field, for an invalid unit, match or span."""
    meter = meters[price.resource_kind]
    _check_unit(meter, price.unit, f"{field}unit")
    _check_match(meter, price.match, f"{field}match")
    if price.effective_to is not None and price.effective_to <= price.effective_from:
        raise InvalidArgument(
            f"{field}effective_to", "must be after effective_from", reason="OUT_OF_RANGE"
        )


def _check_item(item: PlanItem, path: str, meter: Meter) -> None:
    _check_unit(meter, item.overage_unit, f"{path}.overage_unit")
    _check_match(meter, item.match, f"{path}.match")
    model = item.pricing_model
    if model in TIERED:
        _check_tiers(item, path)
    elif item.tiers:
        raise InvalidArgument(f"{path}.tiers", f"are not for {model}")
    if (model is PricingModel.PACKAGE) != (item.package_qty is not None):
        word = "is required for" if model is PricingModel.PACKAGE else "is not for"
        raise InvalidArgument(f"{path}.package_qty", f"{word} {model}")
    if item.package_qty is not None and item.package_qty <= 0:
        raise InvalidArgument(f"{path}.package_qty", "must be above 0", reason="OUT_OF_RANGE")
    if item.amount_cents and model not in BY_AMOUNT:
        raise InvalidArgument(f"{path}.amount_cents", f"is not for {model}")


def _check_unit(meter: Meter, unit: str, field: str) -> None:
    if unit not in meter.units:
        raise InvalidArgument(
            field, f"{unit!r} is not one of {', '.join(meter.units)}", reason="UNKNOWN_UNIT"
        )


def _check_match(meter: Meter, match: Match, path: str) -> None:
    for key, values in match:
        field = f"{path}.{key}"
        check_dimension(meter, key, field)
        if not 1 <= len(values) <= MAX_VALUES:
            raise InvalidArgument(
                field, f"must be from 1 to {MAX_VALUES} values", reason="OUT_OF_RANGE"
            )
        for value in values:
            check_value(value.removesuffix(PREFIX), field)
    if len(label(match)) > MAX_MATCH:
        raise InvalidArgument(path, f"must not be longer than {MAX_MATCH} characters")


def check_dimension(meter: Meter, key: str, field: str) -> None:
    """Raises InvalidArgument, with the field, for a key that the meter does not declare."""
    if key not in meter.dimensions:
        known = f"has {', '.join(meter.dimensions)}" if meter.dimensions else "has none"
        raise InvalidArgument(
            field,
            f"{key!r} is not a dimension of {meter.code}, which {known}",
            reason="UNKNOWN_DIMENSION",
        )


def check_value(value: str, field: str) -> str:
    """A value of a dimension. Raises InvalidArgument, with the field."""
    if not VALUE.fullmatch(value):
        raise InvalidArgument(
            field,
            f"{value!r} is not a value: letters, digits and any of ._:/@+-, from 1 to 100",
            reason="MALFORMED_VALUE",
        )
    return value


def _check_tiers(item: PlanItem, path: str) -> None:
    if not item.tiers:
        raise InvalidArgument(f"{path}.tiers", f"are required for {item.pricing_model}")
    if len(item.tiers) > MAX_TIERS:
        raise InvalidArgument(f"{path}.tiers", f"must not be more than {MAX_TIERS}")
    *limited, last = (tier.up_to_qty for tier in item.tiers)
    if last is not None:
        raise InvalidArgument(
            f"{path}.tiers[{len(limited)}].up_to_qty", "must be unset on the last tier"
        )
    for position, limit in enumerate(limited):
        if limit is None or limit <= 0:
            raise InvalidArgument(f"{path}.tiers[{position}].up_to_qty", "must be above 0")
    for position, (lower, upper) in enumerate(pairwise(limited), start=1):
        if lower is not None and upper is not None and upper <= lower:
            raise InvalidArgument(
                f"{path}.tiers[{position}].up_to_qty", "must be above that of the tier before"
            )


def counts_nowhere(kind: str, items: Iterable[PlanItem]) -> bool:
    """Whether the quantity of an addon would count nowhere in a plan with these items.

    It adds to the item without a match, or where the plan has no item of the kind, to the usage at
    the resource price without a match. A plan with only items that match has neither.
    """
    of_kind = [item for item in items if item.resource_kind == kind]
    return bool(of_kind) and all(item.match for item in of_kind)


def check_addon(field: str, kind: str, items: Iterable[PlanItem]) -> None:
    """Raises FailedPrecondition, with the field, for an addon that `counts_nowhere`."""
    if counts_nowhere(kind, items):
        raise FailedPrecondition(
            f"{field}: adds {kind}, of which the plan has only items with a match: there is none"
            " that an addon could add to",
            reason="ADDON_WITHOUT_ITEM",
            metadata={"field": field, "resource_kind": kind},
        )


def check_currency(field: str, priced_in: str, currency: str) -> None:
    """Raises FailedPrecondition, with the field, for a product in another currency.

    `currency` is that of the plan or subscription with which it would be sold.
    """
    if priced_in != currency:
        raise FailedPrecondition(
            f"{field}: is priced in {priced_in}, but is sold with a price in {currency}",
            reason="CURRENCY_MISMATCH",
            metadata={"field": field, "currency": priced_in},
        )

"""The pricing models of usage over the allowance: one module per model, one interface.

Every model prices the usage over the allowance and under the hard cap, in overage units. So for
every model, the allowance is free and the cap applies. Sizes of tiers and packages are quantities
and are not prorated. Monthly amounts (`flat`) are prorated by days.

The quantity is multiplied by `scale`, so that it is a finite decimal. Everything is computed in
`numbers.EXACT`.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.models import flat, graduated, package, per_unit, volume
from services.catalog.quoting.models.charge import Charge, Part
from services.catalog.vocabulary import PricingModel

__all__ = ["MODELS", "Charge", "Model", "Part"]

Model = Callable[[PlanItem, Decimal, int, Part], Sequence[Charge]]

MODELS: Final[Mapping[PricingModel, Model]] = {
    PricingModel.ALLOWANCE: per_unit.charges,
    PricingModel.PER_UNIT: per_unit.charges,
    PricingModel.GRADUATED: graduated.charges,
    PricingModel.VOLUME: volume.charges,
    PricingModel.PACKAGE: package.charges,
    PricingModel.FLAT: flat.charges,
    PricingModel.MINIMUM: per_unit.charges,
}
"""`allowance` and `per_unit` differ in what they include, which an earlier step computes. `minimum`
prices units; a later step adds the difference to the minimum.
"""

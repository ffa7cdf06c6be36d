"""How usage over the allowance is priced: one model a module, behind one interface.

Every model prices the same thing: what was used over the allowance and under the hard cap,
in overage units. So whatever the model, an allowance costs nothing and a cap holds. Sizes of
tiers and packages are quantities, not times: they are the same in a part of a month. Amounts
of a month (`flat`) are prorated by days.

The quantity comes times `scale`, which keeps it a decimal. Everything is computed in
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
"""`allowance` and `per_unit` differ in what they include, which is decided before this.

`minimum` prices units, and then the difference to its least amount: a step of its own.
"""

"""How usage over the allowance is priced: one model a module, behind one interface.

Every model prices the same thing: what was used over the allowance and under the hard cap,
in overage units. So whatever the model, an allowance costs nothing and a cap holds.

All take `part`, by which over is multiplied already: a month's terms hold for a part of it
by letting all that they say of quantities and fixed amounts be that part. Amounts and units
come back multiplied by it too. Everything is computed in `numbers.EXACT`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from services.catalog.plans import PlanItem
from services.catalog.quoting.models import (
    flat,
    graduated,
    minimum,
    package,
    per_unit,
    volume,
)
from services.catalog.quoting.models.charge import Charge
from services.catalog.vocabulary import PricingModel

__all__ = ["MODELS", "Charge", "Model"]

Model = Callable[[PlanItem, Decimal, int], Charge]

MODELS: Final[Mapping[PricingModel, Model]] = {
    PricingModel.ALLOWANCE: per_unit.charge,
    PricingModel.PER_UNIT: per_unit.charge,
    PricingModel.GRADUATED: graduated.charge,
    PricingModel.VOLUME: volume.charge,
    PricingModel.PACKAGE: package.charge,
    PricingModel.FLAT: flat.charge,
    PricingModel.MINIMUM: minimum.charge,
}
"""`allowance` and `per_unit` differ in what they include, which is decided before this."""

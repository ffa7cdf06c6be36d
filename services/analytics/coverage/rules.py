"""The values of coverage, and the kinds of usage that costs are sold by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kinds import RESOURCE_KINDS
from services.analytics.margin.rules.conversion import Conversion
from services.analytics.margin.rules.summary import apportion
from services.common.values.money import in_minor_units, plain, whole_cents

__all__ = ["METER_GROUPS", "USD", "CostCoverage", "Coverage", "CoveragePart", "StatedCost",
           "UsageCoverage", "add_cents", "multipliers"]  # fmt: skip  # a table

USD: Final = "USD"
"""The currency of the provider's bills."""

TRANSFER: Final = ("shared", "bandwidth")
"""What charges for transfer are called; of no kind, they have the name of their classification."""

TRANSFER_METER: Final = "bandwidth_gb"


class Coverage(StrEnum):
    """What became of a cost or of usage; see CostCoverage in coverage_service.proto."""

    BILLED = "billed"
    REBILLED = "rebilled"
    INCLUDED = "included"
    FREE = "free"
    INTERNAL = "internal"
    UNBILLED = "unbilled"


def _meter_groups() -> Iterable[tuple[str, str, str]]:
    """The kinds with a meter each, and the first meter of the kind, which stands for the kind."""
    for charge in TRANSFER:
        yield charge, TRANSFER_METER, TRANSFER_METER
    for kind in RESOURCE_KINDS.values():
        for rule in kind.meters:
            yield kind.name, rule.code, kind.meters[0].code


METER_GROUPS: Final = tuple(_meter_groups())
"""Kinds of resource, their meters, and the meter by which the usage of the kind is weighed."""


@dataclass(frozen=True, slots=True)
class CostCoverage:
    """The costs that one thing became of; see CostCoverage in coverage_service.proto."""

    coverage: Coverage
    reason: str
    amount_usd: Decimal
    amount_cents: int = 0


@dataclass(frozen=True, slots=True)
class StatedCost:
    """What the operator says that usage of an event meter costs in a month."""

    meter: str
    unit_cost_cents: Decimal
    """The cost of a unit, in cents of the currency."""
    units: int
    """The usage of which it is the cost."""
    currency: str


@dataclass(frozen=True, slots=True)
class UsageCoverage:
    """The usage of a kind that one thing became of."""

    resource_kind: str
    coverage: Coverage
    reason: str
    qty: Decimal


@dataclass(frozen=True, slots=True)
class CoveragePart:
    """The costs and the usage of a deployment and a kind that one thing became of."""

    place: int
    """Its rank, from the largest loss on."""
    tenant_id: str
    deployment_id: str
    kind: str
    resource_kind: str
    coverage: Coverage
    reason: str
    cost_usd: Decimal | None
    cost_cents: int | None
    revenue_cents: int | None
    lost_cents: int | None
    qty: Decimal | None
    invoice_line_ids: tuple[str, ...]


def add_cents(costs: Sequence[CostCoverage], conversion: Conversion) -> list[CostCoverage]:
    """Adds whole cents of the reporting currency, which add up to the rounded total."""
    exact = {
        f"{one.coverage} {one.reason}": conversion.cents(in_minor_units(one.amount_usd, USD), USD)
        for one in costs
    }
    cents = apportion(whole_cents(sum(exact.values(), Fraction(0))), exact)
    return [replace(one, amount_cents=cents[f"{one.coverage} {one.reason}"]) for one in costs]


def multipliers(conversion: Conversion, currencies: Iterable[str]) -> dict[str, Decimal]:
    """The value of a minor unit of each currency in those of the reporting currency."""
    return {one: Decimal(plain(conversion.cents(1, one))) for one in currencies}

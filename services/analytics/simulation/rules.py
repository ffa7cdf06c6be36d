"""The revenue that a draft would have had: before and after, with cost and margin, per share.

Revenue by currency is exact. In the reporting currency each tenant is rounded once, and its
deployments and meters are apportioned, so that all parts add up to the total.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kinds import RESOURCE_KINDS
from services.analytics.margin.rules.conversion import Conversion
from services.analytics.margin.rules.summary import apportion, margin_of, percent_of
from services.common.values.money import in_minor_units, whole_cents

__all__ = [
    "Billed",
    "Cost",
    "Failure",
    "Grouping",
    "SimulatedRevenue",
    "SimulatedShare",
    "Simulation",
]

USD: Final = "USD"
"""The currency of the provider's bills."""

METER_OF: Final[Mapping[str, str]] = {
    name: kind.meters[0].code for name, kind in RESOURCE_KINDS.items() if kind.meters
}
"""The meter at which the cost of a kind of resource counts: the first that measures it."""


class Grouping(StrEnum):
    """The grouping of shares."""

    TENANT = "tenant"
    DEPLOYMENT = "deployment"
    METER = "meter"


@dataclass(frozen=True, slots=True)
class Billed:
    """The billed or simulated amount of a deployment for a meter in a month."""

    tenant_id: str
    deployment_id: str
    meter: str
    currency: str
    month: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Cost:
    """The provider's charges for resources of a kind in a month."""

    tenant_id: str
    deployment_id: str
    kind: str
    month: date
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Failure:
    """A deployment that the draft cannot price in a month."""

    tenant_id: str
    deployment_id: str
    period: date
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class SimulatedRevenue:
    """Revenue in one currency, in whole cents."""

    currency: str
    before_cents: int
    after_cents: int

    @property
    def change_cents(self) -> int:
        """Positive if more is paid."""
        return self.after_cents - self.before_cents

    @property
    def change_percent(self) -> Decimal | None:
        """The change in percent of what was billed; None if nothing was."""
        if not self.before_cents:
            return None
        return Decimal(
            whole_cents(Fraction(self.change_cents * 1000, abs(self.before_cents)))
        ).scaleb(-1)


@dataclass(frozen=True, slots=True)
class SimulatedShare:
    """Revenue before and after, and costs, in the reporting currency; None is unknown."""

    tenant_id: str
    deployment_id: str
    meter: str
    revenues: tuple[SimulatedRevenue, ...]
    revenue_before_cents: int
    revenue_after_cents: int
    cost_cents: int | None
    floor_percent: Decimal

    @property
    def margin_before_cents(self) -> int | None:
        """Revenue less cost as billed."""
        return margin_of(self.revenue_before_cents, self.cost_cents)

    @property
    def margin_after_cents(self) -> int | None:
        """Revenue less cost by the draft."""
        return margin_of(self.revenue_after_cents, self.cost_cents)

    @property
    def margin_before_percent(self) -> Decimal | None:
        """The margin in percent of the revenue as billed."""
        return percent_of(self.revenue_before_cents, self.cost_cents)

    @property
    def margin_after_percent(self) -> Decimal | None:
        """The margin in percent of the revenue by the draft."""
        return percent_of(self.revenue_after_cents, self.cost_cents)

    @property
    def below_floor_before(self) -> bool | None:
        """Whether the margin as billed is below the floor."""
        return self._is_below(self.revenue_before_cents)

    @property
    def below_floor_after(self) -> bool | None:
        """Whether the margin by the draft is below the floor."""
        return self._is_below(self.revenue_after_cents)

    def _is_below(self, revenue: int) -> bool | None:
        margin = margin_of(revenue, self.cost_cents)
        return None if margin is None else margin * 100 < self.floor_percent * revenue


@dataclass(slots=True)
class _Exact:
    """The exact amounts of a part of a tenant."""

    before: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    after: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By currency, in whole cents."""
    before_reported: Fraction = Fraction(0)
    after_reported: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    """In cents of the reporting currency."""


@dataclass(slots=True)
class _Whole:
    """The rounded amounts of a share."""

    before: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    after: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    before_cents: int = 0
    after_cents: int = 0
    cost_cents: int = 0


class Simulation:
    """Adds up the months of some tenants.

    A month of a deployment that failed is left out of all amounts, before and after.
    """

    def __init__(
        self, conversions: Mapping[date, Conversion], failed: Collection[tuple[str, str, date]]
    ) -> None:
        self._conversions = conversions
        self._failed = frozenset(failed)
        self._cells: dict[tuple[str, str, str], _Exact] = defaultdict(_Exact)

    def add_before(self, amounts: Iterable[Billed]) -> None:
        """Adds what was billed."""
        for one, cell in self._cells_of(amounts):
            cell.before[one.currency] += one.amount_cents
            cell.before_reported += self._reported(one)

    def add_after(self, amounts: Iterable[Billed]) -> None:
        """Adds what would have been billed by the draft."""
        for one, cell in self._cells_of(amounts):
            cell.after[one.currency] += one.amount_cents
            cell.after_reported += self._reported(one)

    def add_costs(self, costs: Iterable[Cost]) -> None:
        """Adds the provider's charges."""
        for cost in costs:
            if (cost.tenant_id, cost.deployment_id, cost.month) not in self._failed:
                meter = METER_OF.get(cost.kind, cost.kind)
                cell = self._cells[cost.tenant_id, cost.deployment_id, meter]
                cents = in_minor_units(cost.amount_usd, USD)
                cell.cost += self._conversions[cost.month].cents(cents, USD)

    def shares(
        self, grouping: Grouping, *, floor_percent: Decimal, costs_known: bool
    ) -> tuple[list[SimulatedShare], SimulatedShare]:
        """The shares in order, and their total."""
        shares: dict[tuple[str, str, str], _Whole] = defaultdict(_Whole)
        total = _Whole()
        for tenant, parts in self._tenants(grouping):
            before = _rounded({part: exact.before_reported for part, exact in parts.items()})
            after = _rounded({part: exact.after_reported for part, exact in parts.items()})
            cost = _rounded({part: exact.cost for part, exact in parts.items()})
            for part, exact in parts.items():
                deployment, meter = _subject(grouping, part)
                key = ("" if grouping is Grouping.METER else tenant, deployment, meter)
                for whole in (shares[key], total):
                    _add(whole.before, exact.before)
                    _add(whole.after, exact.after)
                    whole.before_cents += before[part]
                    whole.after_cents += after[part]
                    whole.cost_cents += cost[part]

        def share(key: tuple[str, str, str], whole: _Whole) -> SimulatedShare:
            return SimulatedShare(
                *key,
                tuple(
                    SimulatedRevenue(currency, whole.before[currency], whole.after[currency])
                    for currency in sorted({*whole.before, *whole.after})
                ),
                whole.before_cents,
                whole.after_cents,
                whole.cost_cents if costs_known else None,
                floor_percent,
            )

        ordered: Sequence[tuple[str, str, str]] = sorted(shares)
        return [share(key, shares[key]) for key in ordered], share(("", "", ""), total)

    def _cells_of(self, amounts: Iterable[Billed]) -> Iterator[tuple[Billed, _Exact]]:
        for one in amounts:
            if (one.tenant_id, one.deployment_id, one.month) not in self._failed:
                yield one, self._cells[one.tenant_id, one.deployment_id, one.meter]

    def _reported(self, one: Billed) -> Fraction:
        return self._conversions[one.month].cents(one.amount_cents, one.currency)

    def _tenants(self, grouping: Grouping) -> Iterator[tuple[str, dict[str, _Exact]]]:
        """Each tenant with its exact parts."""
        tenants: dict[str, dict[str, _Exact]] = {}
        for (tenant, deployment, meter), cell in self._cells.items():
            part = {Grouping.DEPLOYMENT: deployment, Grouping.METER: meter}.get(grouping, "")
            sums = tenants.setdefault(tenant, {}).setdefault(part, _Exact())
            _add(sums.before, cell.before)
            _add(sums.after, cell.after)
            sums.before_reported += cell.before_reported
            sums.after_reported += cell.after_reported
            sums.cost += cell.cost
        yield from sorted(tenants.items())


def _subject(grouping: Grouping, part: str) -> tuple[str, str]:
    """The deployment and the meter of a part."""
    return (part, "") if grouping is Grouping.DEPLOYMENT else ("", part)


def _rounded(parts: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole cents of parts, which add up to their rounded sum."""
    return apportion(whole_cents(sum(parts.values(), Fraction(0))), parts)


def _add(to: dict[str, int], amounts: Mapping[str, int]) -> None:
    for currency, cents in amounts.items():
        to[currency] += cents

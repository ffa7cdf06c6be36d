"""Cost lines of the provider's bill that an invoice rebills: as inputs of a quote, and as claims.

A claim says which part of a cost line an invoice bills, and what of the price of its lines falls to
it. An invoice that adjusts a month claims only what differs from the claims that stand.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.analytics.invoicing.invoices.rules.lines import Line
from services.common.values.canonical import canonical, digest
from services.common.values.cost_plus import allotted
from services.common.values.money import plain
from services.common.values.periods import Period

__all__ = [
    "WAITING_FOR_BILL",
    "CostClaim",
    "CostInput",
    "CostRun",
    "DeploymentCost",
    "claims_of",
    "cost_inputs",
    "sku_of",
]

WAITING_FOR_BILL: Final = "WAITING_FOR_BILL"
"""Why a tenant's invoice is not drafted until the provider's bill is complete."""

SIZED: Final = frozenset({"app", "database", "droplet", "load_balancer"})
"""The kinds of resource whose description ends with their size."""

_SIZE: Final = re.compile(r" \(([^\s()\[\]]{1,100})\)$")

REBILLED: Final = "rebilled"
COST: Final = "cost_usd"
"""The metadata of the line that prices the costs themselves: their sum in USD."""

PLACES: Final = 12
"""Decimal places of a part of a cost that no finite decimal equals."""


def sku_of(kind: str, description: str) -> str:
    """The size in a description such as `web-1 (s-1vcpu-1gb)`; empty for none."""
    found = _SIZE.search(description) if kind in SIZED else None
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class DeploymentCost:
    """A cost line, or the share of one, that is attributed to a deployment."""

    tenant_id: str
    deployment_id: str
    cost_key: str
    """Names the line or the shared cost; the same when the bill is ingested again."""
    cost_id: UUID | None
    """None for the share of a shared cost."""
    product: str
    sku: str
    description: str
    resource_id: UUID | None
    start_at: datetime | None
    end_at: datetime | None
    amount_usd: Decimal

    def days(self, month: Period) -> Period:
        """The days of the month that it charges; all of it if the bill does not tell."""
        if self.start_at is None or self.end_at is None:
            return month
        last = max(self.start_at, self.end_at - timedelta(microseconds=1)).date()
        return Period(self.start_at.date(), last + timedelta(days=1)).overlap(month) or month


@dataclass(frozen=True, slots=True)
class CostRun:
    """Cost lines that charge the same days; see CostRun in pricing_service.proto."""

    first_day: date
    days: int
    usd: Decimal
    charges: int


@dataclass(frozen=True, slots=True)
class CostInput:
    """The costs of a product and size; see CostSeries in pricing_service.proto."""

    product: str
    sku: str
    runs: tuple[CostRun, ...]
    lines_hash: str


@dataclass(frozen=True, slots=True)
class CostClaim:
    """The part of a cost that is billed for a subscription's month."""

    subscription_id: str
    period: date
    """The month of the bill."""
    cost: DeploymentCost
    billed_usd: Decimal
    """The part of the cost that is billed: less than all if some of its days are not."""
    billed_cents: int
    """Its share of the price of the lines, which the shares add up to."""


def cost_inputs(costs: Iterable[DeploymentCost], month: Period) -> list[CostInput]:
    """The costs of a deployment as inputs of its quote, by product and size."""
    grouped = _by_product(costs)
    return [
        CostInput(product, sku, _runs(those, month), _hash_of(those, month))
        for (product, sku), those in sorted(grouped.items())
    ]


def _by_product(
    costs: Iterable[DeploymentCost],
) -> dict[tuple[str, str], list[DeploymentCost]]:
    grouped: dict[tuple[str, str], list[DeploymentCost]] = {}
    for cost in sorted(costs, key=lambda one: one.cost_key):
        grouped.setdefault((cost.product, cost.sku), []).append(cost)
    return grouped


def _runs(costs: Iterable[DeploymentCost], month: Period) -> tuple[CostRun, ...]:
    sums: dict[Period, tuple[Fraction, int]] = {}
    for cost in costs:
        days = cost.days(month)
        usd, charges = sums.get(days, (Fraction(0), 0))
        sums[days] = usd + Fraction(cost.amount_usd), charges + (cost.amount_usd > 0)
    return tuple(
        CostRun(days.start, days.days, Decimal(plain(usd)), charges)
        for days, (usd, charges) in sorted(sums.items())
    )


def _hash_of(costs: Iterable[DeploymentCost], month: Period) -> str:
    """The hash of cost lines: their keys, days and amounts, without names."""
    said = []
    for cost in costs:
        days = cost.days(month)
        span = [days.start.isoformat(), days.end.isoformat()]
        said.append([cost.cost_key, *span, plain(cost.amount_usd)])
    return digest(canonical(said))


def claims_of(
    subscription_id: str, lines: Iterable[Line], costs: Iterable[DeploymentCost], month: Period
) -> list[CostClaim]:
    """The costs behind the rebilled lines of a subscription's quote, with their shares."""
    grouped = _by_product(costs)
    by_product: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.kind == REBILLED and "costs_hash" in line.meta:
            key = line.meta["product"], line.dimensions.get("size", "")
            by_product.setdefault(key, []).append(line)
    return [
        CostClaim(subscription_id, month.start, cost, usd, cents)
        for key, those in by_product.items()
        for cost, usd, cents in _shares(those, grouped.get(key, []), month)
    ]


def _shares(
    lines: Sequence[Line], costs: Sequence[DeploymentCost], month: Period
) -> list[tuple[DeploymentCost, Decimal, int]]:
    of_costs = [line for line in lines if COST in line.meta]
    billed = sum((Fraction(line.meta[COST]) for line in of_costs), Fraction(0))
    usd = _billed_parts(billed, of_costs, costs, month)
    price = sum((_qty(line) * Fraction(line.unit_price_cents) for line in of_costs), Fraction(0))
    per_usd = price / billed if billed else Fraction(0)
    fixed = sum(line.amount_cents for line in lines if line.unit == "cost_line")
    charged = sum(cost.amount_usd > 0 for cost in costs)
    exact = [
        part * per_usd + (Fraction(fixed, charged) if cost.amount_usd > 0 else 0)
        for cost, part in zip(costs, usd, strict=True)
    ]
    cents = allotted(sum(line.amount_cents for line in lines), exact)
    return [
        (cost, _decimal(part), share) for cost, part, share in zip(costs, usd, cents, strict=True)
    ]


def _billed_parts(
    billed: Fraction, lines: Sequence[Line], costs: Sequence[DeploymentCost], month: Period
) -> list[Fraction]:
    """What is billed of each cost: all of it, or by its days on the lines."""
    whole = [Fraction(cost.amount_usd) for cost in costs]
    if billed == sum(whole, Fraction(0)):
        return whole
    weights = [
        amount * Fraction(_days_on(lines, days), days.days)
        for amount, days in zip(whole, (cost.days(month) for cost in costs), strict=True)
    ]
    weighed = sum(weights, Fraction(0))
    if not weighed:
        weights, weighed = whole, sum(whole, Fraction(0))
    if not weighed:
        return [Fraction(0)] * len(costs)
    scale = 10**PLACES
    units = allotted(
        round(billed * scale), [weight * billed / weighed * scale for weight in weights]
    )
    return [Fraction(unit, scale) for unit in units]


def _days_on(lines: Iterable[Line], days: Period) -> int:
    shared = (line.service.overlap(days) for line in lines)
    return min(days.days, sum(both.days for both in shared if both is not None))


def _qty(line: Line) -> Fraction:
    return Fraction(line.meta.get("exact_qty") or line.qty)


def _decimal(amount: Fraction) -> Decimal:
    return Decimal(plain(amount))

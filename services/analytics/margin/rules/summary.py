"""Compares revenue and costs in whole cents of one currency, so that all parts add up.

The total is rounded once and split by largest remainders. So deployments add up to their tenant;
tenants, internal and unattributed amounts add up to the total; and so do kinds. Unknown amounts
stay unknown: zero is a known amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, Literal, TypeVar
from uuid import UUID

from services.analytics.margin.rules.attribution import Attribution, Holder
from services.common.values.money import whole_cents

__all__ = [
    "REPORTING_CURRENCY",
    "Accrual",
    "AccrualFailure",
    "KindAmount",
    "MarginMonth",
    "Share",
    "Side",
    "State",
    "apportion",
    "margin_of",
    "percent_of",
    "shares_by_deployment",
    "shares_by_tenant",
    "side",
]

REPORTING_CURRENCY: Final = "AUD"

Key = TypeVar("Key", bound="Holder | str")


class State(StrEnum):
    """How complete revenue or costs are."""

    FINAL = "final"
    PROVISIONAL = "provisional"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Side:
    """Revenue or costs in whole cents; the parts by holder and by kind each add up to the total."""

    state: State
    total_cents: int | None
    """None if unknown."""
    by_holder: Mapping[Holder, int]
    by_kind: Mapping[str, int]


class _Margin:
    """Revenue, costs and margin; None is unknown."""

    __slots__ = ()

    revenue_cents: int | None
    cogs_cents: int | None

    @property
    def margin_cents(self) -> int | None:
        """Revenue less costs; None if either is unknown."""
        return margin_of(self.revenue_cents, self.cogs_cents)

    @property
    def margin_percent(self) -> Decimal | None:
        """The margin in percent of the revenue; None if unknown."""
        return percent_of(self.revenue_cents, self.cogs_cents)


@dataclass(frozen=True, slots=True)
class Share(_Margin):
    """The revenue and costs of a holder; None is unknown."""

    holder: Holder
    revenue_cents: int | None
    cogs_cents: int | None
    place: int = 0
    """Its rank within the month, from 1; 0 before it is stored."""


@dataclass(frozen=True, slots=True)
class MarginMonth(_Margin):
    """The total of a month, in cents of the reporting currency; None is unknown."""

    period: date
    revenue_cents: int | None
    cogs_cents: int | None
    revenue_state: State
    cogs_state: State
    reporting_currency: str
    exchange_rate_ids: tuple[UUID, ...]
    """The exchange rates used."""
    parity_assumed: bool
    usage_until: datetime | None = None
    costs_until: date | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class KindAmount:
    """Revenue or costs of a kind, in whole cents."""

    axis: Literal["revenue", "cogs"]
    kind: str
    amount_cents: int


def side(state: State, holders: Mapping[Holder, Fraction], kinds: Mapping[str, Fraction]) -> Side:
    """Builds a side from exact amounts in cents, by holder and by kind, with the same sum."""
    if state is State.UNKNOWN:
        return Side(state, None, {}, {})
    total = whole_cents(sum(holders.values(), Fraction(0)))
    return Side(state, total, apportion(total, holders), apportion(total, kinds))


def apportion(total: int, parts: Mapping[Key, Fraction]) -> dict[Key, int]:
    """Integer parts that add up to an integer total, each within one of its exact share.

    The exact parts may be negative, and must add up to the total before rounding. Among equal
    remainders, the first in order wins.
    """
    keys = sorted(parts)
    floors = {key: parts[key].numerator // parts[key].denominator for key in keys}
    left = total - sum(floors.values())
    for key in sorted(keys, key=lambda key: floors[key] - parts[key])[:left]:
        floors[key] += 1
    return floors


def shares_by_deployment(revenue: Side, cogs: Side) -> list[Share]:
    """A share per deployment, per tenant for costs without a deployment, and for unowned costs."""
    return _ordered(revenue, cogs, revenue.by_holder, cogs.by_holder)


def shares_by_tenant(revenue: Side, cogs: Side) -> list[Share]:
    """A share per tenant, and for unowned costs."""
    return _ordered(revenue, cogs, _of_tenants(revenue.by_holder), _of_tenants(cogs.by_holder))


def margin_of(revenue_cents: int | None, cogs_cents: int | None) -> int | None:
    """Revenue less costs; None if either is unknown."""
    if revenue_cents is None or cogs_cents is None:
        return None
    return revenue_cents - cogs_cents


def percent_of(revenue_cents: int | None, cogs_cents: int | None) -> Decimal | None:
    """The margin in percent of the revenue, rounded half up to one place; None without either."""
    margin = margin_of(revenue_cents, cogs_cents)
    if margin is None or not revenue_cents:
        return None
    return Decimal(whole_cents(Fraction(margin * 1000, revenue_cents))).scaleb(-1)


def _ordered(
    revenue: Side, cogs: Side, earned: Mapping[Holder, int], spent: Mapping[Holder, int]
) -> list[Share]:
    """Sort order: tenants by revenue, then internal, then unattributed."""
    shares = [
        Share(
            holder,
            None if revenue.total_cents is None else earned.get(holder, 0),
            None if cogs.total_cents is None else spent.get(holder, 0),
        )
        for holder in {**earned, **spent}
    ]
    return sorted(shares, key=_order)


ORDER: Final = (Attribution.TENANT, Attribution.INTERNAL, Attribution.UNATTRIBUTED)


def _order(share: Share) -> tuple[int, int, int, Holder]:
    return (
        ORDER.index(share.holder.attribution),
        -(share.revenue_cents or 0),
        -(share.cogs_cents or 0),
        share.holder,
    )


def _of_tenants(by_holder: Mapping[Holder, int]) -> dict[Holder, int]:
    totals: dict[Holder, int] = {}
    for holder, cents in by_holder.items():
        tenant = Holder(holder.attribution, holder.tenant_id)
        totals[tenant] = totals.get(tenant, 0) + cents
    return totals


@dataclass(frozen=True, slots=True)
class Accrual:
    """The accrual of a subscription, without tax, in whole cents of its currency."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    recurring_cents: int
    """Recurring charges, prorated to the covered part of the month."""
    overage_cents: int
    ad_hoc_cents: int
    rebilled_cents: int
    kind_cents: dict[str, int]
    """The same by billed kind."""
    currency: str
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str
    usage_until: datetime | None = None
    """The time up to which its usage is known."""

    @property
    def accrued_cents(self) -> int:
        """The sum of all parts."""
        usage = self.overage_cents + self.ad_hoc_cents + self.rebilled_cents
        return self.recurring_cents + usage


@dataclass(frozen=True, slots=True)
class AccrualFailure:
    """A subscription that could not be priced, with the reason."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    reason: str
    message: str

"""Attributes costs: to the deployment's tenant, else to the resource's owner, else to nobody.

A cost matched to a resource belongs to the resource's owner, including refunds. Ownership is point
in time: if a resource changed owners within a line's span, the cost is split between them by
seconds. Shared costs are split by the key of their product (`shared_costs`). Every split uses
largest remainders, so the parts add up exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.common.values.money import split
from services.common.values.periods import Period

__all__ = [
    "INTERNAL",
    "SHARED",
    "UNATTRIBUTED",
    "AttributedCost",
    "Attribution",
    "Cost",
    "CostPart",
    "Holder",
    "KnownLifetime",
    "OwnedSpan",
    "attribute",
    "charged_before_known",
    "split_exactly",
]

LEAST_PLACES: Final = 6
"""Decimal places of a split cost in USD; more if the bill has more."""

WIDE: Final = Context(prec=200_000)
"""More digits than any amount has, so nothing is rounded."""

SECOND: Final = timedelta(seconds=1)


class Attribution(StrEnum):
    """The type of owner of a part of the costs."""

    TENANT = "tenant"
    INTERNAL = "internal"
    """A resource of the operator."""
    UNATTRIBUTED = "unattributed"
    """A cost without a known resource, such as taxes."""
    SHARED = "shared"
    """Shared, to be split."""


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """The owner of a cost; the tenant is empty for other types."""

    attribution: Attribution
    tenant_id: str = ""
    deployment_id: str = ""

    @classmethod
    def owner(cls, tenant_id: str, deployment_id: str) -> "Holder":
        """The owner of a known resource: the operator if it has no tenant."""
        return cls(Attribution.TENANT, tenant_id, deployment_id) if tenant_id else INTERNAL


INTERNAL: Final = Holder(Attribution.INTERNAL)
UNATTRIBUTED: Final = Holder(Attribution.UNATTRIBUTED)
SHARED: Final = Holder(Attribution.SHARED)


@dataclass(frozen=True, slots=True)
class OwnedSpan:
    """A half-open span in which a resource existed and had one owner."""

    tenant_id: str
    deployment_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class KnownLifetime:
    """The lifetime of a resource in the inventory, in and beyond the month."""

    resource_id: UUID
    lived_from: datetime
    lived_to: datetime | None
    """None while it exists."""
    begin_unknown: bool
    """Whether its creation time is unknown, so that it may have existed earlier."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A line of the provider's bill, or a daily cost."""

    cost_id: UUID | None
    day: date | None
    kind: str
    classification: str
    """`resource`, `shared`, `account`, `tax`, `credit` or `unknown`."""
    description: str
    resource_id: UUID | None
    is_matched: bool
    hours: Decimal | None
    start: datetime | None
    end: datetime | None
    tenant_id: str
    deployment_id: str
    """The resource's owner at the end of the span."""
    amount_usd: Decimal
    cost_key: str = ""
    """Names a line of the bill by its invoice and row, or a shared cost; empty for a daily cost."""


@dataclass(frozen=True, slots=True)
class CostPart:
    """A part of a cost with its owner, in USD."""

    holder: Holder
    amount_usd: Decimal

    def of(self, cost: Cost) -> "AttributedCost":
        """The part as a cost of its holder."""
        holder = self.holder
        part = replace(
            cost,
            tenant_id=holder.tenant_id,
            deployment_id=holder.deployment_id,
            amount_usd=self.amount_usd,
        )
        return AttributedCost(part, holder.attribution)


@dataclass(frozen=True, slots=True)
class AttributedCost:
    """A part of a cost, with its holder's ids and amount."""

    cost: Cost
    attribution: Attribution


def attribute(cost: Cost, spans: Sequence[OwnedSpan], period: Period) -> list[CostPart]:
    """The parts of a cost, which add up to it. `spans` are those of its resource."""
    is_owned = cost.is_matched or (cost.classification == "resource" and bool(cost.tenant_id))
    if cost.classification == "tax" or not is_owned:
        return [
            CostPart(SHARED if cost.classification == "shared" else UNATTRIBUTED, cost.amount_usd)
        ]
    seconds = _seconds_by_holder(cost, spans, period)
    if not seconds:
        # Known only from the bill: use the owner at the end of the span, from billing.
        holder = Holder.owner(cost.tenant_id, cost.deployment_id)
        return [CostPart(holder, cost.amount_usd)]
    return split_exactly(cost.amount_usd, seconds)


def charged_before_known(cost: Cost, spans: Sequence[OwnedSpan], period: Period) -> bool:
    """Whether a cost begins before the first span of its resource in the month."""
    start = cost.start or period.start_at
    return not spans or start < spans[0].start


def split_exactly(amount_usd: Decimal, weights: Mapping[Holder, int]) -> list[CostPart]:
    """Splits an amount by integer weights with largest remainders; omits parts of 0.

    An amount of 0 goes to the first. Raises ValueError if all weights are 0.
    """
    if not amount_usd:
        return [CostPart(min(weights), amount_usd)]
    places = max(LEAST_PLACES, -int(amount_usd.as_tuple().exponent))
    units = int(amount_usd.scaleb(places, WIDE))
    holders = sorted(weights)
    shares = split(units, [weights[holder] for holder in holders])
    return [
        CostPart(holder, Decimal(share).scaleb(-places, WIDE))
        for holder, share in zip(holders, shares, strict=True)
        if share
    ]


def _seconds_by_holder(cost: Cost, spans: Sequence[OwnedSpan], period: Period) -> dict[Holder, int]:
    """The time that each owner had the resource within the billed span."""
    start = cost.start or period.start_at
    end = cost.end or period.end_at
    seconds: dict[Holder, int] = {}
    for span in spans:
        overlap = (min(end, span.end) - max(start, span.start)) // SECOND
        if overlap > 0:
            holder = Holder.owner(span.tenant_id, span.deployment_id)
            seconds[holder] = seconds.get(holder, 0) + overlap
    return seconds

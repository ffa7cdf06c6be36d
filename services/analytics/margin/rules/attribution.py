"""Whose a cost is: its deployment's tenant, else its resource's own, else nobody's.

A cost that is matched with a resource is its owner's, whatever the product is called, also a
refund. Point in time: a resource that changed hands within a line's span is shared between its
owners by the seconds that each had it. Shared costs are split by the key of their product
(`shared_costs`). Every split is by largest remainders, so the parts are the whole to the
last digit of the bill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    "Attribution",
    "Cost",
    "CostPart",
    "Holder",
    "KnownLife",
    "OwnedSpan",
    "attribute",
    "charged_before_known",
    "split_exactly",
]

LEAST_PLACES: Final = 6
"""Digits after the point to which a cost in USD is split; more where the bill has more."""

WIDE: Final = Context(prec=200_000)
"""Wider than any amount: nothing is rounded."""

SECOND: Final = timedelta(seconds=1)


class Attribution(StrEnum):
    """To whom a part of the costs fell."""

    TENANT = "tenant"
    INTERNAL = "internal"
    """A resource of the operator's own."""
    UNATTRIBUTED = "unattributed"
    """A cost of no known resource: taxes, and what else matches none."""
    SHARED = "shared"
    """To be split between all."""


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """To whom a cost falls; the tenant is empty for all but tenants."""

    attribution: Attribution
    tenant_id: str = ""
    deployment_id: str = ""

    @classmethod
    def owner(cls, tenant_id: str, deployment_id: str) -> "Holder":
        """A known resource's owner: the operator itself where it is nobody's."""
        return cls(Attribution.TENANT, tenant_id, deployment_id) if tenant_id else INTERNAL


INTERNAL: Final = Holder(Attribution.INTERNAL)
UNATTRIBUTED: Final = Holder(Attribution.UNATTRIBUTED)
SHARED: Final = Holder(Attribution.SHARED)


@dataclass(frozen=True, slots=True)
class OwnedSpan:
    """A half-open span in which a resource existed and was somebody's."""

    tenant_id: str
    deployment_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class KnownLife:
    """From when to when the inventory knows a resource, in and beyond the month."""

    lived_from: datetime
    lived_to: datetime | None
    """None while it lives."""
    begin_unknown: bool
    """Whether the provider does not tell when it was made: it may have lived before."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A line of the provider's bill, or a day's cost."""

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
    """To whom the resource belonged at the span's end."""
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class CostPart:
    """What of a cost falls to whom, in USD."""

    holder: Holder
    amount_usd: Decimal


def attribute(cost: Cost, spans: Sequence[OwnedSpan], period: Period) -> list[CostPart]:
    """The parts of a cost; they add up to it. `spans` are those of its resource."""
    is_owned = cost.is_matched or (cost.classification == "resource" and bool(cost.tenant_id))
    if cost.classification == "tax" or not is_owned:
        return [
            CostPart(SHARED if cost.classification == "shared" else UNATTRIBUTED, cost.amount_usd)
        ]
    seconds = _seconds_by_holder(cost, spans, period)
    if not seconds:
        # Known to the bill only: as billing found it, at the span's end.
        holder = Holder.owner(cost.tenant_id, cost.deployment_id)
        return [CostPart(holder, cost.amount_usd)]
    return split_exactly(cost.amount_usd, seconds)


def charged_before_known(cost: Cost, spans: Sequence[OwnedSpan], period: Period) -> bool:
    """Whether a cost is of a time before the month's first span of its resource."""
    start = cost.start or period.start_at
    return not spans or start < spans[0].start


def split_exactly(amount_usd: Decimal, weights: Mapping[Holder, int]) -> list[CostPart]:
    """An amount in proportion to whole weights, by largest remainders; parts of 0 are left out.

    An amount of 0 stands with the first. Raises ValueError when nothing weighs anything.
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
    """For how long each owner had the resource within what was billed."""
    start = cost.start or period.start_at
    end = cost.end or period.end_at
    seconds: dict[Holder, int] = {}
    for span in spans:
        overlap = (min(end, span.end) - max(start, span.start)) // SECOND
        if overlap > 0:
            holder = Holder.owner(span.tenant_id, span.deployment_id)
            seconds[holder] = seconds.get(holder, 0) + overlap
    return seconds

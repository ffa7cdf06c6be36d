"""Reconciles three records of a closed month: inventory, provider bill, tenants' usage.

Each difference has one type. `ours_only`: a resource of a billed kind without a line.
`provider_only`: a line for a resource that the inventory never saw. `begin_unknown`: a line for a
time before the first sighting of a resource whose creation time is unknown. `timing`: the spans
differ. `amount`: the spans agree or are missing, but the hours differ; or the tenant was billed for
other hours than the resource existed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.common.errors import FailedPrecondition
from services.common.values.money import plain

__all__ = [
    "BILLED_KINDS",
    "TOLERANCE_HOURS",
    "BookDifference",
    "Books",
    "Difference",
    "Reconciliation",
    "check_reconciled",
    "difference_of",
    "judge",
]

TOLERANCE_HOURS: Final = 1
"""In hours.

The provider bills whole hours and the inventory counts seconds, so up to one is no difference.
"""

BILLED_KINDS: Final = frozenset({"database", "droplet", "load_balancer", "snapshot", "volume"})
"""Kinds that the provider bills by the hour while they exist.

For a Kubernetes cluster it bills the nodes, which are droplets.
"""

HOUR: Final = timedelta(hours=1)


class Difference(StrEnum):
    """The type of a difference."""

    OURS_ONLY = "ours_only"
    PROVIDER_ONLY = "provider_only"
    AMOUNT = "amount"
    TIMING = "timing"
    BEGIN_UNKNOWN = "begin_unknown"


@dataclass(frozen=True, slots=True)
class Books:
    """The three records of one resource; None if one has nothing about it in the month."""

    resource_id: UUID | None
    kind: str
    name: str
    tenant_id: str
    deployment_id: str
    inventory_hours: Decimal | None
    provider_hours: Decimal | None
    billed_hours: Decimal | None
    provider_amount_usd: Decimal | None
    is_charged: bool
    """Whether the bill has a line for it."""
    existed_from: datetime | None
    existed_to: datetime | None
    """Within the month; for a resource that did not exist in it, its lifetime beyond."""
    first_seen: datetime | None
    """First sighting, if the creation time is unknown and it may have existed earlier."""
    charged_from: datetime | None
    charged_to: datetime | None


@dataclass(frozen=True, slots=True)
class BookDifference:
    """A stored difference of a month."""

    place: int
    """Its rank within the month, largest first."""
    difference_type: Difference
    resource_id: UUID | None
    kind: str
    name: str
    tenant_id: str
    deployment_id: str
    inventory_hours: Decimal | None
    provider_hours: Decimal | None
    billed_hours: Decimal | None
    provider_amount_usd: Decimal | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Counts of a month's reconciliation; None before it was reconciled."""

    closed_at: datetime | None
    """When the month's metering was closed."""
    agreed_count: int | None
    difference_count: int | None


def check_reconciled(found: Reconciliation | None, month: str) -> Reconciliation:
    """Checks that a month was reconciled.

    Raises FailedPrecondition if it is not closed or not reconciled yet.
    """
    if found is None or found.closed_at is None:
        raise FailedPrecondition(f"the metering of {month} is not closed", reason="METERING_OPEN")
    if found.agreed_count is None:
        raise FailedPrecondition(
            f"the costs of {month} are not attributed yet", reason="NOT_RECONCILED"
        )
    return found


def difference_of(books: Books, place: int) -> BookDifference | None:
    """The difference of a resource with its rank; None if the records agree."""
    judgement = judge(books)
    if judgement is None:
        return None
    return BookDifference(
        place, judgement[0], books.resource_id, books.kind, books.name, books.tenant_id,
        books.deployment_id, books.inventory_hours, books.provider_hours, books.billed_hours,
        books.provider_amount_usd, judgement[1],
    )  # fmt: skip  # a table


def judge(books: Books) -> tuple[Difference, str] | None:
    """The type of the difference and its description; None if the records agree."""
    if books.inventory_hours is None and books.existed_from is None:
        return Difference.PROVIDER_ONLY, "on the provider's bill, and not in the inventory"
    if books.first_seen is not None and _may_have_existed(books, books.first_seen):
        return Difference.BEGIN_UNKNOWN, (
            f"charged for a time before it was first seen ({books.first_seen:%Y-%m-%d %H:%M}):"
            " the provider does not report when it was created"
        )
    if books.inventory_hours is None:
        return Difference.TIMING, (
            "charged for another span than it existed:"
            f" {_hours(books.provider_hours)} h on the bill, none in the inventory"
        )
    if not books.is_charged:
        if books.kind not in BILLED_KINDS:
            return None
        hours = _hours(books.inventory_hours)
        return Difference.OURS_ONLY, f"existed for {hours} h, and is not on the provider's bill"
    hours_differ = _differ(books.inventory_hours, books.provider_hours)
    if hours_differ and _moved(books):
        return Difference.TIMING, _in_words(books, "charged for another span than it existed")
    if hours_differ:
        return Difference.AMOUNT, _in_words(books, "charged for other hours than it existed")
    if _differ(books.inventory_hours, books.billed_hours):
        return Difference.AMOUNT, (
            f"existed for {_hours(books.inventory_hours)} h, and its tenant was metered for"
            f" {_hours(books.billed_hours)} h: powered off, or not the tenant's, for the rest"
        )
    return None


def _may_have_existed(books: Books, first_seen: datetime) -> bool:
    """Whether the hours charged beyond the known ones may precede the first sighting."""
    if books.charged_from is not None and first_seen - books.charged_from <= HOUR:
        return False
    if books.inventory_hours is None:
        return True
    return _differ(books.inventory_hours, books.provider_hours) and (
        books.inventory_hours < (books.provider_hours or 0)
    )


def _differ(ours: Decimal | None, theirs: Decimal | None) -> bool:
    return ours is not None and theirs is not None and abs(ours - theirs) > TOLERANCE_HOURS


def _moved(books: Books) -> bool:
    ends = (
        (books.existed_from, books.charged_from),
        (books.existed_to, books.charged_to),
    )
    return any(ours and theirs and abs(ours - theirs) > HOUR for ours, theirs in ends)


def _in_words(books: Books, what: str) -> str:
    return (
        f"{what}: {_hours(books.provider_hours)} h on the bill,"
        f" {_hours(books.inventory_hours)} h in the inventory"
    )


def _hours(hours: Decimal | None) -> str:
    return "?" if hours is None else plain(round(hours, 2))

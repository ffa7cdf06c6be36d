"""Decides when a spending cap is reached, and the transitions of a breach."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.common.errors import FailedPrecondition
from services.common.values.money import converted, whole_cents

__all__ = [
    "ACTIONS",
    "AT_REST",
    "Action",
    "Breach",
    "BreachDecision",
    "Policy",
    "Reached",
    "Spending",
    "Spent",
    "Status",
    "after_outcome",
    "check_decision",
    "is_reached",
    "spent_cents",
]


class Action(StrEnum):
    """The action of a policy when its cap is reached."""

    NOTIFY = "notify"
    ASK_APPROVAL = "ask_approval"
    PAUSE = "pause"


class Status(StrEnum):
    """The status of a breach."""

    OPEN = "open"
    NOTIFIED = "notified"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    REFUSED = "refused"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class BreachDecision(StrEnum):
    """An operator's decision on a breach."""

    APPROVE = "approve"
    REFUSE = "refuse"


ACTIONS: Final = tuple(Action)

AT_REST: Final = frozenset(
    {Status.NOTIFIED, Status.APPROVED, Status.PAUSED, Status.WITHDRAWN, Status.EXPIRED}
)
"""The final statuses."""

_OUTCOMES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.OPEN: frozenset({Status.NOTIFIED, Status.AWAITING_APPROVAL, Status.PAUSED}),
    Status.AWAITING_APPROVAL: frozenset(),
    Status.REFUSED: frozenset({Status.PAUSED}),
    **{status: frozenset[Status]() for status in AT_REST},
}
"""The statuses that the workflow may report; the others are an operator's decisions."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A spending cap on a month's accrual without tax, in whole cents of the currency."""

    tenant_id: str
    deployment_id: str
    """Empty for the tenant's whole accrual."""
    cap_cents: int
    currency: str
    action: Action
    created_by: str
    created_at: datetime
    id: UUID | None = None
    """None before it is stored."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A month in which a cap was reached, with the policy at that time."""

    id: UUID
    policy_id: UUID
    period: date
    tenant_id: str
    deployment_id: str
    cap_cents: int
    currency: str
    action: Action
    policy_created_by: str
    policy_created_at: datetime
    accrued_cents: int
    status: Status
    workflow_id: str
    run_id: str
    started_at: datetime | None
    finished_at: datetime | None
    decided_by: str
    reason: str
    decided_at: datetime | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Spending:
    """A policy with its accrual in a month, by currency in whole cents.

    Each with its exchange rate to the policy's currency; None without a rate in force.
    """

    policy: Policy
    currencies: tuple[str, ...]
    cents: tuple[int, ...]
    rates: tuple[Decimal | None, ...]

    @property
    def accrued_cents(self) -> int:
        """The accrual in whole cents of the policy's currency."""
        spent = map(Spent, self.currencies, self.cents, self.rates)
        return spent_cents(spent, self.policy.currency)


@dataclass(frozen=True, slots=True)
class Reached:
    """A policy whose cap is reached, with the accrual in whole cents of its currency."""

    policy_id: UUID
    accrued_cents: int


@dataclass(frozen=True, slots=True)
class Spent:
    """An accrual in one currency, in whole cents, with its rate to the policy's currency."""

    currency: str
    cents: int
    rate: Decimal | None
    """None without a rate in force: then parity is assumed, as for the margin."""


def spent_cents(spent: Iterable[Spent], currency: str) -> int:
    """The sum in whole cents of a currency: converted exactly and rounded once, half up."""
    exact = Fraction(0)
    for one in spent:
        rate = 1 if one.currency == currency or one.rate is None else one.rate
        exact += converted(one.cents, one.currency, currency, rate)
    return whole_cents(exact)


def is_reached(cap_cents: int, accrued_cents: int) -> bool:
    """A cap is reached when the accrual equals or exceeds it."""
    return accrued_cents >= cap_cents


def after_outcome(current: Status, told: Status, *, month_is_over: bool = False) -> Status:
    """The status after a report of the workflow, which may arrive late or repeatedly.

    A month that is over needs no decision: the next month has its own cap.
    """
    if current is Status.AWAITING_APPROVAL and month_is_over:
        return Status.EXPIRED
    return told if told in _OUTCOMES[current] else current


def check_decision(action: Action, current: Status, decision: BreachDecision) -> Status:
    """The status after a decision.

    Raises FailedPrecondition if the policy needs no decision, or another decision was made.
    """
    wanted = Status.APPROVED if decision is BreachDecision.APPROVE else Status.REFUSED
    if action is not Action.ASK_APPROVAL:
        raise FailedPrecondition(
            f"the action of the policy is {action}, which needs no approval",
            reason="NO_APPROVAL_ASKED",
        )
    if current in (Status.OPEN, Status.AWAITING_APPROVAL):
        return wanted
    settled = Status.REFUSED if current is Status.PAUSED else current
    if settled is not wanted:
        raise FailedPrecondition(
            f"the breach is already {current}",
            reason="BREACH_DECIDED",
            metadata={"status": current},
        )
    return current

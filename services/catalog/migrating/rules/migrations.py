"""Rules of migrations: their states, and what becomes of each subscription."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.catalog.deployments.rules.lifecycle import ENDED, State
from services.catalog.plans.rules.plans import PlanVersion
from services.catalog.plans.rules.terms import counts_nowhere
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.errors import FailedPrecondition, InvalidArgument

__all__ = [
    "OPEN",
    "Counts",
    "Decision",
    "Migration",
    "MigrationRow",
    "NewMigration",
    "Outcome",
    "Status",
    "Verdict",
    "check_days",
    "decided",
    "verdict",
]


class Status(StrEnum):
    """The state of a migration."""

    WAITING = "waiting"
    """For its notice day."""
    SCHEDULING = "scheduling"
    SCHEDULED = "scheduled"
    IN_EFFECT = "in_effect"
    UNDOING = "undoing"
    UNDONE = "undone"


OPEN: Final = (Status.WAITING, Status.SCHEDULING, Status.SCHEDULED)
"""The states in which it can be paused, resumed, retried and undone."""


class Decision(StrEnum):
    """An operator's decision about a migration."""

    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    UNDO = "undo"


class Outcome(StrEnum):
    """What became of a subscription."""

    PLANNED = "planned"
    SCHEDULED = "scheduled"
    SKIPPED = "skipped"
    FAILED = "failed"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class NewMigration:
    """A migration to start, with its filter; empty fields do not restrict it."""

    from_plan_code: str
    from_version: int
    tenant_id: str
    started_before: date | None
    notice_on: date
    effective_on: date
    notice_days: int
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The subscriptions of a migration by outcome."""

    planned_count: int = 0
    scheduled_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    taken_back_count: int = 0


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration of subscriptions to a plan version."""

    id: UUID
    from_plan_code: str
    from_version: int
    plan_version_id: UUID
    plan_code: str
    plan_version: int
    currency: str
    tenant_id: str
    started_before: date | None
    notice_on: date
    effective_on: date
    notice_days: int
    status: Status
    is_paused: bool
    reason: str
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    undo_decided_on: date | None = None

    @property
    def last_notice_on(self) -> date:
        """The last day on which a change can still be announced in time."""
        return self.effective_on - timedelta(days=self.notice_days)

    def undone_after(self, today: date) -> date:
        """The day after which an undo takes changes back, however late that is done.

        It is the day of the decision. One without that day was decided before the effective day.
        """
        return self.undo_decided_on or min(today, self.effective_on - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class MigrationRow:
    """A subscription of a migration."""

    subscription_id: UUID
    tenant_id: str
    outcome: Outcome
    reason: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a subscription is moved, or why not."""

    outcome: Outcome
    reason: str = ""


def check_days(notice_on: date, effective_on: date, today: date, notice_days: int) -> None:
    """Raises InvalidArgument for a notice in the past, or a change that follows it too soon."""
    if notice_on < today:
        raise InvalidArgument("notice_on", "must not be in the past", reason="OUT_OF_RANGE")
    earliest = notice_on + timedelta(days=notice_days)
    if effective_on < earliest:
        raise InvalidArgument(
            "effective_on",
            f"must be at least {notice_days} days after notice_on: {earliest} or later",
            reason="NOTICE_TOO_SHORT",
        )


def verdict(
    subscription: Subscription,
    state: State,
    migration: Migration,
    versions: Mapping[UUID, PlanVersion],
    today: date,
) -> Verdict:
    """Whether a subscription is moved on the effective day, by what is known of it today.

    `versions` are those that it holds and the one to move to.
    """
    day = migration.effective_on
    if state in ENDED or (subscription.ends_on is not None and subscription.ends_on <= day):
        return Verdict(Outcome.SKIPPED, "ENDS_BEFORE")
    held = subscription.term_on(day)
    if held.plan_version_id == migration.plan_version_id:
        return Verdict(Outcome.SKIPPED, "ALREADY_THERE")
    if held.plan_code != migration.from_plan_code or (
        migration.from_version and held.plan_version != migration.from_version
    ):
        return Verdict(Outcome.SKIPPED, "OTHER_PLAN")
    if any(term.effective_from > today for term in subscription.terms[1:]):
        # A change of its own is never replaced.
        return Verdict(Outcome.SKIPPED, "HAS_OWN_CHANGE")
    if versions[held.plan_version_id].terms.currency != migration.currency:
        return Verdict(Outcome.SKIPPED, "OTHER_CURRENCY")
    items = versions[migration.plan_version_id].terms.items
    if any(counts_nowhere(a.terms.resource_kind, items) for a in subscription.addons_from(day)):
        return Verdict(Outcome.SKIPPED, "ADDON_WITHOUT_ITEM")
    if today > migration.last_notice_on:
        return Verdict(Outcome.FAILED, "NOTICE_TOO_SHORT")
    return Verdict(Outcome.SCHEDULED)


def decided(migration: Migration, decision: Decision, today: date) -> tuple[Status, bool]:
    """The status, and whether it is paused, after a decision.

    Raises FailedPrecondition if it is in effect or undone. To undo again is the same decision.
    """
    if decision is Decision.UNDO and migration.status in (Status.UNDOING, Status.UNDONE):
        return migration.status, False
    if migration.status not in OPEN or today >= migration.effective_on:
        status = Status.IN_EFFECT if migration.status in OPEN else migration.status
        raise FailedPrecondition(
            f"the migration is {status}",
            reason="MIGRATION_ENDED",
            metadata={"status": status},
        )
    if decision is Decision.UNDO:
        return Status.UNDOING, False
    if decision is Decision.RETRY:
        return migration.status, migration.is_paused
    return migration.status, decision is Decision.PAUSE

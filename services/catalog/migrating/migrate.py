"""Migrates subscriptions to another plan version: starts, advances, undoes.

Each step takes the next subscriptions in one transaction: their terms, their histories and what
became of them are committed together, so a step that is repeated doubles nothing.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.deployments.store.locks import lock_catalog_shared
from services.catalog.migrating.rules.migrations import (
    OPEN,
    Decision,
    Migration,
    NewMigration,
    Outcome,
    Status,
    decided,
    verdict,
)
from services.catalog.migrating.store import migrations, terms
from services.catalog.plans.rules.plans import PlanVersion
from services.catalog.plans.store.plans import read_plan
from services.catalog.plans.store.versions import find_active_version, find_version, read_versions
from services.catalog.subscriptions.rules.changes import check_version
from services.catalog.subscriptions.store.backdated import record_backdated_days
from services.catalog.subscriptions.store.subscriptions import read_subscriptions
from services.catalog.vocabulary import EventType
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import InvalidArgument, NotFound
from services.common.identity.callers import ALL

__all__ = ["Advanced", "advance", "decide", "finish", "select", "start", "target_version"]

AT_ONCE: Final = 500
"""Changes that are taken back while a migration is closed."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """A step of a migration."""

    status: Status
    is_paused: bool
    done_count: int
    remaining_count: int


async def target_version(
    session: ReadSession, from_plan_code: str, plan_code: str, version: int
) -> PlanVersion:
    """The published version to move to, the active one for 0.

    Raises InvalidArgument for an unknown plan or version, FailedPrecondition for a draft.
    """
    try:
        await read_plan(session, from_plan_code)
    except NotFound:
        raise InvalidArgument(
            "from_plan_code", f"there is no plan {from_plan_code!r}", reason="UNKNOWN_PLAN"
        ) from None
    try:
        found = (
            await find_version(session, plan_code, version)
            if version
            else await find_active_version(session, plan_code)
        )
    except NotFound:
        found = None
    if found is None:
        raise InvalidArgument(
            "plan_version" if version else "plan_code",
            f"{plan_code!r} has no version {version}" if version else f"{plan_code!r} is not sold",
            reason="UNKNOWN_VERSION",
        )
    check_version(found, by_tenant=False)
    return found


async def start(
    session: WriteSession, new: NewMigration, *, plan_code: str, version: int, cause: Cause
) -> Migration:
    """Opens a migration. Raises what `target_version` raises."""
    wanted = await target_version(session, new.from_plan_code, plan_code, version)
    return await migrations.create_migration(session, new, wanted.id, cause)


async def decide(
    session: WriteSession, identifier: UUID, decision: Decision, cause: Cause
) -> Migration:
    """Pauses, resumes, retries or undoes. Raises NotFound and FailedPrecondition."""
    migration = await migrations.locked_migration(session, identifier)
    status, is_paused = decided(migration, decision, cause.day)
    if decision is Decision.RETRY:
        await migrations.retry_failed(session, identifier, cause.at)
    await migrations.set_migration(session, identifier, status, cause.at, is_paused=is_paused)
    return await migrations.read_migration(session, identifier)


async def select(session: WriteSession, identifier: UUID, cause: Cause) -> Advanced:
    """Adds the subscriptions of a migration that it does not have yet."""
    migration = await migrations.locked_migration(session, identifier)
    if migration.status in OPEN:
        await migrations.plan_rows(session, migration, cause.at)
    return await _advanced(session, migration, 0)


async def advance(session: WriteSession, identifier: UUID, limit: int, cause: Cause) -> Advanced:
    """Schedules the change of the next subscriptions, or takes it back if it is undone."""
    migration = await migrations.locked_migration(session, identifier)
    if migration.status is Status.UNDOING:
        return await _take_back(session, migration, limit, cause)
    if migration.status not in OPEN or migration.is_paused or cause.day < migration.notice_on:
        return await _advanced(session, migration, 0)
    await lock_catalog_shared(session)
    ids = await migrations.next_rows(session, identifier, Outcome.PLANNED, limit)
    deployments = await terms.lock_deployments(session, ids)
    subscriptions = await read_subscriptions(session, ALL, ids)
    versions = await read_versions(
        session,
        {
            migration.plan_version_id,
            *(term.plan_version_id for one in subscriptions.values() for term in one.terms),
        },
    )
    found = {
        one.id: verdict(one, deployments[one.deployment_id].state, migration, versions, cause.day)
        for one in subscriptions.values()
    }
    moved = [key for key, one in found.items() if one.outcome is Outcome.SCHEDULED]
    if moved:
        await terms.schedule_terms(session, migration, moved, cause.day)
        words = (
            f"{migration.plan_code} version {migration.plan_version} from"
            f" {migration.effective_on}, announced on {cause.day} (migration {migration.id})"
        )
        await terms.record_events(
            session,
            [subscriptions[key].deployment_id for key in moved],
            EventType.PLAN_CHANGED,
            cause.with_words(words),
        )
    if found:
        outcomes = {key: (one.outcome, one.reason) for key, one in found.items()}
        await migrations.record_outcomes(session, identifier, outcomes, cause.at)
    return await _moved(session, migration, len(ids), cause)


async def finish(session: WriteSession, identifier: UUID, cause: Cause) -> Advanced:
    """Closes a migration that is undone, or whose day has come.

    First takes back the next changes of one that is undone; it stays undoing while more are left.
    """
    migration = await migrations.locked_migration(session, identifier)
    status = migration.status
    if status is Status.UNDOING:
        taken = await _take_back(session, migration, AT_ONCE, cause)
        if taken.remaining_count:
            return taken
        status = Status.UNDONE
    elif status in OPEN and cause.day >= migration.effective_on:
        await migrations.fail_late(session, identifier, cause.at)
        status = Status.IN_EFFECT
    await migrations.set_migration(session, identifier, status, cause.at, is_paused=False)
    return await _advanced(session, await migrations.read_migration(session, identifier), 0)


async def _take_back(
    session: WriteSession, migration: Migration, limit: int, cause: Cause
) -> Advanced:
    ids = await migrations.next_rows(session, migration.id, Outcome.SCHEDULED, limit)
    await terms.lock_deployments(session, ids)
    subscriptions = await read_subscriptions(session, ALL, ids)
    dropped = await terms.take_back_terms(
        session, migration, ids, migration.undone_after(cause.day)
    )
    words = f"migration {migration.id} is undone"
    await terms.record_events(
        session,
        [subscriptions[key].deployment_id for key in dropped],
        EventType.CHANGE_TAKEN_BACK,
        cause.with_words(words),
    )
    outcomes = {
        # Somebody replaced or took back the change, or it is in effect.
        key: (Outcome.TAKEN_BACK, "") if key in dropped else (Outcome.SKIPPED, "CHANGE_GONE")
        for key in ids
    }
    await migrations.record_outcomes(session, migration.id, outcomes, cause.at)
    await record_backdated_days(session, dropped, cause.at)
    return await _advanced(session, migration, len(ids))


async def _moved(session: WriteSession, migration: Migration, done: int, cause: Cause) -> Advanced:
    advanced = await _advanced(session, migration, done)
    status = Status.SCHEDULING if advanced.remaining_count else Status.SCHEDULED
    await migrations.set_migration(session, migration.id, status, cause.at, is_paused=False)
    return Advanced(status, False, done, advanced.remaining_count)


async def _advanced(session: ReadSession, migration: Migration, done: int) -> Advanced:
    counts = (await migrations.counts_of(session, [migration.id])).get(migration.id)
    undoing = migration.status is Status.UNDOING
    left = 0 if counts is None else counts.scheduled_count if undoing else counts.planned_count
    return Advanced(migration.status, migration.is_paused, done, left)

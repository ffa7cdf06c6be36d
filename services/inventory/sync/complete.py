"""Closes sweeps by their evidence, and records operators' decisions on stopped sweeps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.sweeps import (
    COUNTED,
    STRIKING,
    Evidence,
    Sweep,
    TombstoneCheck,
    Unreadable,
    UnreadablePlace,
    Verdict,
    broken_off,
    judge,
    may_tombstone,
    partial,
)
from services.inventory.sync.store import strikes, sweeps, unreadable
from services.inventory.sync.store.evidence import tally
from services.inventory.vocabulary import Outcome

__all__ = ["complete_sweep", "confirm_suspects", "decide", "fail_sweep", "note_unreadable"]

ANALYZE_ONE_IN: Final = 10
"""A sweep triggers ANALYZE if more than one in this many rows was new."""


async def complete_sweep(
    session: WriteSession, sweep_id: UUID, *, reported_total: int | None, scopes: Sequence[str]
) -> Sweep:
    """Closes a sweep that read every page: evaluates its evidence and strikes unseen rows.

    A sweep that is closed is answered as it is. Raises NotFound for an unknown one.
    """
    sweep = await sweeps.locked_sweep(session, sweep_id)
    if sweep.outcome is not Outcome.RUNNING:
        return sweep
    seen = await tally(session, sweep_id)
    evidence = Evidence(
        seen.seen,
        reported_total,
        frozenset(scopes),
        await sweeps.known_scopes(session, sweep),
        unread=seen.unread,
        unreadable=(
            await unreadable.unreadable_of(session, sweep_id) if seen.unreadable else Unreadable()
        ),
    )
    if evidence.difference:
        accepted = await sweeps.accepted_difference(session, sweep)
        evidence = replace(evidence, accepted_difference=accepted)
    verdict, struck = judge(evidence), strikes.Struck(0, 0)
    may_be_any = seen.unreadable and await unreadable.is_any_resource(session, sweep_id)
    if verdict.outcome in STRIKING and not may_be_any:
        confirmed = await sweeps.spend_confirmations(session, sweep)
        struck = await strikes.strike_unseen(session, sweep)
        living = await strikes.count_living(session, sweep) if struck.gone else 0
        toll = may_tombstone(TombstoneCheck(living, struck.gone, confirmed))
        verdict = verdict if toll.outcome is Outcome.COMPLETED else toll
    closed = await sweeps.close_sweep(
        session,
        sweep_id,
        verdict,
        seen,
        reported_total=reported_total,
        total_difference=evidence.difference,
        unreadable_count=evidence.unreadable.count,
        scope_fingerprint=sorted(set(scopes)),
        struck_count=struck.struck,
        withheld_count=struck.gone if verdict.outcome is Outcome.HALTED else 0,
    )
    if seen.discovered * ANALYZE_ONE_IN > seen.seen:
        # Autovacuum would analyze within minutes, but until then the first page of a list would
        # sort whole tables.
        await sweeps.analyze_resources(session)
    return closed


async def fail_sweep(
    session: WriteSession, sweep_id: UUID, *, reason: str, is_denied: bool = False
) -> Sweep:
    """Closes an interrupted sweep, which strikes nothing.

    `is_denied` says that the token may not list the kind, which freezes a kind that was read
    before. Returns a closed sweep unchanged. Raises NotFound for an unknown one.
    """
    sweep = await sweeps.locked_sweep(session, sweep_id)
    if sweep.outcome is not Outcome.RUNNING:
        return sweep
    seen = await tally(session, sweep_id)
    was_read = await sweeps.last_complete_at(session, sweep) is not None
    verdict = broken_off(reason, is_denied=is_denied, seen=seen.seen, was_read=was_read)
    return await sweeps.close_sweep(session, sweep_id, verdict, seen)


async def note_unreadable(
    session: WriteSession, sweep_id: UUID, rows: Sequence[UnreadablePlace]
) -> int:
    """Records unreadable rows of a sweep, idempotently; returns their number.

    A completed sweep becomes partial. Raises NotFound for an unknown one.
    """
    sweep = await sweeps.locked_sweep(session, sweep_id)
    await unreadable.add_unreadable(session, sweep_id, rows)
    found = await unreadable.unreadable_of(session, sweep_id)
    verdict = Verdict(sweep.outcome, sweep.reason)
    if found.count and sweep.outcome in STRIKING:
        verdict = partial(found)
    await sweeps.update_sweep(
        session,
        sweep_id,
        unreadable_count=found.count,
        outcome=verdict.outcome.value,
        reason=verdict.reason,
    )
    return found.count


async def confirm_suspects(
    session: WriteSession,
    sweep_id: UUID,
    *,
    gone: Sequence[str],
    found: Sequence[str],
    cause: Cause,
) -> Sweep:
    """Tombstones the suspects that are gone, clears those found, and returns the sweep.

    Rows that are not suspects of the sweep are not changed, so the call is idempotent. Raises
    NotFound, and FailedPrecondition if the sweep did not complete.
    """
    sweep = await sweeps.read_sweep(session, sweep_id)
    await lock_kinds(session, sweep.provider, [sweep.kind])
    if sweep.outcome not in STRIKING:
        raise FailedPrecondition(
            f"sweep {sweep.id} is {sweep.outcome} and has no suspects",
            reason="SWEEP_NOT_COMPLETED",
        )
    if found:
        await strikes.clear_suspects(session, sweep, found)
    deleted = await strikes.tombstone(session, sweep, gone, cause) if gone else 0
    return await sweeps.add_deleted(session, sweep_id, deleted)


async def decide(
    session: WriteSession, sweep_id: UUID, stopped: Outcome, *, operator: str
) -> Sweep:
    """Records an operator's approval of a stopped sweep, which the kind's next sweep applies.

    `halted`: one sweep may tombstone as many rows as were withheld. `frozen`: the scopes of this
    sweep are accepted as complete. `incomplete`: the provider's total may differ by the same
    amount, until a later sweep adds up exactly.

    Idempotent. Raises NotFound for an unknown sweep, and FailedPrecondition for one with another
    outcome, or that a later sweep superseded.
    """
    sweep = await sweeps.locked_sweep(session, sweep_id)
    if sweep.outcome is not stopped:
        raise FailedPrecondition(
            f"sweep {sweep_id} is {sweep.outcome}, not {stopped}: there is nothing to approve",
            reason=f"SWEEP_NOT_{stopped.upper()}",
        )
    if sweep.confirmed_at is not None:
        return sweep
    if stopped is Outcome.FROZEN and not sweep.seen_count:
        raise FailedPrecondition(
            f"sweep {sweep_id} saw nothing: the token may not list {sweep.kind} at all, which"
            " cannot be accepted; give it the scope that its reason names",
            reason="SWEEP_SAW_NOTHING",
        )
    # A later frozen sweep does not supersede what a halted one withheld.
    later = await sweeps.later_sweep(session, sweep, {*COUNTED, stopped})
    if later is not None:
        raise FailedPrecondition(
            f"sweep {sweep.id} was superseded by sweep {later}",
            reason="SWEEP_SUPERSEDED",
            metadata={"by": str(later)},
        )
    return await sweeps.confirm_sweep(session, sweep_id, operator=operator)

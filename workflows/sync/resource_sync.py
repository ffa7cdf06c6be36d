"""The full sync: sweeps every kind, confirms suspects, and records project members.

Each kind is a separate activity; if one fails, the others still complete. A sync waits for other
syncs that claimed one of its kinds.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from contracts.flows import OUTCOME
    from contracts.sync import ProjectInput, ResourceSyncInput, ensure_project
    from kinds import RESOURCE_KINDS
    from workflows.durable.reasons import final_failure, reason_of
    from workflows.durable.timeouts import FEW, short, with_heartbeat
    from workflows.sync.activities.claiming import ClaimActivities
    from workflows.sync.activities.confirming import ConfirmActivities
    from workflows.sync.activities.projects import ProjectActivities
    from workflows.sync.activities.sweeping import DEFERRED, SweepActivities
    from workflows.sync.ensure_project import EnsureProject
    from workflows.sync.payloads import (
        ClaimInput,
        ClaimResult,
        FailSweepInput,
        KindOutcome,
        MembersCursor,
        MembersInput,
        ResourceSyncResult,
        SuspectsInput,
        SweepInput,
        SweepResult,
    )

from workflows.durable.saga import on_failure

__all__ = ["ResourceSync"]

MAX_PASSES: Final = 3
"""Maximum passes: a listing that does not add up is read again."""

KIND: Final = with_heartbeat(timedelta(minutes=45), FEW)
"""Timeout of a kind, which must end before the next hour's sync."""

LOCAL_TIMEOUT: Final = timedelta(seconds=5)
"""Timeout of local activities, within a workflow task's ten seconds."""

ONCE: Final = RetryPolicy(maximum_attempts=1)

CALL: Final = short(timedelta(minutes=5), FEW)
READ: Final = with_heartbeat(timedelta(minutes=5), FEW)

PATCH_CLAIM_KINDS: Final = "claims-its-kinds"
PATCH_BEGIN_AT_ONCE: Final = "begins-at-once"
PATCH_DENIED: Final = "tells-denied"

FAILED: Final = "failed"
INCOMPLETE: Final = "incomplete"
PARTIAL: Final = "partial"
UNREAD: Final = "unread"
SEVERITY: Final = ("completed", UNREAD, PARTIAL, "frozen", "halted", INCOMPLETE, FAILED)

ADDED_LATER: Final = frozenset(kind.name for kind in RESOURCE_KINDS.values() if kind.added_later)
DENIED: Final = "AccessDenied"
"""The provider's error for a token without the scope."""

NOT_OFFERED: Final = "NotFound"
"""The provider's error for an account without the product."""


@workflow.defn
class ResourceSync:
    """Started by its schedule, and by `arcadia sync`."""

    def __init__(self) -> None:
        self._outcomes: list[KindOutcome] = []
        self._deferred: list[str] = []
        """Kinds that are read with the project members, after the others."""
        self._projects_sweep_id = ""
        self._begun: dict[str, str] = {}
        """Sweeps opened with the claim, by key, until a pass over the kind ended."""

    @workflow.query
    def progress(self) -> ResourceSyncResult:
        """The outcomes so far."""
        return ResourceSyncResult(tuple(self._outcomes))

    @workflow.run
    async def run(self, request: ResourceSyncInput) -> ResourceSyncResult:
        """The outcome of every kind. Fails at the end if a kind failed."""
        if workflow.patched(PATCH_BEGIN_AT_ONCE):
            await self._begin(request)
        elif workflow.patched(PATCH_CLAIM_KINDS):
            await self._claim(request)
        workflow.set_current_details(f"Reading {', '.join(request.kinds)}.")
        try:
            await self._sync_all(request)
        except (asyncio.CancelledError, FailureError) as error:
            await asyncio.shield(self._fail_unread(request, _reason(error)))
            raise
        worst = max((outcome.outcome for outcome in self._outcomes), key=SEVERITY.index)
        workflow.upsert_search_attributes([OUTCOME.value_set(worst)])
        failed = [outcome for outcome in self._outcomes if not outcome.succeeded]
        if failed:
            raise final_failure(
                "KindsFailed",
                "; ".join(outcome.in_words() for outcome in failed),
                ResourceSyncResult(tuple(self._outcomes)),
            )
        return ResourceSyncResult(tuple(self._outcomes))

    async def _sync_all(self, request: ResourceSyncInput) -> None:
        await asyncio.gather(*(self._sync(request, kind) for kind in request.kinds))
        if self._deferred:
            await asyncio.gather(*(self._sync_along(request, kind) for kind in self._deferred))
        elif "project" in request.kinds:
            await self._record_members(request)

    async def _fail_unread(self, request: ResourceSyncInput, reason: str) -> None:
        """Closes the sweeps opened with the claim whose kinds were never read."""
        unread = [kind for kind in request.kinds if _key(kind, 1) in self._begun]
        sweeps = [SweepInput(request.provider, kind, _key(kind, 1)) for kind in unread]
        await asyncio.gather(*(self._fail(sweep, reason) for sweep in sweeps))

    async def _sync(self, request: ResourceSyncInput, kind: str) -> None:
        if kind == "project":
            await self._ensure_internal_project(request)
        members = "later" if "project" in request.kinds else ""
        outcome = await self._sweep(request, kind, members)
        if outcome.outcome == DEFERRED:
            self._deferred.append(kind)
        else:
            self._show(outcome)

    async def _sync_along(self, request: ResourceSyncInput, kind: str) -> None:
        self._show(await self._sweep(request, kind, "along"))

    async def _begin(self, request: ResourceSyncInput) -> None:
        """Claims the kinds and opens their sweeps in one step; waits for other syncs."""
        keys = tuple(_key(kind, 1) for kind in request.kinds)
        claimed = ClaimResult(is_claimed=False)
        # After any failure, wait in a regular activity, which an operator can see.
        with on_failure(lambda _: None):
            claimed = await workflow.execute_local_activity_method(
                ClaimActivities.claim_kinds_at_once,
                ClaimInput(request.provider, request.kinds, keys),
                start_to_close_timeout=LOCAL_TIMEOUT,
                retry_policy=ONCE,
                summary="claim the kinds and begin their sweeps",
            )
        if claimed.is_claimed:
            self._begun = dict(zip(keys, claimed.sweep_ids, strict=False))
        else:
            await self._claim(request)

    async def _claim(self, request: ResourceSyncInput) -> None:
        """Waits for syncs that read the same kinds."""
        workflow.set_current_details("Waiting for other syncs of the same kinds to end.")
        try:
            await KIND.run(
                ClaimActivities.claim_kinds,
                ClaimInput(request.provider, request.kinds),
                "wait for other syncs of the same kinds",
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            raise final_failure(
                "KindsClaimed", f"another sync is reading these kinds: {_reason(error)}"
            ) from error

    async def _sweep(self, request: ResourceSyncInput, kind: str, members: str) -> KindOutcome:
        """Reads the kind until it adds up, at most MAX_PASSES times."""
        for number in range(1, MAX_PASSES + 1):
            key = _key(kind, number)
            sweep = SweepInput(
                request.provider,
                kind,
                key,
                members,
                self._projects_sweep_id,
                one_by_one=number == MAX_PASSES,
                sweep_id=self._begun.get(key, ""),
            )
            try:
                result = await self._read(sweep, number)
                if kind == "project":
                    self._projects_sweep_id = result.sweep_id
                outcome = KindOutcome.of(kind, result, number)
                if result.outcome == DEFERRED:
                    break
                self._begun.pop(key, None)
                if result.members is not None:
                    self._show(_members_outcome(result.members))
                    # Another pass does not need to move them again.
                    members = ""
                if result.suspect_count:
                    outcome = await self._confirm(sweep, result, outcome)
            except (asyncio.CancelledError, FailureError) as error:
                reason = _reason(error)
                self._begun.pop(key, None)
                last = await asyncio.shield(self._fail(sweep, reason))
                if is_cancelled_exception(error):
                    raise
                # A token may never have had the scope of a kind, and not every account has every
                # newer product. Nothing is lost then, so it is no failure. A kind that was read
                # before is frozen if its listing is denied; any other loss is a failure.
                never_offered = _is_denied(reason) or (
                    kind in ADDED_LATER and reason.startswith((DENIED, NOT_OFFERED))
                )
                unread = not last and never_offered
                return KindOutcome(
                    kind,
                    UNREAD if unread else FAILED,
                    pass_count=number,
                    reason=reason,
                    last_complete_at=last,
                )
            if outcome.succeeded:
                break
        return outcome

    async def _read(self, sweep: SweepInput, number: int) -> SweepResult:
        again = "" if number == 1 else f", again ({number} of {MAX_PASSES})"
        return await KIND.run(SweepActivities.sweep_kind, sweep, f"read all of {sweep.kind}{again}")

    async def _confirm(
        self, sweep: SweepInput, result: SweepResult, outcome: KindOutcome
    ) -> KindOutcome:
        confirmed = await KIND.run(
            ConfirmActivities.confirm_suspects,
            SuspectsInput(sweep.provider, sweep.kind, result.sweep_id),
            f"confirm by id that {result.suspect_count} unseen {sweep.kind} are gone",
        )
        outcome = replace(outcome, deleted_count=confirmed.gone_count)
        if not confirmed.unreadable_count:
            return outcome
        return replace(
            outcome,
            outcome=PARTIAL,
            unreadable_count=outcome.unreadable_count + confirmed.unreadable_count,
            reason=outcome.reason or "some suspects could not be read by their id",
        )

    async def _fail(self, sweep: SweepInput, reason: str) -> str:
        """Records an interrupted pass. If this fails too, the original reason is kept.

        Returns when the kind was last read completely, if known.
        """
        try:
            failed = await CALL.run(
                SweepActivities.fail_sweep,
                FailSweepInput(sweep, reason),
                f"record the interrupted sweep of {sweep.kind}",
            )
        except ActivityError as error:
            workflow.logger.warning("cannot close the interrupted sweep: %s", _reason(error))
            return ""
        return failed.last_complete_at

    async def _ensure_internal_project(self, request: ResourceSyncInput) -> None:
        project = ProjectInput(request.provider, request.internal_project)
        with on_failure(lambda reason: self._show(_broken_step("internal project", reason))):
            if not await READ.run(
                ProjectActivities.project_exists,
                project,
                f"check whether project {project.name} exists",
            ):
                # Another sync may be creating it; this one or the next will list it.
                with suppress(WorkflowAlreadyStartedError):
                    await workflow.execute_child_workflow(
                        EnsureProject.run, project, **ensure_project(project).options()
                    )

    async def _record_members(self, request: ResourceSyncInput) -> None:
        with on_failure(lambda reason: self._show(_broken_step("project members", reason))):
            counts = await KIND.run(
                ProjectActivities.record_members,
                MembersInput(request.provider, self._projects_sweep_id),
                "record the members of projects",
            )
            self._show(_members_outcome(counts))

    def _show(self, outcome: KindOutcome) -> None:
        self._outcomes.append(outcome)
        lines = [f"- {done.in_words()}" for done in self._outcomes]
        workflow.set_current_details("\n".join(lines))


def _key(kind: str, number: int) -> str:
    """The idempotency key of a pass over a kind."""
    info = workflow.info()
    return f"{info.workflow_id}/{info.run_id}/{kind}/{number}"


def _members_outcome(counts: MembersCursor) -> KindOutcome:
    return KindOutcome(
        "project members",
        PARTIAL if counts.unreadable_count else "completed",
        seen_count=counts.read_count,
        moved_count=counts.moved_count,
        unreadable_count=counts.unreadable_count,
        reason=counts.reason,
    )


def _broken_step(name: str, reason: str) -> KindOutcome:
    """The outcome of a failed step; a denied one needs an operator."""
    return KindOutcome(name, UNREAD if _is_denied(reason) else FAILED, reason=reason)


def _is_denied(reason: str) -> bool:
    """Whether the token lacks a scope; older runs fail instead (patch)."""
    return reason.startswith(DENIED) and workflow.patched(PATCH_DENIED)


def _reason(error: BaseException) -> str:
    return "the sync was cancelled" if is_cancelled_exception(error) else reason_of(error)

"""RollupService: how an operator follows and steers the month's end."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from arcadia.analytics.v1 import rollup_service_pb2 as pb
from arcadia.analytics.v1 import rollup_service_pb2_grpc, rollups_pb2
from grpc.aio import ServicerContext

from contracts.invoicing import RollupInput, invoice_rollup
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.rules.states import ENDED_ROLLUPS, Decision, RollupStatus
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.invoices.store.summing import summaries
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.decisions import RETRY, TOLD_WHILE, tell_work
from services.analytics.invoicing.rollups.rollup_messages import failure_message, rollup_message
from services.analytics.invoicing.rollups.store.following import list_failures, list_rollups
from services.analytics.invoicing.rollups.store.rollups import (
    Opening,
    begin_rollup,
    check_newest,
    decide,
    lock_awaiting,
    locked_rollup,
    move_rollup,
    newest_run,
    read_rollup,
    reopen_failed,
    set_run,
)
from services.common.db.database import Database, ReadSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.rpc.access import ALL, current_caller
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import read_month

__all__ = ["RollupServicer", "rollup_messages"]

Context = ServicerContext[Any, Any]

RETRIED_A_PAGE: Final = 200
MOST_RETRIED: Final = 1_000


async def rollup_messages(session: ReadSession, rows: Sequence[Stored]) -> list[rollups_pb2.Rollup]:
    """Roll-ups with what they come to."""
    found = await summaries(session, [row.id for row in rows])
    return [rollup_message(row, found[row.id]) for row in rows]


class RollupServicer(rollup_service_pb2_grpc.RollupServiceServicer):
    """Starts roll-ups, decides upon them, and tells how far they are."""

    def __init__(
        self, database: Database, flows: FlowClient, terms: Terms, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._flows = flows
        self._terms = terms
        self._clock = clock

    async def StartRollup(  # noqa: N802
        self, request: pb.StartRollupRequest, context: Context
    ) -> pb.StartRollupResponse:
        """Starts the roll-up of a month that has ended, or answers the one that runs.

        With force, one whose drafts await approval is superseded: its drafts are replaced.
        """
        period = read_month(request.period, "period")
        if self._clock() < period.end_at:
            raise InvalidArgument("period", "has not ended yet", reason="PERIOD_NOT_ENDED")
        caller = current_caller()
        start = RollupInput(
            period=period.start.isoformat(),
            force=request.force,
            approval_required=self._terms.approval_required,
            started_by=caller.subject,
        )
        async with self._database.write(ALL) as session:

            async def begin() -> pb.StartRollupResponse:
                # Who waits for an approval gives way to new drafts: locked, so that nobody
                # approves it meanwhile. One that issues, or still drafts, is answered instead.
                gives_way = start.force and await lock_awaiting(session, period)
                # The work opens the roll-up too, under the same key: whoever comes first.
                run = await self._flows.start(invoice_rollup(start), replace=gives_way)
                workflow_id = run.workflow_id
                run_id = await self._flows.first_run_id(workflow_id)
                known = await newest_run(session, workflow_id, run_id)
                opening = Opening(
                    period,
                    f"{workflow_id}/{run_id}",
                    start.force,
                    start.approval_required,
                    start.started_by,
                )
                row = known or await begin_rollup(session, opening, self._clock())
                [message] = await rollup_messages(session, [row])
                return pb.StartRollupResponse(rollup=message)

            return await once(session, request, pb.StartRollupResponse, begin)

    async def ListRollups(  # noqa: N802
        self, request: pb.ListRollupsRequest, context: Context
    ) -> pb.ListRollupsResponse:
        """Roll-ups, newest first."""
        size = page_size(request.page_size)
        period = read_month(request.period, "period") if request.period else None
        if request.status:
            requests.word("status", request.status, list(RollupStatus))
        filters = ("rollups", period.code if period else "", request.status)
        position = decode_token(request.page_token, filters, (str,))
        async with self._database.read(ALL) as session:
            rows = await list_rollups(
                session,
                period=period,
                status=request.status,
                before=requests.uuid_of("page_token", position[0]) if position else None,
                limit=size + 1,
            )
            page = rows[:size]
            messages = await rollup_messages(session, page)
        return pb.ListRollupsResponse(
            rollups=messages,
            next_page_token=encode_token(filters, (str(page[-1].id),)) if len(rows) > size else "",
        )

    async def GetRollup(  # noqa: N802
        self, request: pb.GetRollupRequest, context: Context
    ) -> pb.GetRollupResponse:
        """One roll-up."""
        rollup_id = requests.uuid_of("id", request.id)
        async with self._database.read(ALL) as session:
            row = await read_rollup(session, rollup_id)
            [message] = await rollup_messages(session, [row])
        return pb.GetRollupResponse(rollup=message)

    async def ListRollupFailures(  # noqa: N802
        self, request: pb.ListRollupFailuresRequest, context: Context
    ) -> pb.ListRollupFailuresResponse:
        """Who could not be billed, and why."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        size = page_size(request.page_size)
        filters = ("rollup_failures", str(rollup_id))
        position = decode_token(request.page_token, filters, (str,))
        async with self._database.read(ALL) as session:
            await read_rollup(session, rollup_id)
            rows = await list_failures(
                session, rollup_id, after=position[0] if position else "", limit=size + 1
            )
        page = rows[:size]
        return pb.ListRollupFailuresResponse(
            failures=map(failure_message, page),
            next_page_token=(
                encode_token(filters, (page[-1].tenant_id,)) if len(rows) > size else ""
            ),
        )

    async def ApproveRollup(  # noqa: N802
        self, request: pb.ApproveRollupRequest, context: Context
    ) -> pb.ApproveRollupResponse:
        """Lets a roll-up issue its drafts."""
        rollup_id = requests.uuid_of("id", request.id)
        message = await self._decide(rollup_id, Decision.APPROVE, reason="")
        return pb.ApproveRollupResponse(rollup=message)

    async def UndoRollup(  # noqa: N802
        self, request: pb.UndoRollupRequest, context: Context
    ) -> pb.UndoRollupResponse:
        """Voids the drafts of a roll-up."""
        rollup_id = requests.uuid_of("id", request.id)
        reason = requests.required("reason", request.reason)
        message = await self._decide(rollup_id, Decision.UNDO, reason=reason)
        return pb.UndoRollupResponse(rollup=message)

    async def RetryRollup(  # noqa: N802
        self, request: pb.RetryRollupRequest, context: Context
    ) -> pb.RetryRollupResponse:
        """Tries failed tenants again."""
        rollup_id = requests.uuid_of("id", request.id)
        if len(request.tenant_ids) > MOST_RETRIED:
            raise InvalidArgument("tenant_ids", f"must not be more than {MOST_RETRIED}")
        tenants = [
            requests.text(f"tenant_ids[{index}]", tenant)
            for index, tenant in enumerate(request.tenant_ids)
        ]
        async with self._database.write(ALL) as session:

            async def retry() -> pb.RetryRollupResponse:
                row = await locked_rollup(session, rollup_id)
                if row.status not in (RollupStatus.AWAITING_APPROVAL, RollupStatus.COMPLETED):
                    raise FailedPrecondition(
                        f"the roll-up is {row.status}: nothing is tried again",
                        reason="ROLLUP_NOT_RETRYABLE",
                        metadata={"status": row.status},
                    )
                await check_newest(session, row, but=ENDED_ROLLUPS)
                count = await reopen_failed(session, rollup_id, tenants, per_page=RETRIED_A_PAGE)
                if not count:
                    raise FailedPrecondition("no such tenant failed", reason="NOTHING_TO_RETRY")
                row = await move_rollup(
                    session, rollup_id, RollupStatus.RUNNING, reason="", at=self._clock()
                )
                [message] = await rollup_messages(session, [row])
                return pb.RetryRollupResponse(rollup=message)

            answer = await once(session, request, pb.RetryRollupResponse, retry)
        # After the commit: the work reads what is planned.
        await self._tell(rollup_id, RETRY)
        return answer

    async def _decide(
        self, rollup_id: UUID, decision: Decision, *, reason: str
    ) -> rollups_pb2.Rollup:
        # Deciding the same again is answered as it is, and told again: no key is needed.
        async with self._database.write(ALL) as session:
            row = await decide(
                session,
                rollup_id,
                decision,
                operator=current_caller().subject,
                reason=reason,
                at=self._clock(),
            )
            [message] = await rollup_messages(session, [row])
        await self._tell(rollup_id, decision)
        return message

    async def _tell(self, rollup_id: UUID, decision: str) -> None:
        """Tells the work, which may have ended: then it is started to go on with this one."""
        async with self._database.read(ALL) as session:
            row = await read_rollup(session, rollup_id)
        if row.status not in TOLD_WHILE[decision]:
            return
        run_id = await tell_work(self._flows, row, decision)
        async with self._database.write(ALL) as session:
            await set_run(session, rollup_id, run_id)

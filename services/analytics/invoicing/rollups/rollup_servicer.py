"""RollupService: lets operators start, monitor and decide on roll-ups."""

from typing import Final
from uuid import UUID

from arcadia.analytics.v1 import rollup_service_pb2 as pb
from arcadia.analytics.v1 import rollup_service_pb2_grpc, rollups_pb2

from contracts.invoicing import RollupInput, invoice_rollup
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.rules.states import ENDED_ROLLUPS, Decision, RollupStatus
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.begin import begin_rollup
from services.analytics.invoicing.rollups.decide import (
    RETRY,
    SIGNALLED_WHILE,
    check_newest,
    decide,
    move_rollup,
    signal_workflow,
)
from services.analytics.invoicing.rollups.rollup_messages import (
    failure_message,
    rollup_message,
    rollup_messages,
)
from services.analytics.invoicing.rollups.store import rollups
from services.analytics.invoicing.rollups.store.planning import list_failures
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import ALL, current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import read_month

__all__ = ["RollupServicer"]


RETRIED_A_PAGE: Final = 200
MAX_RETRIED: Final = 1_000


class RollupServicer(rollup_service_pb2_grpc.RollupServiceServicer):
    """Starts roll-ups, records decisions on them, and reports their progress."""

    def __init__(
        self, database: Database, flows: FlowClient, terms: Terms, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._flows = flows
        self._terms = terms
        self._clock = clock

    @once
    async def StartRollup(
        self, session: WriteSession, request: pb.StartRollupRequest, context: Context
    ) -> pb.StartRollupResponse:
        """Starts the roll-up of a month that has ended, or returns the running one.

        With force, supersedes a roll-up that awaits approval and replaces its drafts. Raises
        FailedPrecondition if it shall bill without the provider's bill and the running one does
        not.
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
            without_bill=request.without_bill,
        )
        # A roll-up that awaits approval is superseded. It is locked, so that nobody approves it
        # in the meantime. One that is drafting or issuing is returned instead.
        gives_way = start.force and await rollups.lock_awaiting(session, period)
        # The workflow opens the roll-up under the same key, so the order does not matter.
        run = await self._flows.start(invoice_rollup(start), replace=gives_way)
        workflow_id = run.workflow_id
        run_id = await self._flows.first_run_id(workflow_id)
        known = await rollups.newest_run(session, workflow_id, run_id)
        key = f"{workflow_id}/{run_id}"
        rollup = known or await begin_rollup(session, start, key, self._clock())
        if start.without_bill:
            rollup.check_bills_without()
        return pb.StartRollupResponse(rollup=await rollup_message(session, rollup))

    async def ListRollups(
        self, request: pb.ListRollupsRequest, context: Context
    ) -> pb.ListRollupsResponse:
        """Lists roll-ups, newest first."""
        period = read_month(request.period, "period") if request.period else None
        if request.status:
            requests.word("status", request.status, list(RollupStatus))
        filters = ("rollups", period.code if period else "", request.status)
        asked = page_request(request, filters, UUID)
        async with self._database.read(ALL) as session:
            found = await rollups.list_rollups(session, asked, period=period, status=request.status)
            messages = await rollup_messages(session, found.rows)
        return message_of(pb.ListRollupsResponse, found, rollups=messages)

    async def GetRollup(
        self, request: pb.GetRollupRequest, context: Context
    ) -> pb.GetRollupResponse:
        """One roll-up."""
        rollup_id = requests.uuid_of("id", request.id)
        async with self._database.read(ALL) as session:
            rollup = await rollups.read_rollup(session, rollup_id)
            return pb.GetRollupResponse(rollup=await rollup_message(session, rollup))

    async def ListRollupFailures(
        self, request: pb.ListRollupFailuresRequest, context: Context
    ) -> pb.ListRollupFailuresResponse:
        """Lists the tenants that could not be billed, with the reason."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        asked = page_request(request, ("rollup_failures", str(rollup_id)), str)
        async with self._database.read(ALL) as session:
            await rollups.read_rollup(session, rollup_id)
            found = await list_failures(session, rollup_id, asked)
        return page_message(pb.ListRollupFailuresResponse, found, failure_message)

    async def ApproveRollup(
        self, request: pb.ApproveRollupRequest, context: Context
    ) -> pb.ApproveRollupResponse:
        """Approves a roll-up, which then issues its drafts."""
        rollup_id = requests.uuid_of("id", request.id)
        message = await self._decide(rollup_id, Decision.APPROVE, reason="")
        return pb.ApproveRollupResponse(rollup=message)

    async def UndoRollup(
        self, request: pb.UndoRollupRequest, context: Context
    ) -> pb.UndoRollupResponse:
        """Undoes a roll-up: voids its drafts."""
        rollup_id = requests.uuid_of("id", request.id)
        reason = requests.required("reason", request.reason)
        message = await self._decide(rollup_id, Decision.UNDO, reason=reason)
        return pb.UndoRollupResponse(rollup=message)

    async def RetryRollup(
        self, request: pb.RetryRollupRequest, context: Context
    ) -> pb.RetryRollupResponse:
        """Retries failed tenants."""
        answer = await self._retry(request)
        # Signal after the commit, because the workflow reads the plan.
        await self._signal(UUID(request.id), RETRY)
        return answer

    @once
    async def _retry(
        self, session: WriteSession, request: pb.RetryRollupRequest
    ) -> pb.RetryRollupResponse:
        rollup_id = requests.uuid_of("id", request.id)
        if len(request.tenant_ids) > MAX_RETRIED:
            raise InvalidArgument("tenant_ids", f"must not be more than {MAX_RETRIED}")
        tenants = [
            requests.text(f"tenant_ids[{index}]", tenant)
            for index, tenant in enumerate(request.tenant_ids)
        ]
        rollup = await rollups.locked_rollup(session, rollup_id)
        if rollup.status not in (RollupStatus.AWAITING_APPROVAL, RollupStatus.COMPLETED):
            raise FailedPrecondition(
                f"the roll-up is {rollup.status}, so it cannot retry tenants",
                reason="ROLLUP_NOT_RETRYABLE",
                metadata={"status": rollup.status},
            )
        await check_newest(session, rollup, but=ENDED_ROLLUPS)
        if not await rollups.reopen_failed(session, rollup_id, tenants, per_page=RETRIED_A_PAGE):
            raise FailedPrecondition(
                "the roll-up has no such failed tenant", reason="NOTHING_TO_RETRY"
            )
        rollup = await move_rollup(
            session, rollup_id, RollupStatus.RUNNING, reason="", at=self._clock()
        )
        return pb.RetryRollupResponse(rollup=await rollup_message(session, rollup))

    async def _decide(
        self, rollup_id: UUID, decision: Decision, *, reason: str
    ) -> rollups_pb2.Rollup:
        # Repeating a decision returns it and signals again, so no idempotency key is needed.
        async with self._database.write(ALL) as session:
            rollup = await decide(
                session,
                rollup_id,
                decision,
                operator=current_caller().subject,
                reason=reason,
                at=self._clock(),
            )
            message = await rollup_message(session, rollup)
        await self._signal(rollup_id, decision)
        return message

    async def _signal(self, rollup_id: UUID, decision: str) -> None:
        """Signals the workflow; if it has ended, starts it to resume this roll-up."""
        async with self._database.read(ALL) as session:
            rollup = await rollups.read_rollup(session, rollup_id)
        if rollup.status not in SIGNALLED_WHILE[decision]:
            return
        run_id = await signal_workflow(self._flows, rollup, decision)
        async with self._database.write(ALL) as session:
            await rollups.set_run(session, rollup_id, run_id)

"""SpendService: spending caps, which operators set."""

from typing import Final
from uuid import UUID

from arcadia.analytics.v1 import spend_service_pb2 as pb
from arcadia.analytics.v1 import spend_service_pb2_grpc
from arcadia.common.v1 import runs_pb2

from contracts.spend import DECIDED, BreachInput, spend_breach
from services.analytics.deployments import DeploymentRef, Deployments
from services.analytics.spend import store
from services.analytics.spend.rules import (
    ACTIONS,
    AT_REST,
    Action,
    Breach,
    BreachDecision,
    Policy,
    Reached,
    Status,
    after_outcome,
    check_decision,
    is_reached,
)
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import InvalidArgument, NotFound
from services.common.identity.callers import ALL, current_caller
from services.common.rpc.fields import given
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size, required, text, uuid_of, word
from services.common.values.clock import Clock, utc_now
from services.common.values.money import currency_code, money_text
from services.common.values.periods import month_of

__all__ = ["SpendServicer", "breach_message"]

MAX_CENTS: Final = 10**15
POLICIES_A_PAGE: Final = 200
MAX_POLICIES: Final = 1_000
STATUSES_OF_WORKFLOW: Final = (
    Status.OPEN,
    Status.NOTIFIED,
    Status.AWAITING_APPROVAL,
    Status.PAUSED,
)
"""The statuses that a worker may report."""


class SpendServicer(spend_service_pb2_grpc.SpendServiceServicer):
    """Reads and changes spending caps and their breaches."""

    def __init__(
        self,
        database: Database,
        deployments: Deployments,
        flows: FlowClient,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._deployments = deployments
        self._flows = flows
        self._clock = clock

    async def ListSpendPolicies(
        self, request: pb.ListSpendPoliciesRequest, context: Context
    ) -> pb.ListSpendPoliciesResponse:
        """Lists policies, newest first."""
        tenant_id = text("tenant_id", request.tenant_id)
        deployment_id = text("deployment_id", request.deployment_id)
        asked = page_request(request, ("spend-policies", tenant_id, deployment_id), UUID)
        async with self._database.read(ALL) as session:
            found = await store.list_policies(
                session, asked, tenant_id=tenant_id, deployment_id=deployment_id
            )
        return page_message(pb.ListSpendPoliciesResponse, found)

    async def CreateSpendPolicy(
        self, request: pb.CreateSpendPolicyRequest, context: Context
    ) -> pb.CreateSpendPolicyResponse:
        """Creates a policy."""
        return await self._create(request, await self._new_policy(request))

    @once
    async def _create(
        self, session: WriteSession, request: pb.CreateSpendPolicyRequest, new: Policy
    ) -> pb.CreateSpendPolicyResponse:
        policy = await store.create_policy(session, new)
        return message_of(pb.CreateSpendPolicyResponse, spend_policy=policy)

    @once
    async def UpdateSpendPolicy(
        self, session: WriteSession, request: pb.UpdateSpendPolicyRequest, context: Context
    ) -> pb.UpdateSpendPolicyResponse:
        """Changes a policy's cap or action."""
        policy_id = uuid_of("id", request.id)
        cap = given(request, "cap_cents", _cap)
        action = given(request, "action", lambda field, value: word(field, value, ACTIONS))
        if cap is None and action is None:
            raise InvalidArgument("cap_cents", "or action is required", reason="FIELD_REQUIRED")
        policy = await store.update_policy(session, policy_id, cap_cents=cap, action=action)
        return message_of(pb.UpdateSpendPolicyResponse, spend_policy=policy)

    @once
    async def DeleteSpendPolicy(
        self, session: WriteSession, request: pb.DeleteSpendPolicyRequest, context: Context
    ) -> pb.DeleteSpendPolicyResponse:
        """Ends a policy."""
        policy_id = uuid_of("id", request.id)
        await store.delete_policy(session, policy_id, self._clock())
        return pb.DeleteSpendPolicyResponse()

    async def ListSpendBreaches(
        self, request: pb.ListSpendBreachesRequest, context: Context
    ) -> pb.ListSpendBreachesResponse:
        """Lists breaches of caps, newest first."""
        tenant_id = text("tenant_id", request.tenant_id)
        status = word("status", request.status, tuple(Status)) if request.status else ""
        asked = page_request(request, ("spend-breaches", tenant_id, status), UUID)
        async with self._database.read(ALL) as session:
            found = await store.list_breaches(session, asked, tenant_id=tenant_id, status=status)
        return page_message(pb.ListSpendBreachesResponse, found, breach_message)

    async def DecideSpendBreach(
        self, request: pb.DecideSpendBreachRequest, context: Context
    ) -> pb.DecideSpendBreachResponse:
        """Approves or refuses further spending, and signals the breach's workflow."""
        answer = await self._decide(request)
        async with self._database.write(ALL) as session:
            breach = await store.locked_breach(session, UUID(request.id))
        # Signal after the commit, because the workflow reads the decision. It also polls, so a
        # lost signal does not lose the decision.
        period_code = f"{breach.period:%Y-%m}"
        cap = money_text(breach.cap_cents, breach.currency)
        start = spend_breach(
            BreachInput(str(breach.id)),
            tenant_id=breach.tenant_id,
            period_code=period_code,
            summary=f"{breach.deployment_id or breach.tenant_id} reached {cap} in {period_code}",
        )
        await self._flows.notify(start, DECIDED)
        return answer

    @once
    async def _decide(
        self, session: WriteSession, request: pb.DecideSpendBreachRequest
    ) -> pb.DecideSpendBreachResponse:
        decision = BreachDecision(word("decision", request.decision, tuple(BreachDecision)))
        reason = text("reason", request.reason)
        breach = await store.locked_breach(session, uuid_of("id", request.id))
        # Even if its workflow has not noticed yet that the month is over.
        current = self._after(breach, breach.status)
        wanted = check_decision(breach.action, current, decision)
        if wanted is not current:
            by = current_caller().subject
            breach = await store.decide(
                session, breach.id, wanted, by=by, reason=reason, now=self._clock()
            )
        return pb.DecideSpendBreachResponse(spend_breach=breach_message(breach))

    async def EvaluateSpendPolicies(
        self, request: pb.EvaluateSpendPoliciesRequest, context: Context
    ) -> pb.EvaluateSpendPoliciesResponse:
        """Evaluates a page of policies against the accrual of the running month."""
        size = internal_page_size(request.page_size, POLICIES_A_PAGE, MAX_POLICIES)
        now = self._clock()
        period = month_of(now)
        asked = page_request(request, ("spending", period.code), UUID, size=size)
        async with self._database.read(ALL) as session:
            page = await store.page_of_spending(session, asked, period.start, now.date())
        ids = [one.policy.id for one in page.rows if one.policy.id is not None]
        reached = [
            Reached(policy_id, cents)
            for policy_id, one in zip(ids, page.rows, strict=True)
            if is_reached(one.policy.cap_cents, cents := one.accrued_cents)
        ]
        async with self._database.write(ALL) as session:
            if reached:
                await store.open_breaches(session, period.start, reached, now)
            waiting = await store.pending_breaches(session, ids, period.start)
        return message_of(
            pb.EvaluateSpendPoliciesResponse, page, spend_breaches=map(breach_message, waiting)
        )

    async def RecordSpendOutcome(
        self, request: pb.RecordSpendOutcomeRequest, context: Context
    ) -> pb.RecordSpendOutcomeResponse:
        """Records the outcome of a breach and returns its status."""
        breach_id = uuid_of("breach_id", request.breach_id)
        told = Status(word("status", request.status, STATUSES_OF_WORKFLOW))
        workflow_id = text("workflow_id", request.workflow_id)
        run_id = text("run_id", request.run_id)
        async with self._database.write(ALL) as session:
            breach = await store.locked_breach(session, breach_id)
            breach = await store.record_outcome(
                session,
                breach_id,
                self._after(breach, told),
                workflow_id=workflow_id,
                run_id=run_id,
                now=self._clock(),
            )
        return pb.RecordSpendOutcomeResponse(spend_breach=breach_message(breach))

    def _after(self, breach: Breach, told: Status) -> Status:
        """The status of a breach after the report."""
        is_over = self._clock() >= month_of(breach.period).end_at
        return after_outcome(breach.status, told, month_is_over=is_over)

    async def _new_policy(self, request: pb.CreateSpendPolicyRequest) -> Policy:
        """The requested policy; a deployment's policy has the deployment's tenant."""
        currency = currency_code("currency", request.currency)
        tenant_id, deployment_id = text("tenant_id", request.tenant_id), ""
        if request.deployment_id:
            deployment_id = str(uuid_of("deployment_id", request.deployment_id))
            named = DeploymentRef("", deployment_id)
            owner = (await self._deployments.find([named])).get(named)
            if owner is None:
                raise NotFound("deployment", deployment_id)
            if tenant_id not in ("", owner.tenant_id):
                raise InvalidArgument(
                    "tenant_id", "is not the tenant of the deployment", reason="MISMATCH"
                )
            tenant_id = owner.tenant_id
        return Policy(
            tenant_id=required("tenant_id", tenant_id),
            deployment_id=deployment_id,
            cap_cents=_cap("cap_cents", request.cap_cents),
            currency=currency,
            action=Action(word("action", request.action, ACTIONS)),
            created_by=current_caller().subject,
            created_at=self._clock(),
        )


def _cap(field: str, cents: int) -> int:
    if not 0 < cents <= MAX_CENTS:
        raise InvalidArgument(field, f"must be 1 to {MAX_CENTS}", reason="OUT_OF_RANGE")
    return cents


def breach_message(breach: Breach) -> pb.SpendBreach:
    """A breach with the policy at that time."""
    run = message_of(
        runs_pb2.Run,
        breach,
        status="completed" if breach.status in AT_REST else "running",
        details=breach.status.replace("_", " "),
        reason="",
        url="",
    )
    return message_of(
        pb.SpendBreach,
        breach,
        policy=message_of(
            pb.SpendPolicy,
            breach,
            id=breach.policy_id,
            created_by=breach.policy_created_by,
            created_at=breach.policy_created_at,
        ),
        run=run if breach.workflow_id else None,
    )

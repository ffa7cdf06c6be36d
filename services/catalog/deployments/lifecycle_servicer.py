"""LifecycleService: workers change the state of deployments, and services look them up."""

from typing import Any, Final

from arcadia.catalog.v1 import lifecycle_service_pb2 as pb
from arcadia.catalog.v1 import lifecycle_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog import requests
from services.catalog.deployments.messages import deployment_message, provision_message
from services.catalog.deployments.move import impose_pause, move_deployment
from services.catalog.deployments.provision import record_progress
from services.catalog.deployments.requests import keys
from services.catalog.deployments.rules.deployments import Cause, Deployment, DeploymentFilter
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store.deployments import list_deployments, lock_deployment
from services.catalog.deployments.store.lookup import lookup_deployments
from services.catalog.deployments.store.trials import end_trials
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.identity.callers import ALL, current_caller
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.rpc.requests import current_request_id
from services.common.values.clock import Clock

__all__ = ["LifecycleServicer"]

Context = ServicerContext[Any, Any]

TRIALS_AT_ONCE: Final = 500
MAX_TRIALS: Final = 1_000
STATUSES: Final = ("running", "completed", "failed", "cancelled")
STEPS: Final = ("create", "wait_active", "tag", "project", "record_spec", "assign")


class LifecycleServicer(lifecycle_service_pb2_grpc.LifecycleServiceServicer):
    """The deployment calls of workers and other services."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def LookupDeployments(
        self, request: pb.LookupDeploymentsRequest, context: Context
    ) -> pb.LookupDeploymentsResponse:
        """Looks up the deployments of a batch of ids or slugs."""
        wanted = keys(request)
        async with self._database.read(ALL) as session:
            found = await lookup_deployments(session, wanted)
        return pb.LookupDeploymentsResponse(matches=map(_match, found))

    @once
    async def ApplyBillingAction(
        self, session: WriteSession, request: pb.ApplyBillingActionRequest, context: Context
    ) -> pb.ApplyBillingActionResponse:
        """Changes a deployment's state for a workflow, unless its billing actions are suspended."""
        requests.required("key", request.key)
        to = requests.state("to_state", request.to_state)
        from_states = {
            requests.state(f"from_states[{position}]", state)
            for position, state in enumerate(request.from_states)
        }
        identifier = requests.uuid_of("deployment_id", request.deployment_id)
        deployment = await lock_deployment(session, ALL, identifier)
        outcome = _outcome(deployment, to, from_states)
        cause = self._cause(request.actor, request.reason)
        # Lifting a suspension restores an earlier pause.
        imposes = to is State.PAUSED and State.SUSPENDED not in from_states
        if imposes and outcome == "already_there" and _is_own_pause(deployment):
            deployment = await impose_pause(session, deployment, cause)
        elif outcome == "moved":
            deployment, _ = await move_deployment(session, deployment, to, cause, by_tenant=False)
        return pb.ApplyBillingActionResponse(
            deployment=deployment_message(deployment), outcome=outcome
        )

    async def ListTenantDeployments(
        self, request: pb.ListTenantDeploymentsRequest, context: Context
    ) -> pb.ListTenantDeploymentsResponse:
        """Lists the deployments of a tenant that are not archived."""
        tenant_id = requests.text("tenant_id", requests.required("tenant_id", request.tenant_id))
        size = page_size(request.page_size)
        filters = ("tenant_deployments", tenant_id)
        position = decode_token(request.page_token, filters, (str,))
        after = requests.uuid_of("page_token", position[0]) if position else None
        wanted = DeploymentFilter(tenant_id=tenant_id)
        async with self._database.read(ALL) as session:
            found = await list_deployments(session, ALL, wanted, after=after, limit=size + 1)
        page, token = cut(found, size, filters, lambda one: (str(one.id),))
        return pb.ListTenantDeploymentsResponse(
            deployments=[
                deployment_message(one) for one in page if one.state is not State.ARCHIVED
            ],
            next_page_token=token,
        )

    async def EndTrials(
        self, request: pb.EndTrialsRequest, context: Context
    ) -> pb.EndTrialsResponse:
        """Activates deployments whose trial is over."""
        if not 0 <= request.limit <= MAX_TRIALS:
            raise InvalidArgument("limit", f"must be at most {MAX_TRIALS}", reason="OUT_OF_RANGE")
        limit = request.limit or TRIALS_AT_ONCE
        cause = self._cause(request.actor, "the trial is over")
        async with self._database.write(ALL) as session:
            ended = await end_trials(session, cause, limit)
        return pb.EndTrialsResponse(ended_count=ended, is_cut=ended == limit)

    async def RecordProvisionProgress(
        self, request: pb.RecordProvisionProgressRequest, context: Context
    ) -> pb.RecordProvisionProgressResponse:
        """Records the progress of a provision."""
        identifier = requests.uuid_of("provision_id", request.provision_id)
        status = requests.one_of("status", request.status, STATUSES)
        step = requests.one_of("step", request.step, STEPS) if request.step else ""
        async with self._database.write(ALL) as session:
            provision = await record_progress(
                session,
                identifier,
                self._cause("", request.reason),
                status=status,
                step=step,
                resource_id=requests.text("resource_id", request.resource_id),
            )
        return pb.RecordProvisionProgressResponse(provision=provision_message(provision))

    def _cause(self, actor: str, reason: str) -> Cause:
        return Cause(
            actor=requests.text("actor", actor) or current_caller().subject,
            reason=requests.prose("reason", reason),
            request_id=current_request_id(),
            at=self._now(),
        )


def _match(found: list[Deployment]) -> pb.DeploymentMatch:
    deployment = deployment_message(found[0]) if len(found) == 1 else None
    return pb.DeploymentMatch(deployment=deployment, ambiguous=len(found) > 1)


def _outcome(deployment: Deployment, to: State, from_states: set[State]) -> str:
    """The outcome of a billing action; see ApplyBillingActionResponse."""
    if deployment.state is to:
        return "already_there"
    if deployment.billing_action_suspended:
        return "billing_action_suspended"
    if from_states and deployment.state not in from_states:
        return "left_alone"
    return "moved"


def _is_own_pause(deployment: Deployment) -> bool:
    """Whether the tenant could lift the pause that a workflow requests."""
    return deployment.paused_by_tenant and not deployment.billing_action_suspended

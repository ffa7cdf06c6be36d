"""LifecycleService: workers change the state of deployments, and services look them up."""

from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import deployments_pb2, lifecycle_service_pb2_grpc
from arcadia.catalog.v1 import lifecycle_service_pb2 as pb

from services.catalog import requests
from services.catalog.deployments.messages import provision_message
from services.catalog.deployments.move import impose_pause, move_deployment
from services.catalog.deployments.provision import record_progress
from services.catalog.deployments.requests import keys
from services.catalog.deployments.rules.deployments import (
    Deployment,
    DeploymentFilter,
    ProvisionStatus,
)
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store import deployments
from services.catalog.deployments.store.provisions import read_user_data
from services.catalog.deployments.store.trials import end_trials
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.identity.callers import ALL
from services.common.rpc.messages import message_of
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock

__all__ = ["LifecycleServicer"]


TRIALS_AT_ONCE: Final = 500
MAX_TRIALS: Final = 1_000
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
            found = await deployments.lookup_deployments(session, wanted)
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
        deployment = await deployments.lock_deployment(session, ALL, identifier)
        outcome = _outcome(deployment, to, from_states)
        cause = requests.cause(request.reason, self._now(), request.actor)
        # Lifting a suspension restores an earlier pause.
        imposes = to is State.PAUSED and State.SUSPENDED not in from_states
        if imposes and outcome == "already_there" and _is_own_pause(deployment):
            deployment = await impose_pause(session, deployment, cause)
        elif outcome == "moved":
            deployment, _ = await move_deployment(session, deployment, to, cause, by_tenant=False)
        return message_of(pb.ApplyBillingActionResponse, deployment=deployment, outcome=outcome)

    async def ListTenantDeployments(
        self, request: pb.ListTenantDeploymentsRequest, context: Context
    ) -> pb.ListTenantDeploymentsResponse:
        """Lists the deployments of a tenant that are not archived."""
        tenant_id = requests.text("tenant_id", requests.required("tenant_id", request.tenant_id))
        asked = page_request(request, ("tenant_deployments", tenant_id), UUID)
        wanted = DeploymentFilter(tenant_id=tenant_id)
        async with self._database.read(ALL) as session:
            found = await deployments.list_deployments(session, ALL, wanted, asked)
        kept = [one for one in found.rows if one.state is not State.ARCHIVED]
        return message_of(pb.ListTenantDeploymentsResponse, found, deployments=kept)

    async def EndTrials(
        self, request: pb.EndTrialsRequest, context: Context
    ) -> pb.EndTrialsResponse:
        """Activates deployments whose trial is over."""
        if not 0 <= request.limit <= MAX_TRIALS:
            raise InvalidArgument("limit", f"must be at most {MAX_TRIALS}", reason="OUT_OF_RANGE")
        limit = request.limit or TRIALS_AT_ONCE
        cause = requests.cause("the trial is over", self._now(), request.actor)
        async with self._database.write(ALL) as session:
            ended = await end_trials(session, cause, limit)
        return pb.EndTrialsResponse(ended_count=ended, is_cut=ended == limit)

    async def RecordProvisionProgress(
        self, request: pb.RecordProvisionProgressRequest, context: Context
    ) -> pb.RecordProvisionProgressResponse:
        """Records the progress of a provision."""
        identifier = requests.uuid_of("provision_id", request.provision_id)
        status = ProvisionStatus(requests.one_of("status", request.status, ProvisionStatus))
        step = requests.one_of("step", request.step, STEPS) if request.step else ""
        async with self._database.write(ALL) as session:
            provision = await record_progress(
                session,
                identifier,
                requests.cause(request.reason, self._now()),
                status=status,
                step=step,
                resource_id=requests.text("resource_id", request.resource_id),
            )
        return pb.RecordProvisionProgressResponse(provision=provision_message(provision))

    async def GetProvisionUserData(
        self, request: pb.GetProvisionUserDataRequest, context: Context
    ) -> pb.GetProvisionUserDataResponse:
        """Returns the cloud-init data of a provision."""
        identifier = requests.uuid_of("provision_id", request.provision_id)
        async with self._database.read(ALL) as session:
            user_data = await read_user_data(session, identifier)
        return pb.GetProvisionUserDataResponse(user_data=user_data)


def _match(found: list[Deployment]) -> pb.DeploymentMatch:
    deployment = message_of(deployments_pb2.Deployment, found[0]) if len(found) == 1 else None
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

"""DeploymentService: tenants manage their deployments."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployment_service_pb2_grpc, deployments_pb2

from services.catalog import requests
from services.catalog.deployments.messages import provision_message, subscription_message
from services.catalog.deployments.move import move_deployment
from services.catalog.deployments.provision import create_provision, provision_start
from services.catalog.deployments.requests import (
    deployment_changes,
    deployment_filter,
    droplet_order,
    new_deployment,
    with_bounded_trial,
)
from services.catalog.deployments.rules.deployments import BillingActions, Cause, Deployment
from services.catalog.deployments.store import deployments, provisions
from services.catalog.deployments.store.events import list_events
from services.catalog.deployments.store.trials import grant_trials, list_grants
from services.catalog.deployments.trials import extend_trial, take_trial
from services.catalog.limits.check_quota import check_quota
from services.catalog.limits.store.counts import count_deployments
from services.catalog.subscriptions.store.subscriptions import subscription_of_deployment
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import InvalidArgument, PermissionDenied
from services.common.identity.callers import current_caller
from services.common.limits.declared import DEPLOYMENTS
from services.common.rpc.fields import given
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import first_page, page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock
from services.common.values.periods import read_day

__all__ = ["DeploymentServicer"]


NEWEST_EVENTS: Final = first_page(100)
"""The history entries returned with a deployment."""

MAX_TRIALS: Final = 1_000
"""Maximum trials per grant."""


TRIAL_ROLES: Final = frozenset({"platform-billing"})
"""The role that may give trials, besides `platform-admin`: a trial is a billing decision."""


class DeploymentServicer(deployment_service_pb2_grpc.DeploymentServiceServicer):
    """Reads and changes deployments."""

    def __init__(
        self, database: Database, now: Clock, flows: FlowClient, *, longest_trial: timedelta
    ) -> None:
        self._database = database
        self._now = now
        self._flows = flows
        self._longest_trial = longest_trial

    async def ListDeployments(
        self, request: pb.ListDeploymentsRequest, context: Context
    ) -> pb.ListDeploymentsResponse:
        """Lists deployments in the order of creation."""
        scope = current_caller().scope
        wanted = deployment_filter(request)
        filters = ("deployments", wanted.tenant_id, wanted.state, wanted.slug)
        asked = page_request(request, filters, UUID)
        async with self._database.read(scope) as session:
            found = await deployments.list_deployments(session, scope, wanted, asked)
        return page_message(pb.ListDeploymentsResponse, found)

    async def GetDeployment(
        self, request: pb.GetDeploymentRequest, context: Context
    ) -> pb.GetDeploymentResponse:
        """Returns a deployment with its subscription and its latest history."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        async with self._database.read(scope) as session:
            deployment = await deployments.read_deployment(session, scope, identifier)
            subscription = await subscription_of_deployment(session, identifier)
            newest = await list_events(session, identifier, NEWEST_EVENTS)
        return message_of(
            pb.GetDeploymentResponse,
            deployment=_message(deployment),
            subscription=subscription_message(subscription, self._now().date())
            if subscription
            else None,
            events=newest.rows,
        )

    @once
    async def CreateDeployment(
        self, session: WriteSession, request: pb.CreateDeploymentRequest, context: Context
    ) -> pb.CreateDeploymentResponse:
        """Creates a deployment."""
        caller = current_caller()
        if request.trial and caller.granted and caller.roles.isdisjoint(TRIAL_ROLES):
            raise PermissionDenied(
                "trial: this needs the role platform-billing", reason="ROLE_REQUIRED"
            )
        new = new_deployment(request, caller)
        longest = None if caller.is_operator else self._longest_trial
        cause = self._cause()
        bounded = with_bounded_trial(new, cause.day, longest)
        if bounded.trial:
            await take_trial(session, bounded.tenant_id, cause, by_tenant=not caller.is_operator)
        await check_quota(session, DEPLOYMENTS, bounded.tenant_id, count_deployments, cause.day)
        made = await deployments.create_deployment(session, bounded, cause)
        return pb.CreateDeploymentResponse(deployment=_message(made))

    @once
    async def UpdateDeployment(
        self, session: WriteSession, request: pb.UpdateDeploymentRequest, context: Context
    ) -> pb.UpdateDeploymentResponse:
        """Updates a deployment's name and settings."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        changes = deployment_changes(request)
        before = await deployments.lock_deployment(session, scope, identifier)
        changed = await deployments.update_deployment(session, before, changes, self._cause())
        return pb.UpdateDeploymentResponse(deployment=_message(changed))

    @once
    async def TransitionDeployment(
        self, session: WriteSession, request: pb.TransitionDeploymentRequest, context: Context
    ) -> pb.TransitionDeploymentResponse:
        """Changes the state of a deployment."""
        caller = current_caller()
        identifier = requests.uuid_of("id", request.id)
        to = requests.state("to_state", request.to_state)
        cause = self._cause(request.reason)
        before = await deployments.lock_deployment(session, caller.scope, identifier)
        moved, event = await move_deployment(
            session, before, to, cause, by_tenant=not caller.is_operator
        )
        return message_of(pb.TransitionDeploymentResponse, deployment=_message(moved), event=event)

    @once
    async def ExtendTrial(
        self, session: WriteSession, request: pb.ExtendTrialRequest, context: Context
    ) -> pb.ExtendTrialResponse:
        """Extends the trial of a deployment."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        day = read_day(requests.required("trial_ends_on", request.trial_ends_on), "trial_ends_on")
        cause = self._cause(request.reason)
        before = await deployments.lock_deployment(session, scope, identifier)
        extended = await extend_trial(session, before, day, cause)
        return pb.ExtendTrialResponse(deployment=_message(extended))

    @once
    async def GrantTrials(
        self, session: WriteSession, request: pb.GrantTrialsRequest, context: Context
    ) -> pb.GrantTrialsResponse:
        """Grants a tenant more trials."""
        tenant_id = requests.text("tenant_id", requests.required("tenant_id", request.tenant_id))
        if not 0 <= request.trials <= MAX_TRIALS:
            raise InvalidArgument("trials", f"must be 1 to {MAX_TRIALS}", reason="OUT_OF_RANGE")
        cause = self._cause(request.reason)
        grant = await grant_trials(session, tenant_id, request.trials or 1, cause)
        return message_of(pb.GrantTrialsResponse, trial_grant=grant)

    async def ListTrialGrants(
        self, request: pb.ListTrialGrantsRequest, context: Context
    ) -> pb.ListTrialGrantsResponse:
        """Lists trial grants, newest first."""
        tenant_id = requests.text("tenant_id", request.tenant_id)
        asked = page_request(request, ("trial-grants", tenant_id), UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_grants(session, tenant_id, asked)
        return page_message(pb.ListTrialGrantsResponse, found)

    @once
    async def UpdateBillingActions(
        self, session: WriteSession, request: pb.UpdateBillingActionsRequest, context: Context
    ) -> pb.UpdateBillingActionsResponse:
        """Sets what automatic billing actions may do to a deployment."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        actions = _billing_actions(request)
        cause = self._cause(request.reason)
        before = await deployments.lock_deployment(session, scope, identifier)
        changed = await deployments.update_billing_actions(session, before, actions, cause)
        return pb.UpdateBillingActionsResponse(deployment=_message(changed))

    async def ListDeploymentEvents(
        self, request: pb.ListDeploymentEventsRequest, context: Context
    ) -> pb.ListDeploymentEventsResponse:
        """Lists the history of a deployment, newest first."""
        scope = current_caller().scope
        identifier = requests.uuid_of("deployment_id", request.deployment_id)
        asked = page_request(request, ("deployment-events", str(identifier)), int)
        async with self._database.read(scope) as session:
            await deployments.read_deployment(session, scope, identifier)
            found = await list_events(session, identifier, asked)
        return page_message(pb.ListDeploymentEventsResponse, found)

    @once
    async def ProvisionDeployment(
        self, session: WriteSession, request: pb.ProvisionDeploymentRequest, context: Context
    ) -> pb.ProvisionDeploymentResponse:
        """Starts the workflow that creates a droplet for a deployment."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        order = droplet_order(request.droplet)
        deployment = await deployments.lock_deployment(session, scope, identifier)
        cause = self._cause(requests.prose("force_reason", request.force_reason).strip())
        made = await create_provision(session, deployment, order, cause)
        # The workflow waits for this commit; without it, the workflow creates nothing.
        started = await self._flows.start(provision_start(made, deployment))
        provision = await provisions.set_provision_run(
            session, made.id, workflow_id=started.workflow_id, run_id=started.run_id
        )
        return pb.ProvisionDeploymentResponse(provision=provision_message(provision))

    async def GetProvision(
        self, request: pb.GetProvisionRequest, context: Context
    ) -> pb.GetProvisionResponse:
        """One provision."""
        deployment_id = requests.uuid_of("deployment_id", request.deployment_id)
        identifier = requests.uuid_of("id", request.id)
        async with self._database.read(current_caller().scope) as session:
            provision = await provisions.read_provision(session, deployment_id, identifier)
        return pb.GetProvisionResponse(provision=provision_message(provision))

    async def ListProvisions(
        self, request: pb.ListProvisionsRequest, context: Context
    ) -> pb.ListProvisionsResponse:
        """Lists the provisions of a deployment, newest first."""
        scope = current_caller().scope
        identifier = requests.uuid_of("deployment_id", request.deployment_id)
        asked = page_request(request, ("provisions", str(identifier)), UUID)
        async with self._database.read(scope) as session:
            await deployments.read_deployment(session, scope, identifier)
            found = await provisions.list_provisions(session, identifier, asked)
        return page_message(pb.ListProvisionsResponse, found, provision_message)

    def _cause(self, reason: str = "") -> Cause:
        return requests.cause(reason, self._now())


def _message(deployment: Deployment) -> deployments_pb2.Deployment:
    return message_of(deployments_pb2.Deployment, deployment)


def _billing_actions(request: pb.UpdateBillingActionsRequest) -> BillingActions:
    actions = BillingActions(
        suspended=given(request, "billing_action_suspended", lambda field, value: bool(value)),
        power_off=given(request, "power_off_when_suspended", lambda field, value: bool(value)),
    )
    if actions == BillingActions(None, None):
        raise InvalidArgument("billing_action_suspended", "or power_off_when_suspended is required")
    return actions

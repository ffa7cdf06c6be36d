"""DeploymentService: tenants manage their deployments."""

from datetime import timedelta
from typing import Any, Final

from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployment_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog import requests
from services.catalog.deployments.extend_trial import extend_trial
from services.catalog.deployments.messages import (
    deployment_message,
    event_message,
    provision_message,
    subscription_message,
    trial_grant_message,
)
from services.catalog.deployments.move import move_deployment
from services.catalog.deployments.provision import create_provision
from services.catalog.deployments.provisioning import provision_start
from services.catalog.deployments.requests import (
    deployment_changes,
    deployment_filter,
    droplet_order,
    new_deployment,
    with_bounded_trial,
)
from services.catalog.deployments.rules.deployments import BillingActions, Cause
from services.catalog.deployments.store.deployments import (
    create_deployment,
    list_deployments,
    lock_deployment,
    read_deployment,
    update_billing_actions,
    update_deployment,
)
from services.catalog.deployments.store.events import list_events
from services.catalog.deployments.store.provisions import (
    list_provisions,
    read_provision,
    set_provision_run,
)
from services.catalog.deployments.store.trials import (
    grant_trials,
    list_grants,
)
from services.catalog.deployments.take_trial import take_trial
from services.catalog.limits.check_quota import check_quota
from services.catalog.limits.store.counts import count_deployments
from services.catalog.subscriptions.store.subscriptions import subscription_of_deployment
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import InvalidArgument, PermissionDenied
from services.common.identity.callers import current_caller
from services.common.limits.declared import DEPLOYMENTS
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.rpc.requests import current_request_id
from services.common.values.clock import Clock
from services.common.values.periods import read_day

__all__ = ["DeploymentServicer"]

Context = ServicerContext[Any, Any]

NEWEST_EVENTS: Final = 100
"""Number of history entries returned with a deployment."""

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
        wanted, size = deployment_filter(request), page_size(request.page_size)
        filters = ("deployments", wanted.tenant_id, wanted.state, wanted.slug)
        position = decode_token(request.page_token, filters, (str,))
        after = requests.uuid_of("page_token", position[0]) if position else None
        async with self._database.read(scope) as session:
            found = await list_deployments(session, scope, wanted, after=after, limit=size + 1)
        page, token = cut(found, size, filters, lambda one: (str(one.id),))
        return pb.ListDeploymentsResponse(
            deployments=map(deployment_message, page),
            next_page_token=token,
        )

    async def GetDeployment(
        self, request: pb.GetDeploymentRequest, context: Context
    ) -> pb.GetDeploymentResponse:
        """Returns a deployment with its subscription and its latest history."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        async with self._database.read(scope) as session:
            deployment = await read_deployment(session, scope, identifier)
            subscription = await subscription_of_deployment(session, identifier)
            events = await list_events(session, identifier, before=None, limit=NEWEST_EVENTS)
        return pb.GetDeploymentResponse(
            deployment=deployment_message(deployment),
            subscription=(
                subscription_message(subscription, self._now().date()) if subscription else None
            ),
            events=map(event_message, events),
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
        made = await create_deployment(session, bounded, cause)
        return pb.CreateDeploymentResponse(deployment=deployment_message(made))

    @once
    async def UpdateDeployment(
        self, session: WriteSession, request: pb.UpdateDeploymentRequest, context: Context
    ) -> pb.UpdateDeploymentResponse:
        """Updates a deployment's name and settings."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        changes = deployment_changes(request)
        before = await lock_deployment(session, scope, identifier)
        changed = await update_deployment(session, before, changes, self._cause())
        return pb.UpdateDeploymentResponse(deployment=deployment_message(changed))

    @once
    async def TransitionDeployment(
        self, session: WriteSession, request: pb.TransitionDeploymentRequest, context: Context
    ) -> pb.TransitionDeploymentResponse:
        """Changes the state of a deployment."""
        caller = current_caller()
        identifier = requests.uuid_of("id", request.id)
        to = requests.state("to_state", request.to_state)
        cause = self._cause(request.reason)
        before = await lock_deployment(session, caller.scope, identifier)
        moved, event = await move_deployment(
            session, before, to, cause, by_tenant=not caller.is_operator
        )
        return pb.TransitionDeploymentResponse(
            deployment=deployment_message(moved), event=event_message(event)
        )

    @once
    async def ExtendTrial(
        self, session: WriteSession, request: pb.ExtendTrialRequest, context: Context
    ) -> pb.ExtendTrialResponse:
        """Extends the trial of a deployment."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        day = read_day(requests.required("trial_ends_on", request.trial_ends_on), "trial_ends_on")
        cause = self._cause(request.reason)
        before = await lock_deployment(session, scope, identifier)
        extended = await extend_trial(session, before, day, cause)
        return pb.ExtendTrialResponse(deployment=deployment_message(extended))

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
        return pb.GrantTrialsResponse(trial_grant=trial_grant_message(grant))

    async def ListTrialGrants(
        self, request: pb.ListTrialGrantsRequest, context: Context
    ) -> pb.ListTrialGrantsResponse:
        """Lists trial grants, newest first."""
        tenant_id = requests.text("tenant_id", request.tenant_id)
        size = page_size(request.page_size)
        filters = ("trial-grants", tenant_id)
        position = decode_token(request.page_token, filters, (str,))
        before = requests.uuid_of("page_token", position[0]) if position else None
        async with self._database.read(current_caller().scope) as session:
            found = await list_grants(session, tenant_id=tenant_id, before=before, limit=size + 1)
        page, token = cut(found, size, filters, lambda one: (str(one.id),))
        return pb.ListTrialGrantsResponse(
            trial_grants=map(trial_grant_message, page), next_page_token=token
        )

    @once
    async def UpdateBillingActions(
        self, session: WriteSession, request: pb.UpdateBillingActionsRequest, context: Context
    ) -> pb.UpdateBillingActionsResponse:
        """Sets what automatic billing actions may do to a deployment."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        actions = _billing_actions(request)
        cause = self._cause(request.reason)
        before = await lock_deployment(session, scope, identifier)
        changed = await update_billing_actions(session, before, actions, cause)
        return pb.UpdateBillingActionsResponse(deployment=deployment_message(changed))

    async def ListDeploymentEvents(
        self, request: pb.ListDeploymentEventsRequest, context: Context
    ) -> pb.ListDeploymentEventsResponse:
        """Lists the history of a deployment, newest first."""
        scope = current_caller().scope
        identifier = requests.uuid_of("deployment_id", request.deployment_id)
        size = page_size(request.page_size)
        filters = ("deployment-events", str(identifier))
        position = decode_token(request.page_token, filters, (int,))
        async with self._database.read(scope) as session:
            await read_deployment(session, scope, identifier)
            found = await list_events(
                session, identifier, before=position[0] if position else None, limit=size + 1
            )
        page, token = cut(found, size, filters, lambda one: (one.id,))
        return pb.ListDeploymentEventsResponse(
            events=map(event_message, page),
            next_page_token=token,
        )

    @once
    async def ProvisionDeployment(
        self, session: WriteSession, request: pb.ProvisionDeploymentRequest, context: Context
    ) -> pb.ProvisionDeploymentResponse:
        """Starts the workflow that creates a droplet for a deployment."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        order = droplet_order(request.droplet)
        deployment = await lock_deployment(session, scope, identifier)
        made = await create_provision(session, deployment, order, self._cause())
        # The workflow waits for this commit; without it, the workflow creates nothing.
        started = await self._flows.start(provision_start(made, deployment))
        provision = await set_provision_run(
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
            provision = await read_provision(session, deployment_id, identifier)
        return pb.GetProvisionResponse(provision=provision_message(provision))

    async def ListProvisions(
        self, request: pb.ListProvisionsRequest, context: Context
    ) -> pb.ListProvisionsResponse:
        """Lists the provisions of a deployment, newest first."""
        scope = current_caller().scope
        identifier = requests.uuid_of("deployment_id", request.deployment_id)
        size = page_size(request.page_size)
        filters = ("provisions", str(identifier))
        position = decode_token(request.page_token, filters, (str,))
        before = requests.uuid_of("page_token", position[0]) if position else None
        async with self._database.read(scope) as session:
            await read_deployment(session, scope, identifier)
            found = await list_provisions(session, identifier, before=before, limit=size + 1)
        page, token = cut(found, size, filters, lambda one: (str(one.id),))
        return pb.ListProvisionsResponse(
            provisions=map(provision_message, page),
            next_page_token=token,
        )

    def _cause(self, reason: str = "") -> Cause:
        return Cause(
            actor=current_caller().subject,
            reason=requests.prose("reason", reason),
            request_id=current_request_id(),
            at=self._now(),
        )


def _billing_actions(request: pb.UpdateBillingActionsRequest) -> BillingActions:
    actions = BillingActions(
        suspended=(
            request.billing_action_suspended
            if request.HasField("billing_action_suspended")
            else None
        ),
        power_off=(
            request.power_off_when_suspended
            if request.HasField("power_off_when_suspended")
            else None
        ),
    )
    if actions == BillingActions(None, None):
        raise InvalidArgument("billing_action_suspended", "or power_off_when_suspended is required")
    return actions

"""State changes of deployments in the catalog: by dunning, caps and ending trials."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import lifecycle_service_pb2 as pb

from contracts.collections import TrialEndInput
from services.common.rpc.messages import message_of
from workflows.collections.payloads import ActionOutcome, BillingAction
from workflows.durable.activities import pages_of, service_activity
from workflows.durable.heartbeats import beating, reached_before
from workflows.spend.payloads import PausedCheck, PausedStates

if TYPE_CHECKING:
    from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub

__all__ = ["BillingActionActivities"]

SERVICE: Final = "catalog"
DEPLOYMENTS_A_PAGE: Final = 200
SUSPENDED: Final = "suspended"
PAUSED: Final = "paused"
HELD: Final = (PAUSED, SUSPENDED)
ENDED: Final = ("cancelled", "archived")
TRIAL_END: Final = "trial-end"


class BillingActionActivities:
    """Uses the catalog's LifecycleService."""

    def __init__(self, lifecycle: "LifecycleServiceAsyncStub") -> None:
        self._lifecycle = lifecycle

    @service_activity(SERVICE, heartbeat=True)
    async def apply_billing_action(self, request: BillingAction) -> ActionOutcome:
        """Changes the state of a tenant's deployments for which the transition is allowed.

        Idempotent.
        """
        moved: list[str] = []
        there: list[str] = []
        left: list[str] = []
        power_off: list[str] = []
        async for one in self._deployments(request):
            answer = await self._lifecycle.ApplyBillingAction(_action(request, one.id))
            if answer.outcome == "moved":
                moved.append(one.id)
                if answer.deployment.power_off_when_suspended:
                    power_off.append(one.id)
            elif answer.outcome == "already_there":
                there.append(one.id)
            else:
                left.append(one.id)
        return ActionOutcome(tuple(moved), tuple(there), tuple(left), tuple(power_off))

    @service_activity(SERVICE)
    async def powers_off(self, deployment_id: str) -> bool:
        """Whether a deployment is suspended with its machines powered off."""
        answer = await self._lifecycle.LookupDeployments(
            pb.LookupDeploymentsRequest(keys=[pb.DeploymentKey(id=deployment_id)])
        )
        found = answer.matches[0].deployment
        return bool(
            found.state == SUSPENDED
            and found.power_off_when_suspended
            and not found.billing_action_suspended
        )

    @service_activity(SERVICE)
    async def paused_states(self, request: PausedCheck) -> PausedStates:
        """The required power state of machines of deployments that a cap paused."""
        answer = await self._lifecycle.LookupDeployments(
            pb.LookupDeploymentsRequest(
                keys=[pb.DeploymentKey(id=one) for one in request.deployment_ids]
            )
        )
        found = [match.deployment for match in answer.matches]
        return PausedStates(
            off=tuple(
                one.id
                for one in found
                if one.state == PAUSED
                and one.power_off_when_suspended
                and not one.billing_action_suspended
            ),
            lifted=tuple(one.id for one in found if one.state not in (*HELD, *ENDED)),
            ended=tuple(one.id for one in found if one.state in ENDED),
        )

    @service_activity(SERVICE)
    async def end_trials(self, request: TrialEndInput) -> int:
        """Ends every trial that is over; returns their number."""
        ended = reached_before(int) or 0
        async with beating(lambda: ended):
            while True:
                answer = await self._lifecycle.EndTrials(
                    pb.EndTrialsRequest(limit=request.trials_at_once, actor=TRIAL_END)
                )
                ended += answer.ended_count
                if not answer.is_cut:
                    return ended

    async def _deployments(
        self, request: BillingAction
    ) -> AsyncIterator[deployments_pb2.Deployment]:
        """The requested deployments for which the transition is allowed or already done."""
        states = {*request.from_states, request.to_state}
        only, but = set(request.only), set(request.but)
        wanted = pb.ListTenantDeploymentsRequest(
            tenant_id=request.tenant_id, page_size=DEPLOYMENTS_A_PAGE
        )
        async for page in pages_of(self._lifecycle.ListTenantDeployments, wanted):
            for one in page.deployments:
                if one.state in states and one.id not in but and (not only or one.id in only):
                    yield one


def _action(request: BillingAction, deployment_id: str) -> pb.ApplyBillingActionRequest:
    key = f"{request.key}/{request.to_state}/{deployment_id}"
    return message_of(pb.ApplyBillingActionRequest, request, deployment_id=deployment_id, key=key)

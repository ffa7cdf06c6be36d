"""SubscriptionService: subscribes deployments to plans and changes subscriptions."""

from datetime import date
from typing import Final, Protocol, TypeVar
from uuid import UUID

from arcadia.catalog.v1 import subscription_service_pb2 as pb
from arcadia.catalog.v1 import subscription_service_pb2_grpc, subscriptions_pb2
from google.protobuf.message import Message

from services.catalog import requests
from services.catalog.deployments.messages import subscription_message
from services.catalog.deployments.rules.deployments import Cause
from services.catalog.subscriptions import change_subscription as resubscribing
from services.catalog.subscriptions import reschedule as rescheduling
from services.catalog.subscriptions.change_subscription import SubscriptionChange
from services.catalog.subscriptions.rules.changes import first_day
from services.catalog.subscriptions.rules.subscriptions import Subscription, SubscriptionFilter
from services.catalog.subscriptions.store.subscriptions import list_subscriptions, read_subscription
from services.catalog.subscriptions.subscribe import Order, subscribe
from services.catalog.vocabulary import SubscriptionStatus
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock
from services.common.values.periods import optional_day, read_day

__all__ = ["SubscriptionServicer"]

Answer = TypeVar("Answer", bound=Message)

MAX_ADDONS: Final = 100
"""Maximum addons attached with one subscription request."""


class ChangeRequest(Protocol):
    """A request that changes a subscription, most from a day on: `effective_on`."""

    id: str


class SubscriptionServicer(subscription_service_pb2_grpc.SubscriptionServiceServicer):
    """Reads and changes subscriptions."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    @once
    async def Subscribe(
        self, session: WriteSession, request: pb.SubscribeRequest, context: Context
    ) -> pb.SubscribeResponse:
        """Subscribes a deployment to the active version of a plan."""
        deployment_id = requests.uuid_of("id", request.id)
        plan_code = requests.required("plan_code", requests.text("plan_code", request.plan_code))
        addons = _addon_codes(request)
        said = optional_day(request.starts_on, "starts_on")
        cause = self._cause()
        starts_on = first_day(said, cause.day, by_tenant=_by_tenant())
        order = Order(deployment_id, plan_code, addons, starts_on, by_tenant=_by_tenant())
        made = await subscribe(session, current_caller().scope, order, cause)
        return pb.SubscribeResponse(subscription=self._message(made))

    async def ListSubscriptions(
        self, request: pb.ListSubscriptionsRequest, context: Context
    ) -> pb.ListSubscriptionsResponse:
        """Lists subscriptions in the order of creation."""
        scope, wanted = current_caller().scope, _filter(request)
        filters = (wanted.tenant_id, request.deployment_id, wanted.status, wanted.plan_code)
        asked = page_request(request, ("subscriptions", *filters), UUID)
        async with self._database.read(scope) as session:
            found = await list_subscriptions(session, scope, wanted, asked, today=self._today())
        return page_message(pb.ListSubscriptionsResponse, found, self._message)

    async def GetSubscription(
        self, request: pb.GetSubscriptionRequest, context: Context
    ) -> pb.GetSubscriptionResponse:
        """One subscription."""
        scope = current_caller().scope
        identifier = requests.uuid_of("id", request.id)
        async with self._database.read(scope) as session:
            found = await read_subscription(session, scope, identifier)
        return pb.GetSubscriptionResponse(subscription=self._message(found))

    @once
    async def ChangePlan(
        self, session: WriteSession, request: pb.ChangePlanRequest, context: Context
    ) -> pb.ChangePlanResponse:
        """Changes a subscription's plan or version from a day on."""
        change = self._change(request)
        plan_code = requests.code("plan_code", request.plan_code)
        requests.required("effective_on", request.effective_on)
        if request.plan_version < 0:
            raise InvalidArgument("plan_version", "must not be negative", reason="OUT_OF_RANGE")
        changed = await resubscribing.change_plan(
            session, change, plan_code=plan_code, version=request.plan_version
        )
        return pb.ChangePlanResponse(subscription=self._message(changed))

    @once
    async def AttachAddon(
        self, session: WriteSession, request: pb.AttachAddonRequest, context: Context
    ) -> pb.AttachAddonResponse:
        """Attaches an addon with its current terms."""
        change = self._change(request)
        code = requests.required("code", requests.text("code", request.code))
        changed, attached_id = await resubscribing.attach_addon(session, change, code)
        attached = next(addon for addon in changed.addons if addon.id == attached_id)
        return message_of(
            pb.AttachAddonResponse, subscription=self._message(changed), attached_addon=attached
        )

    @once
    async def DetachAddon(
        self, session: WriteSession, request: pb.DetachAddonRequest, context: Context
    ) -> pb.DetachAddonResponse:
        """Detaches an addon from a day on."""
        change = self._change(request)
        attached_id = requests.uuid_of("attached_addon_id", request.attached_addon_id)
        changed = await resubscribing.detach_addon(session, change, attached_id)
        return pb.DetachAddonResponse(subscription=self._message(changed))

    @once
    async def PauseSubscription(
        self, session: WriteSession, request: pb.PauseSubscriptionRequest, context: Context
    ) -> pb.PauseSubscriptionResponse:
        """Pauses a subscription."""
        change = self._change(request, request.reason)
        changed = await resubscribing.pause(session, change)
        return pb.PauseSubscriptionResponse(subscription=self._message(changed))

    @once
    async def ResumeSubscription(
        self, session: WriteSession, request: pb.ResumeSubscriptionRequest, context: Context
    ) -> pb.ResumeSubscriptionResponse:
        """Resumes a paused subscription."""
        change = self._change(request, request.reason)
        changed = await resubscribing.resume(session, change)
        return pb.ResumeSubscriptionResponse(subscription=self._message(changed))

    @once
    async def CancelSubscription(
        self, session: WriteSession, request: pb.CancelSubscriptionRequest, context: Context
    ) -> pb.CancelSubscriptionResponse:
        """Ends a subscription."""
        change = self._change(request, request.reason)
        changed = await resubscribing.cancel(session, change)
        return pb.CancelSubscriptionResponse(subscription=self._message(changed))

    @once
    async def MoveChange(
        self, session: WriteSession, request: pb.MoveChangeRequest, context: Context
    ) -> pb.MoveChangeResponse:
        """Moves a scheduled change to another day."""
        change = self._change(request, request.reason)
        change_id = requests.required("change_id", requests.text("change_id", request.change_id))
        day = read_day(requests.required("effective_on", request.effective_on), "effective_on")
        changed = await rescheduling.move(session, change, change_id, day)
        return pb.MoveChangeResponse(subscription=self._message(changed))

    @once
    async def TakeBackChange(
        self, session: WriteSession, request: pb.TakeBackChangeRequest, context: Context
    ) -> pb.TakeBackChangeResponse:
        """Cancels a scheduled change."""
        change = self._change(request, request.reason)
        change_id = requests.required("change_id", requests.text("change_id", request.change_id))
        changed = await rescheduling.take_back(session, change, change_id)
        return pb.TakeBackChangeResponse(subscription=self._message(changed))

    def _change(self, request: ChangeRequest, reason: str = "") -> SubscriptionChange:
        day = getattr(request, "effective_on", "")
        return SubscriptionChange(
            subscription_id=requests.uuid_of("id", request.id),
            scope=current_caller().scope,
            said=optional_day(day, "effective_on"),
            by_tenant=_by_tenant(),
            cause=self._cause(reason),
        )

    def _cause(self, reason: str = "") -> Cause:
        return requests.cause(reason, self._now())

    def _today(self) -> date:
        return self._now().date()

    def _message(self, subscription: Subscription) -> subscriptions_pb2.Subscription:
        return subscription_message(subscription, self._today())


def _by_tenant() -> bool:
    return not current_caller().is_operator


def _addon_codes(request: pb.SubscribeRequest) -> list[str]:
    if len(request.addons) > MAX_ADDONS:
        raise InvalidArgument("addons", f"has {len(request.addons)} entries, at most {MAX_ADDONS}")
    return [
        requests.required(f"addons[{position}]", requests.text(f"addons[{position}]", code))
        for position, code in enumerate(request.addons)
    ]


def _filter(request: pb.ListSubscriptionsRequest) -> SubscriptionFilter:
    return SubscriptionFilter(
        tenant_id=requests.text("tenant_id", request.tenant_id),
        deployment_id=(
            requests.uuid_of("deployment_id", request.deployment_id)
            if request.deployment_id
            else None
        ),
        status=(
            requests.one_of("status", request.status, SubscriptionStatus) if request.status else ""
        ),
        plan_code=requests.text("plan_code", request.plan_code),
    )

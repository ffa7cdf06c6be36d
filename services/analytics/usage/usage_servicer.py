"""UsageService: tenants read their usage; operators send usage events."""

from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from arcadia.analytics.v1 import usage_service_pb2 as pb
from arcadia.analytics.v1 import usage_service_pb2_grpc

from services.analytics.deployments import DeploymentRef, Deployments
from services.analytics.meters import Meters
from services.analytics.usage import requests
from services.analytics.usage.rules.events import Refusal, Sifted, in_order
from services.analytics.usage.store.aggregation import fold_figures
from services.analytics.usage.store.events import list_voids, void_events
from services.analytics.usage.store.facts import list_unmeasured
from services.analytics.usage.store.reading import UsageFilter, list_usage, read_figure
from services.analytics.usage.store.tracing import list_facts
from services.analytics.usage.take_events import at_once, receive, take_events
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import Unavailable
from services.common.identity.callers import Scope, current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, required, text, uuid_of
from services.common.values.clock import Clock, utc_now

__all__ = ["UsageServicer"]

FILTERS: Final = attrgetter("tenant_id", "deployment_id", "resource_kind", "from_day", "to_day")


class UsageServicer(usage_service_pb2_grpc.UsageServiceServicer):
    """Uses the catalog to resolve deployments and meters."""

    def __init__(
        self,
        database: Database,
        deployments: Deployments,
        meters: Meters,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._deployments = deployments
        self._meters = meters
        self._clock = clock

    async def ListDailyUsage(
        self, request: pb.ListDailyUsageRequest, context: Context
    ) -> pb.ListDailyUsageResponse:
        """Lists usage, newest day first."""
        scope = current_caller().scope
        wanted = await self._filter(request)
        dimensions = requests.dimension_filter(request.dimensions)
        requests.require_declared(dimensions, await self._meters.dimensions(dimensions))
        wanted = await self._resolved(replace(wanted, dimensions=dimensions), scope)
        filters = ("usage", *FILTERS(request), request.dimensions)
        asked = page_request(request, filters, date, str, str, str, str)
        async with self._database.read(scope) as session:
            found = await list_usage(session, scope, wanted, asked)
        return page_message(pb.ListDailyUsageResponse, found)

    async def _filter(
        self, request: pb.ListDailyUsageRequest | pb.ListUnmeteredResourcesRequest
    ) -> UsageFilter:
        known = await self._meters.find(
            {request.resource_kind: ()} if request.resource_kind else {}
        )
        return requests.usage_filter(request, known)

    async def _resolved(self, wanted: UsageFilter, scope: Scope) -> UsageFilter:
        """The filter with its deployment resolved.

        If the catalog does not answer, only usage stored under the given name is listed.
        """
        if not wanted.deployment_id:
            return wanted
        tenant_id = wanted.tenant_id if scope.everything else scope.tenant_id or ""
        named = DeploymentRef(tenant_id, wanted.deployment_id)
        try:
            found = await self._deployments.find([named], by_slug_alone=True)
        except Unavailable:
            return wanted
        return replace(wanted, owner=found.get(named))

    async def ListUsageFacts(
        self, request: pb.ListUsageFactsRequest, context: Context
    ) -> pb.ListUsageFactsResponse:
        """Lists the facts behind a figure, by time."""
        scope = current_caller().scope
        usage_id = uuid_of("usage_id", request.usage_id)
        asked = page_request(request, ("usage-facts", request.usage_id), datetime, str)
        async with self._database.read(scope) as session:
            figure = await read_figure(session, scope, usage_id)
            found = await list_facts(session, figure, asked)
        return page_message(pb.ListUsageFactsResponse, found)

    async def ListUnmeteredResources(
        self, request: pb.ListUnmeteredResourcesRequest, context: Context
    ) -> pb.ListUnmeteredResourcesResponse:
        """Lists the resources that could not be metered because their size is unknown."""
        scope = current_caller().scope
        wanted = await self._filter(request)
        asked = page_request(request, ("unmetered", *FILTERS(request)), UUID, str, str)
        async with self._database.read(scope) as session:
            found = await list_unmeasured(session, scope, wanted, asked)
        return page_message(pb.ListUnmeteredResourcesResponse, found)

    async def SendUsageEvents(
        self, request: pb.SendUsageEventsRequest, context: Context
    ) -> pb.SendUsageEventsResponse:
        """Records a batch of events and recomputes the figures of open months."""
        now = self._clock()
        batch = await receive(self._deployments, self._meters, request.events, now)
        return await self._take(request, batch, now)

    @once
    async def _take(
        self,
        session: WriteSession,
        request: pb.SendUsageEventsRequest,
        batch: Sifted,
        now: datetime,
    ) -> pb.SendUsageEventsResponse:
        taken = await take_events(session, batch, now=now)
        await fold_figures(session, at_once(taken.on_time), now=now)
        return message_of(pb.SendUsageEventsResponse, receipt=taken.receipt)

    @once
    async def VoidUsageEvents(
        self, session: WriteSession, request: pb.VoidUsageEventsRequest, context: Context
    ) -> pb.VoidUsageEventsResponse:
        """Voids events by their keys; each has its own result."""
        keys, refused = requests.read_keys(request.events)
        reason = required("reason", request.reason)
        caller = current_caller()
        now = self._clock()
        new, voids = await void_events(session, keys, reason=reason, by=caller.subject, now=now)
        there = {(key.source, key.idempotency_key): key for key in keys}
        missing = [
            Refusal.of_unknown_key(key) for named, key in there.items() if named not in voids
        ]
        return message_of(
            pb.VoidUsageEventsResponse,
            voided=[voids[one] for one in there if one in new],
            voided_before=[voids[one] for one in there if one in voids and one not in new],
            refused=in_order([*refused, *missing]),
        )

    async def ListVoidedUsageEvents(
        self, request: pb.ListVoidedUsageEventsRequest, context: Context
    ) -> pb.ListVoidedUsageEventsResponse:
        """Lists the voided events, newest first."""
        scope = current_caller().scope
        filters = ("usage-voids", request.tenant_id, request.deployment_id)
        asked = page_request(request, filters, datetime, str, str)
        async with self._database.read(scope) as session:
            found = await list_voids(
                session,
                scope,
                asked,
                tenant_id=text("tenant_id", request.tenant_id),
                deployment_id=text("deployment_id", request.deployment_id),
            )
        return page_message(pb.ListVoidedUsageEventsResponse, found)

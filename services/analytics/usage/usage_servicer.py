"""UsageService: tenants read their usage; operators send usage events."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from arcadia.analytics.v1 import usage_service_pb2 as pb
from arcadia.analytics.v1 import usage_service_pb2_grpc
from grpc.aio import ServicerContext

from services.analytics.deployments import Deployments, Named
from services.analytics.usage import requests
from services.analytics.usage.intake import receive
from services.analytics.usage.messages import (
    fact_message,
    receipt_message,
    refused_messages,
    unmetered_message,
    usage_message,
    voided_message,
)
from services.analytics.usage.rules.events import Refusal, Sifted
from services.analytics.usage.rules.figures import DailyUsage
from services.analytics.usage.store.folding import fold_figures
from services.analytics.usage.store.reading import UsageFilter, list_facts, list_usage, read_figure
from services.analytics.usage.store.unmeasured import list_unmeasured
from services.analytics.usage.store.voids import list_voids, void_events
from services.analytics.usage.take_events import take_events
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument, Unavailable
from services.common.identity.callers import Scope, current_caller
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.rpc.wire import required, text, uuid_of

__all__ = ["UsageServicer"]

Context = ServicerContext[Any, Any]

LAST_MICROSECOND: Final = 253_402_300_799_000_000
"""The year 9999, since the epoch: the bound of a time in a page token, which may be forged."""


def _now() -> datetime:
    return datetime.now(UTC)


class UsageServicer(usage_service_pb2_grpc.UsageServiceServicer):
    """Uses the catalog to resolve deployments."""

    def __init__(
        self,
        database: Database,
        deployments: Deployments,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._database = database
        self._deployments = deployments
        self._clock = clock

    async def ListDailyUsage(
        self, request: pb.ListDailyUsageRequest, context: Context
    ) -> pb.ListDailyUsageResponse:
        """Lists usage, newest day first."""
        scope = current_caller().scope
        wanted = await self._resolved(requests.usage_filter(request), scope)
        size = page_size(request.page_size)
        filters = (
            "usage", request.tenant_id, request.deployment_id, request.resource_kind,
            request.from_day, request.to_day,
        )  # fmt: skip  # a table
        position = decode_token(request.page_token, filters, (int, str, str, str))
        async with self._database.read(scope) as session:
            found = await list_usage(session, scope, wanted, after=_after(position), limit=size + 1)
        page, token = cut(found, size, filters, _place)
        return pb.ListDailyUsageResponse(
            daily_usage=map(usage_message, page), next_page_token=token
        )

    async def _resolved(self, wanted: UsageFilter, scope: Scope) -> UsageFilter:
        """The filter with its deployment resolved.

        If the catalog does not answer, only usage stored under the given name is listed.
        """
        if not wanted.deployment_id:
            return wanted
        tenant_id = wanted.tenant_id if scope.everything else scope.tenant_id or ""
        named = Named(tenant_id, wanted.deployment_id)
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
        size = page_size(request.page_size)
        filters = ("usage-facts", request.usage_id)
        position = decode_token(request.page_token, filters, (int, str))
        if position and abs(position[0]) > LAST_MICROSECOND:
            raise InvalidArgument("page_token", "is not one of ours")
        async with self._database.read(scope) as session:
            figure = await read_figure(session, scope, usage_id)
            found = await list_facts(session, figure, after=position or None, limit=size + 1)
        page, token = cut(
            found, size, filters, lambda fact: (_microseconds(fact.fact_from), fact.place)
        )
        return pb.ListUsageFactsResponse(facts=map(fact_message, page), next_page_token=token)

    async def ListUnmeteredResources(
        self, request: pb.ListUnmeteredResourcesRequest, context: Context
    ) -> pb.ListUnmeteredResourcesResponse:
        """Lists the resources that could not be metered because their size is unknown."""
        scope = current_caller().scope
        wanted = requests.usage_filter(request)
        size = page_size(request.page_size)
        filters = (
            "unmetered", request.tenant_id, request.deployment_id, request.resource_kind,
            request.from_day, request.to_day,
        )  # fmt: skip  # a table
        position = decode_token(request.page_token, filters, (str, str, str))
        if position:
            uuid_of("page_token", position[0])
        after = (position[0], position[1], position[2]) if position else None
        async with self._database.read(scope) as session:
            found = await list_unmeasured(session, scope, wanted, after=after, limit=size + 1)
        page, token = cut(
            found,
            size,
            filters,
            lambda one: (str(one.resource_id), one.tenant_id, one.deployment_id),
        )
        return pb.ListUnmeteredResourcesResponse(
            resources=map(unmetered_message, page), next_page_token=token
        )

    async def SendUsageEvents(
        self, request: pb.SendUsageEventsRequest, context: Context
    ) -> pb.SendUsageEventsResponse:
        """Records a batch of events and recomputes the figures of open months."""
        now = self._clock()
        return await self._take(request, await receive(self._deployments, request.events, now), now)

    @once
    async def _take(
        self,
        session: WriteSession,
        request: pb.SendUsageEventsRequest,
        batch: Sifted,
        now: datetime,
    ) -> pb.SendUsageEventsResponse:
        taken = await take_events(session, batch, now=now)
        await fold_figures(session, taken.on_time, now=now)
        return pb.SendUsageEventsResponse(receipt=receipt_message(taken.receipt))

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
        return pb.VoidUsageEventsResponse(
            voided=[voided_message(voids[one]) for one in there if one in new],
            voided_before=[
                voided_message(voids[one]) for one in there if one in voids and one not in new
            ],
            refused=refused_messages([*refused, *missing]),
        )

    async def ListVoidedUsageEvents(
        self, request: pb.ListVoidedUsageEventsRequest, context: Context
    ) -> pb.ListVoidedUsageEventsResponse:
        """Lists the voided events, newest first."""
        scope = current_caller().scope
        size = page_size(request.page_size)
        filters = ("usage-voids", request.tenant_id, request.deployment_id)
        position = decode_token(request.page_token, filters, (int, str, str))
        after = (_instant(position[0]), *position[1:]) if position else None
        async with self._database.read(scope) as session:
            found = await list_voids(
                session,
                scope,
                tenant_id=text("tenant_id", request.tenant_id),
                deployment_id=text("deployment_id", request.deployment_id),
                after=after,
                limit=size + 1,
            )
        page, token = cut(
            found,
            size,
            filters,
            lambda row: (_microseconds(row.voided_at), row.source, row.idempotency_key),
        )
        return pb.ListVoidedUsageEventsResponse(
            voided_events=map(voided_message, page), next_page_token=token
        )


def _place(figure: DailyUsage) -> tuple[int, str, str, str]:
    return (
        figure.day.toordinal(),
        figure.tenant_id,
        figure.deployment_id,
        figure.resource_kind,
    )


def _after(position: tuple[Any, ...] | None) -> tuple[date, str, str, str] | None:
    if position is None:
        return None
    ordinal, tenant_id, deployment_id, kind = position
    if not 1 <= ordinal <= date.max.toordinal():
        raise InvalidArgument("page_token", "is not one of ours")
    return date.fromordinal(ordinal), tenant_id, deployment_id, kind


def _instant(microseconds: int) -> datetime:
    if abs(microseconds) > LAST_MICROSECOND:
        raise InvalidArgument("page_token", "is not one of ours")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _microseconds(at: datetime) -> int:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

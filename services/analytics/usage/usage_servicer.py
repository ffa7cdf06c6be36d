"""UsageService: tenants read what they used; operators send in what no inventory knows."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from arcadia.analytics.v1 import usage_service_pb2 as pb
from arcadia.analytics.v1 import usage_service_pb2_grpc
from grpc.aio import ServicerContext

from services.analytics.deployments import Deployments
from services.analytics.usage import requests
from services.analytics.usage.intake import receive
from services.analytics.usage.messages import (
    fact_message,
    receipt_message,
    unmetered_message,
    usage_message,
)
from services.analytics.usage.store.events import take_events
from services.analytics.usage.store.facts import fold_figures
from services.analytics.usage.store.reading import list_facts, list_usage, read_figure
from services.analytics.usage.store.unmeasured import list_unmeasured
from services.analytics.wire import uuid_of
from services.common.access import current_caller
from services.common.database import Database
from services.common.errors import InvalidArgument
from services.common.idempotency import once
from services.common.paging import decode_token, encode_token, page_size

__all__ = ["UsageServicer"]

Context = ServicerContext[Any, Any]

LAST_MICROSECOND: Final = 253_402_300_799_000_000
"""Of the year 9999, since the epoch: a token may be forged."""


def _now() -> datetime:
    return datetime.now(UTC)


class UsageServicer(usage_service_pb2_grpc.UsageServiceServicer):
    """Needs the catalog, which knows whose a deployment is."""

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

    async def ListDailyUsage(  # noqa: N802
        self, request: pb.ListDailyUsageRequest, context: Context
    ) -> pb.ListDailyUsageResponse:
        """Lists usage, newest day first."""
        scope = current_caller().scope
        wanted = requests.usage_filter(request)
        size = page_size(request.page_size)
        filters = (
            "usage", request.tenant_id, request.deployment_id, request.resource_kind,
            request.from_day, request.to_day,
        )  # fmt: skip
        position = decode_token(request.page_token, filters, (int, str, str, str))
        async with self._database.read(scope) as session:
            rows = await list_usage(session, scope, wanted, after=_after(position), limit=size + 1)
        page = rows[:size]
        token = ""
        if len(rows) > size:
            last = page[-1]
            place = (last.day.toordinal(), last.tenant_id, last.deployment_id, last.resource_kind)
            token = encode_token(filters, place)
        return pb.ListDailyUsageResponse(
            daily_usage=map(usage_message, page), next_page_token=token
        )

    async def ListUsageFacts(  # noqa: N802
        self, request: pb.ListUsageFactsRequest, context: Context
    ) -> pb.ListUsageFactsResponse:
        """The facts behind a figure, by time."""
        scope = current_caller().scope
        usage_id = uuid_of("usage_id", request.usage_id)
        size = page_size(request.page_size)
        filters = ("usage-facts", request.usage_id)
        position = decode_token(request.page_token, filters, (int, str))
        if position and abs(position[0]) > LAST_MICROSECOND:
            raise InvalidArgument("page_token", "is not one of ours")
        async with self._database.read(scope) as session:
            figure = await read_figure(session, scope, usage_id)
            rows = await list_facts(session, figure, after=position or None, limit=size + 1)
        page = rows[:size]
        token = ""
        if len(rows) > size:
            last = page[-1]
            token = encode_token(filters, (_microseconds(last.fact_from), last.place))
        return pb.ListUsageFactsResponse(facts=map(fact_message, page), next_page_token=token)

    async def ListUnmeteredResources(  # noqa: N802
        self, request: pb.ListUnmeteredResourcesRequest, context: Context
    ) -> pb.ListUnmeteredResourcesResponse:
        """What could not be metered, because its size is unknown, resource by resource."""
        scope = current_caller().scope
        wanted = requests.usage_filter(request)
        size = page_size(request.page_size)
        filters = (
            "unmetered", request.tenant_id, request.deployment_id, request.resource_kind,
            request.from_day, request.to_day,
        )  # fmt: skip
        position = decode_token(request.page_token, filters, (str, str, str))
        if position:
            uuid_of("page_token", position[0])
        after = (position[0], position[1], position[2]) if position else None
        async with self._database.read(scope) as session:
            rows = await list_unmeasured(session, scope, wanted, after=after, limit=size + 1)
        page = rows[:size]
        token = ""
        if len(rows) > size:
            last = page[-1]
            token = encode_token(
                filters, (str(last.resource_id), last.tenant_id, last.deployment_id)
            )
        return pb.ListUnmeteredResourcesResponse(
            resources=map(unmetered_message, page), next_page_token=token
        )

    async def SendUsageEvents(  # noqa: N802
        self, request: pb.SendUsageEventsRequest, context: Context
    ) -> pb.SendUsageEventsResponse:
        """Takes in a batch of events, and adds their figures up at once."""
        now = self._clock()
        intake = await receive(self._deployments, request.events, now)
        async with self._database.write(current_caller().scope) as session:

            async def do() -> pb.SendUsageEventsResponse:
                taken = await take_events(session, intake.batch, intake.owners, now=now)
                await fold_figures(session, taken.figures, now=now)
                return pb.SendUsageEventsResponse(receipt=receipt_message(taken.receipt))

            return await once(session, request, pb.SendUsageEventsResponse, do)


def _after(position: tuple[Any, ...] | None) -> tuple[date, str, str, str] | None:
    if position is None:
        return None
    ordinal, tenant_id, deployment_id, kind = position
    if not 1 <= ordinal <= date.max.toordinal():
        raise InvalidArgument("page_token", "is not one of ours")
    return date.fromordinal(ordinal), tenant_id, deployment_id, kind


def _microseconds(at: datetime) -> int:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

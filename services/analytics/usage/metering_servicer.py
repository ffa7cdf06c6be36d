"""MeteringService: workers meter usage by day and send usage events."""

from typing import Final

from arcadia.analytics.v1 import metering_service_pb2 as pb
from arcadia.analytics.v1 import metering_service_pb2_grpc, usage_pb2
from arcadia.inventory.v1 import lookup_service_pb2

from services.analytics.deployments import Deployments
from services.analytics.generations import store
from services.analytics.generations.store import Generation, Work
from services.analytics.meters import Meters
from services.analytics.peers import Peers, asking
from services.analytics.usage import requests
from services.analytics.usage.adopt import adopt
from services.analytics.usage.close_month import close_month, reopen_month
from services.analytics.usage.rules.metering import day_of, meter
from services.analytics.usage.rules.readings import RULES
from services.analytics.usage.store import aggregation
from services.analytics.usage.store.facts import replace_unmeasured, write_facts, write_unmeasured
from services.analytics.usage.take_events import receive, take_events
from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of
from services.common.rpc.wire import Context, internal_page_size, required, timestamp
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import Period, read_day, read_month

__all__ = ["MeteringServicer"]


METERED_KINDS: Final = sorted(RULES)

FOLDED_AT_ONCE: Final = 20_000
"""Marks of sums processed per transaction."""

AGGREGATES_AT_ONCE: Final = 500
"""The same of other aggregations, whose marks change the figures of several days each."""


class MeteringServicer(metering_service_pb2_grpc.MeteringServiceServicer):
    """Uses the inventory's intervals, and the catalog's deployments and meters."""

    def __init__(
        self,
        database: Database,
        peers: Peers,
        deployments: Deployments,
        meters: Meters,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._inventory = peers.inventory_lookup
        self._deployments = deployments
        self._meters = meters
        self._clock = clock

    async def MeterDay(self, request: pb.MeterDayRequest, context: Context) -> pb.MeterDayResponse:
        """Meters a page of a day; the last page swaps in the new results."""
        day = day_of(read_day(request.day, "day"))
        key = required("pass_key", request.pass_key)
        size = internal_page_size(request.page_size)
        until = min(day.end_at, self._clock().replace(microsecond=0))
        if until <= day.start_at:
            raise InvalidArgument("day", "has not begun", reason="OUT_OF_RANGE")
        async with self._database.write(current_caller().scope) as session:
            of = await store.open_generation(
                session, Work.METERING, day.start, key, now=self._clock(), until=until
            )
            if of.is_current:
                page = await store.known_page(session, of, request.page_token)
                count = 0 if page.next_token else await aggregation.count_day(session, day.start)
                return _metered(page.counts, count, page.next_token)
        return await self._meter_page(of, day, size, request.page_token)

    async def _meter_page(
        self, of: Generation, day: Period, size: int, token: str
    ) -> pb.MeterDayResponse:
        """Reads a page of intervals and writes its facts."""
        request = lookup_service_pb2.ListExistenceIntervalsRequest(
            page_size=size,
            page_token=token,
            span_from=timestamp(day.start_at),
            span_to=timestamp(of.until),
            kinds=METERED_KINDS,
        )
        with asking(Service.INVENTORY):
            answer = await self._inventory.ListExistenceIntervals(request)
        named = {requests.names_of(one) for one in answer.intervals if one.deployment_id}
        owners = await self._deployments.find(named)
        metered = meter((requests.interval(one, owners) for one in answer.intervals), day)
        counts = (len(answer.intervals), metered.unmetered)
        next_token = answer.next_page_token
        usage_count = 0
        async with self._database.write(current_caller().scope) as session:
            await store.record_page(session, of, token, next_token, counts)
            await write_facts(session, of, token, metered.facts)
            await write_unmeasured(session, of, token, metered.unmeasured)
            if not next_token:
                now = self._clock()
                replaced = await store.complete_generation(session, of, now=now)
                usage_count = await aggregation.replace_day(session, of, replaced, now=now)
                await replace_unmeasured(session, of, replaced)
        if not next_token:
            # Events of other days, which will not be metered again.
            await self._catch_up()
        return _metered(counts, usage_count, next_token)

    async def RecordUsageEvents(
        self, request: pb.RecordUsageEventsRequest, context: Context
    ) -> pb.RecordUsageEventsResponse:
        """Records a batch of events; the next metering includes them in figures."""
        now = self._clock()
        batch = await receive(self._deployments, self._meters, request.events, now)
        async with self._database.write(current_caller().scope) as session:
            taken = await take_events(session, batch, now=now)
        receipt = message_of(usage_pb2.EventReceipt, taken.receipt)
        return pb.RecordUsageEventsResponse(receipt=receipt)

    async def CloseMetering(
        self, request: pb.CloseMeteringRequest, context: Context
    ) -> pb.CloseMeteringResponse:
        """Closes a month, after updating all figures with pending changes."""
        month = read_month(request.period, "period")
        await self._catch_up()
        async with self._database.write(current_caller().scope) as session:
            count = await close_month(session, month, now=self._clock())
        return pb.CloseMeteringResponse(usage_count=count)

    async def _catch_up(self) -> None:
        """Updates figures with the changes pending at the start of the call.

        Also re-keys usage to deployments that were registered since.
        """
        await adopt(self._database, self._deployments, current_caller().scope, now=self._clock())
        async with self._database.read(current_caller().scope) as session:
            newest = await aggregation.newest_mark(session)
        for limit, summed in ((FOLDED_AT_ONCE, True), (AGGREGATES_AT_ONCE, False)):
            more = newest > 0
            while more:
                async with self._database.write(current_caller().scope) as session:
                    more = await aggregation.fold_marked(
                        session, up_to=newest, limit=limit, summed=summed, now=self._clock()
                    )

    async def ReopenMetering(
        self, request: pb.ReopenMeteringRequest, context: Context
    ) -> pb.ReopenMeteringResponse:
        """Reopens a closed month."""
        month = read_month(request.period, "period")
        async with self._database.write(current_caller().scope) as session:
            await reopen_month(session, month, now=self._clock())
        return pb.ReopenMeteringResponse()


def _metered(counts: tuple[int, ...], usage_count: int, next_token: str) -> pb.MeterDayResponse:
    interval_count, unmetered_count = counts
    return pb.MeterDayResponse(
        interval_count=interval_count,
        unmetered_count=unmetered_count,
        usage_count=usage_count,
        next_page_token=next_token,
    )

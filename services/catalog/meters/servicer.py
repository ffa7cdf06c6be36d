"""MeterService: the meters, which operators add to and change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from arcadia.catalog.v1 import meter_service_pb2 as pb
from arcadia.catalog.v1 import meter_service_pb2_grpc

from kinds.metering import COST_IS_STATED, METERS
from services.catalog import requests
from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.meters import requests as meter_requests
from services.catalog.meters.declare import add_meter, change_meter
from services.catalog.meters.retire import retire_meter
from services.catalog.meters.rules.costs import built_in_meter
from services.catalog.meters.rules.meters import ListedMeter, Source
from services.catalog.meters.store.costs import create_cost, list_costs, read_built_in
from services.catalog.meters.store.meters import list_meters, read_meter
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import NotFound
from services.common.identity.callers import ALL, Scope, current_caller
from services.common.rpc.fields import given
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock
from services.common.values.periods import optional_day

__all__ = ["MeterServicer"]


class MeterServicer(meter_service_pb2_grpc.MeterServiceServicer):
    """Reads, adds, changes and retires meters."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def ListMeters(
        self, request: pb.ListMetersRequest, context: Context
    ) -> pb.ListMetersResponse:
        """Lists the built-in and the event meters by code."""
        source = requests.one_of("source", request.source, Source) if request.source else ""
        asked = page_request(request, ("meters", source, request.include_retired), str)
        after = asked.after or ""
        codes = [code for code in METERS if code > after]
        async with self._database.read(_scope()) as session:
            built_in = await read_built_in(session, codes, self._today())
            found = [one for one in built_in if source in ("", one.source)]
            if source != Source.INVENTORY:
                found += await list_meters(
                    session,
                    after=asked.after,
                    limit=asked.limit,
                    day=self._today(),
                    include_retired=request.include_retired,
                )
        found.sort(key=lambda one: one.terms.code)
        return page_message(
            pb.ListMetersResponse,
            asked.page(_shown(found[: asked.limit]), lambda one: one.terms.code),
        )

    async def GetMeter(self, request: pb.GetMeterRequest, context: Context) -> pb.GetMeterResponse:
        """Returns a meter."""
        code = requests.code("code", request.code)
        async with self._database.read(_scope()) as session:
            if code in METERS:
                found = await read_built_in(session, [code], self._today())
            else:
                found = await list_meters(
                    session, after=None, limit=1, day=self._today(), codes=[code]
                )
        if not found:
            raise NotFound("meter", code)
        return message_of(pb.GetMeterResponse, meter=_shown(found)[0])

    async def LookupMeters(
        self, request: pb.LookupMetersRequest, context: Context
    ) -> pb.LookupMetersResponse:
        """Returns event meters, and built-in ones whose cost is stated, with costs on a day."""
        codes = [requests.code(f"codes[{place}]", code) for place, code in enumerate(request.codes)]
        day = optional_day(request.on, "on") or self._today()
        asked = page_request(request, ("meters", codes, request.on), str)
        async with self._database.read(ALL) as session:
            found = await list_meters(
                session, after=asked.after, limit=asked.limit, day=day, codes=codes
            )
            wanted = COST_IS_STATED.intersection(codes) if codes else COST_IS_STATED
            built_in = [code for code in wanted if code > (asked.after or "")]
            found += await read_built_in(session, built_in, day)
        found.sort(key=lambda one: one.terms.code)
        return page_message(
            pb.LookupMetersResponse, asked.page(found[: asked.limit], lambda one: one.terms.code)
        )

    @once
    async def CreateMeter(
        self, session: WriteSession, request: pb.CreateMeterRequest, context: Context
    ) -> pb.CreateMeterResponse:
        """Adds an event meter."""
        terms = meter_requests.meter_terms(request)
        made = await add_meter(session, terms, created_by=current_caller().subject, at=self._now())
        return message_of(pb.CreateMeterResponse, meter=ListedMeter.stored(made))

    @once
    async def UpdateMeter(
        self, session: WriteSession, request: pb.UpdateMeterRequest, context: Context
    ) -> pb.UpdateMeterResponse:
        """Renames an event meter, or adds units and dimensions to it."""
        changed = await change_meter(
            session,
            requests.code("code", request.code),
            name=given(request, "name", requests.name),
            units=meter_requests.units("units", request.units),
            dimensions=list(request.dimensions),
        )
        return message_of(pb.UpdateMeterResponse, meter=ListedMeter.stored(changed))

    @once
    async def RetireMeter(
        self, session: WriteSession, request: pb.RetireMeterRequest, context: Context
    ) -> pb.RetireMeterResponse:
        """Retires an event meter that nothing of the catalog needs."""
        code = requests.code("code", request.code)
        retired = await retire_meter(session, code, self._now())
        return message_of(pb.RetireMeterResponse, meter=ListedMeter.stored(retired))

    async def ListMeterCosts(
        self, request: pb.ListMeterCostsRequest, context: Context
    ) -> pb.ListMeterCostsResponse:
        """Lists what units cost, by meter, newest first."""
        meter = requests.code("meter_code", request.meter_code) if request.meter_code else ""
        day = optional_day(request.in_force_on, "in_force_on")
        asked = page_request(request, ("meter-costs", meter, request.in_force_on), str, date)
        async with self._database.read(ALL) as session:
            found = await list_costs(session, asked, meter=meter, day=day)
        return page_message(pb.ListMeterCostsResponse, found)

    @once
    async def SetMeterCost(
        self, session: WriteSession, request: pb.SetMeterCostRequest, context: Context
    ) -> pb.SetMeterCostResponse:
        """States what a unit costs, from a month on."""
        await lock_catalog(session)
        code = requests.code("meter_code", request.meter_code)
        meter = built_in_meter(code, "meter_code") or (await read_meter(session, code)).terms.meter
        cost = meter_requests.new_cost(request, meter)
        made = await create_cost(session, cost, created_by=current_caller().subject, at=self._now())
        return message_of(pb.SetMeterCostResponse, meter_cost=made)

    def _today(self) -> date:
        return self._now().date()


def _scope() -> Scope:
    """The scope of reads: what meters cost is for operators alone."""
    caller = current_caller()
    return ALL if caller.is_operator else Scope("")


def _shown(meters: Sequence[ListedMeter]) -> list[ListedMeter]:
    """The meters as the caller sees them: who added one is for operators alone."""
    if current_caller().is_operator:
        return [*meters]
    return [replace(one, created_by="") for one in meters]

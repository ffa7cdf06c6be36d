"""CoverageService: which costs and usage of a month are sold, for operators."""

from collections.abc import Collection
from dataclasses import astuple

from arcadia.analytics.v1 import coverage_service_pb2 as pb
from arcadia.analytics.v1 import coverage_service_pb2_grpc, margins_pb2

from services.analytics.coverage.rules import (
    USD,
    Coverage,
    StatedCost,
    add_cents,
    multipliers,
)
from services.analytics.coverage.store import (
    CoverageFilter,
    Rates,
    billed_currencies,
    list_parts,
    read_coverage,
)
from services.analytics.generations.store import Generation, Work, current_generation
from services.analytics.margin.refresh_margin import conversion_of
from services.analytics.margin.rules.conversion import Conversion
from services.analytics.margin.rules.summary import State
from services.analytics.margin.store.rates import rates_of
from services.analytics.meters import MeterCost, Meters
from services.common.db.database import Database, ReadSession
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, messages_of, page_message
from services.common.rpc.paging import Position, page_request
from services.common.rpc.wire import Context, text, word
from services.common.values.money import plain
from services.common.values.periods import Period, read_month

__all__ = ["CoverageServicer"]


class CoverageServicer(coverage_service_pb2_grpc.CoverageServiceServicer):
    """Computes coverage from what is metered, attributed and billed at the time of the call.

    What usage of an operator's meters costs is in the catalog.
    """

    def __init__(self, database: Database, meters: Meters) -> None:
        self._database = database
        self._meters = meters

    async def GetCoverage(
        self, request: pb.GetCoverageRequest, context: Context
    ) -> pb.GetCoverageResponse:
        """Returns the coverage of a month."""
        period = read_month(request.period, "period")
        async with self._database.read(current_caller().scope) as session:
            generation = await _costs(session, period)
            conversion, rates = await _conversion(session, period)
            found, usage = await read_coverage(session, period, generation, rates)
            costs = add_cents(found, conversion)
            used = await _conversion_message(session, conversion)
        state = State.FINAL if generation and generation.complete else State.PROVISIONAL
        return message_of(
            pb.GetCoverageResponse,
            period=period.start.isoformat(),
            costs_state=state if costs else State.UNKNOWN,
            costs=costs,
            usage=usage,
            amount_usd=plain(sum(one.amount_usd for one in costs)) if costs else None,
            conversion=used,
        )

    async def ListCoverageParts(
        self, request: pb.ListCoveragePartsRequest, context: Context
    ) -> pb.ListCoveragePartsResponse:
        """Lists the parts of a month, the largest loss first."""
        period = read_month(request.period, "period")
        wanted = CoverageFilter(
            word("coverage", request.coverage, set(Coverage)) if request.coverage else "",
            text("tenant_id", request.tenant_id),
            text("deployment_id", request.deployment_id),
            request.losses_only,
        )
        filters = ("coverage", period.code, *map(str, astuple(wanted)))
        asked = page_request(request, filters, Position)
        stated = [_stated(one) for one in await self._meters.costs(period.start)]
        async with self._database.read(current_caller().scope) as session:
            conversion, rates = await _conversion(session, period, {one.currency for one in stated})
            page = await list_parts(
                session, period, await _costs(session, period), rates, stated, wanted, asked
            )
            used = await _conversion_message(session, conversion)
        return page_message(pb.ListCoveragePartsResponse, page, conversion=used)


async def _costs(session: ReadSession, period: Period) -> Generation | None:
    """The attributed bill of a month, or its daily costs as long as there is none."""
    bill = await current_generation(session, Work.COSTS, period.start)
    return bill or await current_generation(session, Work.DAILY_COSTS, period.start)


def _stated(cost: MeterCost) -> StatedCost:
    return StatedCost(
        cost.meter.code, cost.unit_cost_cents, cost.meter.units[cost.unit], cost.currency
    )


async def _conversion(
    session: ReadSession, period: Period, more: Collection[str] = ()
) -> tuple[Conversion, Rates]:
    currencies = await billed_currencies(session, period) | {USD, *more}
    conversion = await conversion_of(session, period, currencies)
    return conversion, multipliers(conversion, currencies)


async def _conversion_message(
    session: ReadSession, conversion: Conversion
) -> margins_pb2.Conversion:
    return margins_pb2.Conversion(
        reporting_currency=conversion.reporting_currency,
        exchange_rates=messages_of(
            margins_pb2.ExchangeRate, await rates_of(session, sorted(conversion.used))
        ),
        parity_assumed=conversion.parity_assumed,
    )

"""SimulationService: simulates the revenue of a draft of the catalog, for operators."""

import asyncio
from dataclasses import astuple
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from arcadia.analytics.v1 import margins_pb2, simulation_service_pb2_grpc
from arcadia.analytics.v1 import simulation_service_pb2 as pb

from services.analytics.margin.rules.summary import REPORTING_CURRENCY
from services.analytics.simulation.rules import Grouping
from services.analytics.simulation.simulate import SimulationRequest, Simulator
from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.rpc.messages import message_of, messages_of
from services.common.rpc.paging import encode_token, page_request
from services.common.rpc.wire import Context, text, word
from services.common.values.money import plain
from services.common.values.periods import read_month

if TYPE_CHECKING:
    from arcadia.catalog.v1.draft_pricing_service_pb2_grpc import DraftPricingServiceAsyncStub

__all__ = ["SimulationServicer"]

MAX_MONTHS: Final = 24
DEFAULT_MONTHS: Final = 6
MAX_FAILURES: Final = 100
"""Failures listed per page."""

AT_ONCE: Final = 2
"""Maximum concurrent simulations: more would only slow down all."""


class SimulationServicer(simulation_service_pb2_grpc.SimulationServiceServicer):
    """Simulates drafts; stores nothing."""

    def __init__(
        self,
        database: Database,
        catalog: "DraftPricingServiceAsyncStub",
        *,
        floor_percent: Decimal,
    ) -> None:
        self._simulator = Simulator(database, catalog)
        self._floor_percent = floor_percent
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def SimulateCatalog(
        self, request: pb.SimulateCatalogRequest, context: Context
    ) -> pb.SimulateCatalogResponse:
        """Prices the last billed months of a page of tenants by a draft."""
        asked = _simulation_request(request)
        filters = ("simulation", *map(str, astuple(asked)))
        page = page_request(request, filters, str, str)
        after, revision = page.after or ("", "")
        async with self._turns:
            found = await self._simulator.page(
                asked,
                after=after,
                size=page.size,
                revision=revision,
                floor_percent=self._floor_percent,
            )
        token = ""
        if found.last_tenant:
            token = encode_token(filters, (found.last_tenant, found.catalog_revision))
        return pb.SimulateCatalogResponse(
            simulated_shares=messages_of(pb.SimulatedShare, found.shares),
            next_page_token=token,
            total=message_of(pb.SimulatedShare, found.total),
            months=[month.isoformat() for month in found.months],
            failures=messages_of(pb.SimulationFailure, found.failures[:MAX_FAILURES]),
            failure_count=len(found.failures),
            conversion=margins_pb2.Conversion(
                reporting_currency=REPORTING_CURRENCY,
                exchange_rates=messages_of(margins_pb2.ExchangeRate, found.rates),
                parity_assumed=found.parity_assumed,
            ),
            months_without_costs=[month.isoformat() for month in found.months_without_costs],
            floor_percent=plain(self._floor_percent),
            rules_left_out=found.rules_left_out,
        )


def _simulation_request(request: pb.SimulateCatalogRequest) -> SimulationRequest:
    """The draft and the months. Raises InvalidArgument."""
    if bool(request.document) == bool(request.plan_code):
        raise InvalidArgument(
            "document",
            "or plan_code with plan_version is required, not both",
            reason="FIELD_REQUIRED",
        )
    if not 0 <= request.months <= MAX_MONTHS:
        raise InvalidArgument("months", f"must be from 1 to {MAX_MONTHS}", reason="OUT_OF_RANGE")
    if request.plan_code and request.plan_version < 1:
        raise InvalidArgument("plan_version", "must be at least 1", reason="OUT_OF_RANGE")
    return SimulationRequest(
        document=request.document,
        plan_code=text("plan_code", request.plan_code),
        plan_version=request.plan_version,
        months=request.months or DEFAULT_MONTHS,
        last=read_month(request.to_period, "to_period").start if request.to_period else None,
        grouping=Grouping(word("group_by", request.group_by or Grouping.TENANT, set(Grouping))),
        tenant_id=text("tenant_id", request.tenant_id),
    )

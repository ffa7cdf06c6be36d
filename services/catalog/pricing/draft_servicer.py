"""DraftPricingService: prices billed months by a draft, for simulations."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final

from arcadia.catalog.v1 import draft_pricing_service_pb2 as pb
from arcadia.catalog.v1 import draft_pricing_service_pb2_grpc

from services.catalog import requests
from services.catalog.meters.store.meters import read_meters
from services.catalog.pricing.requests import SimulatedItem, simulated_items
from services.catalog.pricing.simulate import (
    RateKey,
    Refused,
    Simulated,
    Simulation,
    begin_simulation,
    document_of,
)
from services.catalog.quotes.margin_inputs import ExchangeRates
from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.identity.callers import Scope
from services.common.rpc.wire import Context

__all__ = ["DraftPricingServicer"]

ANSWERED_AT_ONCE: Final = 100
"""Results per response message; the event loop runs in between."""

CATALOG_ONLY: Final = Scope("")
"""Sees the catalog and no tenant's rows."""


class DraftPricingServicer(draft_pricing_service_pb2_grpc.DraftPricingServiceServicer):
    """Simulates drafts; stores nothing."""

    def __init__(self, database: Database, rates: ExchangeRates) -> None:
        self._database = database
        self._rates = rates

    async def SimulateQuotes(
        self, request: pb.SimulateQuotesRequest, context: Context
    ) -> AsyncIterator[pb.SimulateQuotesResponse]:
        """Prices frozen inputs by a draft, in the order of the items."""
        if bool(request.document) == bool(request.plan_code):
            raise InvalidArgument(
                "document", "or a plan_code with its plan_version is required, not both"
            )
        async with self._database.read(CATALOG_ONLY) as session:
            meters = await read_meters(session)
        items = simulated_items(request, meters)
        document = None
        if request.document:
            # A long document takes a second, so it must not block the event loop.
            document = await asyncio.to_thread(document_of, request.document, meters)
        else:
            requests.code("plan_code", request.plan_code)
            requests.version_number("plan_version", request.plan_version)
        async with self._database.read(CATALOG_ONLY) as session:
            simulation = await begin_simulation(
                session,
                document,
                plan_code=request.plan_code,
                plan_version=request.plan_version,
                revision=request.catalog_revision,
            )
        rates: dict[RateKey, Decimal | None] = {}
        for first in range(0, len(items) or 1, ANSWERED_AT_ONCE):
            answer = pb.SimulateQuotesResponse(catalog_revision=simulation.revision)
            for item in items[first : first + ANSWERED_AT_ONCE]:
                priced, result = await self._priced(simulation, item, rates), answer.results.add()
                if isinstance(priced, Refused):
                    result.failure.reason, result.failure.message = priced.reason, priced.message
                    continue
                result.currency = priced.currency
                result.rules_left_out.extend(priced.rules_left_out)
                for meter, cents in priced.meter_cents.items():
                    result.meter_amounts[meter] = cents
            yield answer
            await asyncio.sleep(0)

    async def _priced(
        self, simulation: Simulation, item: SimulatedItem, rates: dict[RateKey, Decimal | None]
    ) -> Simulated | Refused:
        needed = simulation.rate_needed(item)
        if needed is None:
            return simulation.price(item)
        if needed not in rates:
            rates[needed] = await self._rates.rate(*needed)
        return simulation.price(item, rates[needed])

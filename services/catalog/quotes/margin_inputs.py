"""The inputs of the margin guard: list prices, billing's unit costs, analytics' exchange rate."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import grpc
import structlog
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates_pb
from arcadia.analytics.v1.exchange_rate_service_pb2_grpc import ExchangeRateServiceStub
from arcadia.billing.v1 import cost_feed_service_pb2 as costs_pb
from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceStub

from kinds.metering import COST_IS_STATED
from services.catalog.list_prices.rules.list_prices import ListPrice
from services.catalog.list_prices.store.list_prices import fetch_prices_on
from services.catalog.meters.store.costs import fetch_costs_on
from services.catalog.quotes.rules.margin_guard import (
    AT_PAR,
    NOT_NEEDED,
    UNKNOWN,
    Conversion,
    MarginGuard,
    StatedCost,
    guard,
)
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.inputs import QuoteInputs
from services.common.db.database import Database
from services.common.errors import Unavailable
from services.common.identity.callers import ALL
from services.common.rpc.clients import open_channel
from services.common.settings import Service, Settings

if TYPE_CHECKING:
    from arcadia.analytics.v1.exchange_rate_service_pb2_grpc import ExchangeRateServiceAsyncStub
    from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceAsyncStub

__all__ = ["ExchangeRates", "MarginChecker", "UnitCosts"]

WAIT_SECONDS: Final = 2.0
"""A quote does not wait longer for what it can do without."""

log = structlog.get_logger("margin_inputs")


class MarginChecker:
    """Computes the cost side of quotes; create it inside the running event loop.

    Its channels live as long as the process, and connect on first use.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        billing = open_channel(settings, Service.BILLING, caller=Service.CATALOG)
        analytics = open_channel(settings, Service.ANALYTICS, caller=Service.CATALOG)
        self._costs = UnitCosts(billing)
        self.rates = ExchangeRates(analytics)
        self._floor_percent = settings.margin_floor_percent

    async def guard(self, price_cents: int, inputs: QuoteInputs, day: date) -> MarginGuard:
        """The cost side of a quote for a month's projected usage, priced from a day on."""
        used = {series.resource_kind for series in inputs.usage if series.is_used}
        own = {meter.code for meter in inputs.meters} & used
        stated: dict[str, StatedCost] = {}
        listed: list[ListPrice] = []
        costs: dict[str, Decimal] = {}
        conversion = NOT_NEEDED
        if may_be_stated := own | (used & COST_IS_STATED):
            stated = await fetch_costs_on(self._database.single_read(ALL), may_be_stated, day)
        bought = used - own - stated.keys()
        if bought:
            listed, costs, conversion = await asyncio.gather(
                self._listed(bought, day),
                self._costs.of(bought),
                self.rates.to(inputs.currency, day),
            )
        elif any(one.currency != inputs.currency for one in stated.values()):
            conversion = await self.rates.to(inputs.currency, day)
        return guard(
            price_cents,
            inputs.usage,
            [one.price for one in listed],
            costs,
            stated,
            currency=inputs.currency,
            floor_percent=self._floor_percent,
            conversion=conversion,
        )

    async def _listed(self, meters: Collection[str], day: date) -> list[ListPrice]:
        # On a connection apart: the quote may hold one of the pool already.
        return await fetch_prices_on(self._database.single_read(ALL), meters, day)


class UnitCosts:
    """Billing's unit costs."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._billing: CostFeedServiceAsyncStub = CostFeedServiceStub(channel)

    async def of(self, kinds: Collection[str]) -> dict[str, Decimal]:
        """The cost of a unit of each kind, in USD.

        Unknown kinds are omitted; if billing does not answer, all are. The quote is created anyway
        and reports it.
        """
        request = costs_pb.GetUnitCostsRequest(resource_kinds=sorted(kinds))
        try:
            answer = await self._billing.GetUnitCosts(request, timeout=WAIT_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("unit costs are unknown", code=error.code().name, detail=error.details())
            return {}
        return {known.resource_kind: Decimal(known.unit_cost_usd) for known in answer.unit_costs}


class ExchangeRates:
    """The exchange rates of analytics, which the margin uses too."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._analytics: ExchangeRateServiceAsyncStub = ExchangeRateServiceStub(channel)

    async def with_rates(self, known: Known, currencies: Iterable[str], month: date) -> Known:
        """The catalog with the rates by which costs are priced in a month, by its first day.

        Asked only for currencies with a rule in force. Raises Unavailable if analytics does not
        answer.
        """
        if known.costs is None:
            return known
        rates: dict[str, Decimal | None] = {}
        for currency in sorted(set(currencies) - {"USD"}):
            if not known.costs.of(currency, month):
                continue
            rates[currency] = await self.rate(currency, month)
        return replace(known, costs=replace(known.costs, rates=rates))

    async def rate(self, currency: str, day: date) -> Decimal | None:
        """The units of a currency for a USD on a day; None if no rate is set.

        Raises Unavailable if analytics does not answer.
        """
        conversion = await self.to(currency, day)
        if not conversion.known:
            raise Unavailable(
                "the exchange rate is unknown: analytics does not answer", reason="RATE_UNKNOWN"
            )
        return conversion.rate

    async def to(self, currency: str, day: date) -> Conversion:
        """The conversion from USD on a day; unknown if analytics does not answer."""
        if currency == "USD":
            return NOT_NEEDED
        request = rates_pb.GetRateInForceRequest(
            from_currency="USD", to_currency=currency, on=day.isoformat()
        )
        try:
            answer = await self._analytics.GetRateInForce(request, timeout=WAIT_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("the rate is unknown", code=error.code().name, detail=error.details())
            return UNKNOWN
        if not answer.HasField("exchange_rate"):
            return AT_PAR
        return Conversion(Decimal(answer.exchange_rate.rate))

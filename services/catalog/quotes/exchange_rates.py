"""The exchange rate from the provider's USD to a quote's currency, for the margin guard."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import grpc
import structlog
from arcadia.analytics.v1 import exchange_rate_service_pb2 as pb
from arcadia.analytics.v1.exchange_rate_service_pb2_grpc import ExchangeRateServiceStub

from services.catalog.quotes.rules.margin_guard import AT_PAR, NOT_NEEDED, UNKNOWN, Conversion

if TYPE_CHECKING:
    from arcadia.analytics.v1.exchange_rate_service_pb2_grpc import ExchangeRateServiceAsyncStub

__all__ = ["ExchangeRates"]

WAIT_SECONDS: Final = 2.0
"""Timeout; the rate is optional for a quote."""

log = structlog.get_logger("exchange_rates")


class ExchangeRates:
    """The exchange rates of analytics, which the margin uses too."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._analytics: ExchangeRateServiceAsyncStub = ExchangeRateServiceStub(channel)

    async def to(self, currency: str, day: date) -> Conversion:
        """The conversion from USD on a day; unknown if analytics does not answer."""
        if currency == "USD":
            return NOT_NEEDED
        request = pb.GetRateInForceRequest(
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

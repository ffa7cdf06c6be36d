"""The catalog's margin guard gets the same exchange rate as the margin."""

from datetime import date
from decimal import Decimal

from arcadia.analytics.v1 import exchange_rate_service_pb2 as pb
from arcadia.analytics.v1.exchange_rate_service_pb2_grpc import ExchangeRateServiceStub

from services.catalog.quotes.margin_inputs import ExchangeRates
from services.catalog.quotes.rules.margin_guard import AT_PAR, NOT_NEEDED, UNKNOWN, Conversion
from services.common.rpc.clients import connect
from services.common.settings import Service, Settings
from tests.analytics.account import Analytics
from tests.support.ports import free_port


async def test_the_rate_is_the_one_that_analytics_keeps_for_the_day(
    analytics: Analytics,
) -> None:
    rates = ExchangeRateServiceStub(analytics.channel)
    for rate, day in (("1.5", "2026-01-01"), ("1.6", "2026-05-01")):
        await rates.CreateExchangeRate(
            pb.CreateExchangeRateRequest(
                from_currency="USD", to_currency="AUD", rate=rate, effective_from=day
            ),
            metadata=analytics.operator,
        )
    async with connect(analytics.settings, Service.ANALYTICS, caller=Service.CATALOG) as channel:
        asked = ExchangeRates(channel)
        assert await asked.to("AUD", date(2026, 4, 30)) == Conversion(Decimal("1.5"))
        assert await asked.to("AUD", date(2026, 5, 1)) == Conversion(Decimal("1.6"))
        assert await asked.to("AUD", date(2025, 12, 31)) == AT_PAR
        assert await asked.to("NZD", date(2026, 5, 1)) == AT_PAR
        assert await asked.to("USD", date(2026, 5, 1)) == NOT_NEEDED
    nobody = Settings(analytics_address=f"127.0.0.1:{free_port()}")
    async with connect(nobody, Service.ANALYTICS, caller=Service.CATALOG) as channel:
        assert await ExchangeRates(channel).to("AUD", date(2026, 5, 1)) == UNKNOWN

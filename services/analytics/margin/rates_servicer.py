"""ExchangeRateService: exchange rates, which convert costs and revenue to one currency."""

from datetime import date, datetime
from uuid import UUID

from arcadia.analytics.v1 import exchange_rate_service_pb2 as pb
from arcadia.analytics.v1 import exchange_rate_service_pb2_grpc, margins_pb2

from services.analytics.margin.rules.conversion import ExchangeRate
from services.analytics.margin.store.rates import RateFilter, create_rate, list_rates, rate_in_force
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, required, text
from services.common.values.clock import Clock, utc_now
from services.common.values.money import currency_code, exact
from services.common.values.periods import optional_day, read_day

__all__ = ["ExchangeRateServicer"]


class ExchangeRateServicer(exchange_rate_service_pb2_grpc.ExchangeRateServiceServicer):
    """Reads and sets effective-dated rates between two currencies."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def ListExchangeRates(
        self, request: pb.ListExchangeRatesRequest, context: Context
    ) -> pb.ListExchangeRatesResponse:
        """Lists rates, newest first."""
        wanted = RateFilter(
            currency_code("from_currency", request.from_currency) if request.from_currency else "",
            currency_code("to_currency", request.to_currency) if request.to_currency else "",
            optional_day(request.in_force_on, "in_force_on"),
        )
        filters = (wanted.from_currency, wanted.to_currency, request.in_force_on)
        asked = page_request(request, ("exchange-rates", *filters), date, UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_rates(session, wanted, asked)
        return page_message(pb.ListExchangeRatesResponse, found)

    @once
    async def CreateExchangeRate(
        self, session: WriteSession, request: pb.CreateExchangeRateRequest, context: Context
    ) -> pb.CreateExchangeRateResponse:
        """Sets a rate from a day on."""
        rate = await create_rate(session, _new_rate(request, self._clock()))
        return message_of(pb.CreateExchangeRateResponse, exchange_rate=rate)

    async def GetRateInForce(
        self, request: pb.GetRateInForceRequest, context: Context
    ) -> pb.GetRateInForceResponse:
        """Returns the rate of a day, if one was set."""
        pair = (
            currency_code("from_currency", request.from_currency),
            currency_code("to_currency", request.to_currency),
        )
        day = read_day(required("on", request.on), "on")
        async with self._database.read(current_caller().scope) as session:
            rate = await rate_in_force(session, *pair, day)
        found = message_of(margins_pb2.ExchangeRate, rate) if rate else None
        return pb.GetRateInForceResponse(exchange_rate=found)


def _new_rate(request: pb.CreateExchangeRateRequest, now: datetime) -> ExchangeRate:
    effective_from = read_day(required("effective_from", request.effective_from), "effective_from")
    effective_to = optional_day(request.effective_to, "effective_to")
    if effective_to is not None and effective_to <= effective_from:
        raise InvalidArgument("effective_to", "is not after effective_from", reason="OUT_OF_RANGE")
    rate = ExchangeRate(
        from_currency=currency_code("from_currency", request.from_currency),
        to_currency=currency_code("to_currency", request.to_currency),
        rate=exact(required("rate", request.rate), "rate", minimum=0),
        effective_from=effective_from,
        effective_to=effective_to,
        source=text("source", request.source),
        created_by=current_caller().subject,
        created_at=now,
    )
    if rate.from_currency == rate.to_currency:
        raise InvalidArgument("to_currency", "is from_currency", reason="OUT_OF_RANGE")
    if not rate.rate:
        raise InvalidArgument("rate", "must be above 0", reason="OUT_OF_RANGE")
    return rate

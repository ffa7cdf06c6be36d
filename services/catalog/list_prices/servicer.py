"""ListPriceService: the provider's list prices and their changes."""

from datetime import date
from uuid import UUID

from arcadia.catalog.v1 import list_price_service_pb2 as pb
from arcadia.catalog.v1 import list_price_service_pb2_grpc

from services.catalog.list_prices.messages import change_message, price_message
from services.catalog.list_prices.record import record_list_prices
from services.catalog.list_prices.requests import list_price_filter, provider_prices
from services.catalog.list_prices.store.changes import list_changes
from services.catalog.list_prices.store.list_prices import list_prices
from services.catalog.meters.rules.meters import BUILT_IN
from services.catalog.quotes.margin_inputs import ExchangeRates
from services.common.db.database import Database
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock

__all__ = ["ListPriceServicer"]


class ListPriceServicer(list_price_service_pb2_grpc.ListPriceServiceServicer):
    """Reads list prices, and records those of a sync."""

    def __init__(self, database: Database, rates: ExchangeRates, now: Clock) -> None:
        self._database = database
        self._rates = rates
        self._now = now

    async def ListListPrices(
        self, request: pb.ListListPricesRequest, context: Context
    ) -> pb.ListListPricesResponse:
        """Lists list prices by meter and dimensions, newest first."""
        wanted = list_price_filter(request)
        filters = ("list-prices", wanted.provider, wanted.meter, request.in_force_on)
        asked = page_request(request, filters, str, str, date, UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_prices(session, wanted, asked)
        return page_message(pb.ListListPricesResponse, found, price_message)

    async def ListListPriceChanges(
        self, request: pb.ListListPriceChangesRequest, context: Context
    ) -> pb.ListListPriceChangesResponse:
        """Lists changes, newest first."""
        meter = BUILT_IN.known("meter", request.meter) if request.meter else ""
        asked = page_request(request, ("list-price-changes", meter), UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_changes(session, meter, asked)
        return page_message(pb.ListListPriceChangesResponse, found, change_message)

    async def RecordListPrices(
        self, request: pb.RecordListPricesRequest, context: Context
    ) -> pb.RecordListPricesResponse:
        """Records the prices from a provider's API."""
        recorded = await record_list_prices(
            self._database, self._rates, provider_prices(request), self._now()
        )
        return message_of(pb.RecordListPricesResponse, recorded)

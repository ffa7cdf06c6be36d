"""BalanceService: balances of the account at the provider."""

from datetime import UTC, date, datetime, time

from arcadia.billing.v1 import balance_service_pb2 as pb
from arcadia.billing.v1 import balance_service_pb2_grpc

from services.billing.balances.store import latest_balance, list_balances, record_balance
from services.billing.ingest.ingest_requests import balance_of, day_bounds, required
from services.common.db.database import Database
from services.common.errors import NotFound
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context

__all__ = ["BalanceServicer"]


class BalanceServicer(balance_service_pb2_grpc.BalanceServiceServicer):
    """Reads and records balances."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def GetBalance(
        self, request: pb.GetBalanceRequest, context: Context
    ) -> pb.GetBalanceResponse:
        """Returns the newest snapshot."""
        async with self._database.read(current_caller().scope) as session:
            newest = await latest_balance(session)
        if newest is None:
            raise NotFound("balance", "latest")
        return message_of(pb.GetBalanceResponse, balance=newest)

    async def ListBalances(
        self, request: pb.ListBalancesRequest, context: Context
    ) -> pb.ListBalancesResponse:
        """Lists snapshots, newest first."""
        first, end = day_bounds(request.from_day, request.to_day)
        asked = page_request(request, ("balances", request.from_day, request.to_day), int)
        async with self._database.read(current_caller().scope) as session:
            found = await list_balances(
                session, asked, taken_from=_midnight(first), taken_to=_midnight(end)
            )
        return page_message(pb.ListBalancesResponse, found)

    async def RecordBalance(
        self, request: pb.RecordBalanceRequest, context: Context
    ) -> pb.RecordBalanceResponse:
        """Records a snapshot, idempotently by key."""
        key = required("key", request.key)
        balance = balance_of(request)
        async with self._database.write(current_caller().scope) as session:
            kept = await record_balance(session, key, balance)
        return message_of(pb.RecordBalanceResponse, balance=kept)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)

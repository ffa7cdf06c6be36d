"""BalanceService: balances of the account at the provider."""

from datetime import UTC, date, datetime, time
from typing import Any

from arcadia.billing.v1 import balance_service_pb2 as pb
from arcadia.billing.v1 import balance_service_pb2_grpc
from grpc.aio import ServicerContext

from services.billing.balances.store import latest_balance, list_balances, record_balance
from services.billing.costs.messages import balance_message
from services.billing.ingest.ingest_requests import balance_of, day_bounds, required
from services.common.db.database import Database
from services.common.errors import NotFound
from services.common.identity.callers import current_caller
from services.common.rpc.paging import cut, decode_token, page_size

__all__ = ["BalanceServicer"]

Context = ServicerContext[Any, Any]


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
        return pb.GetBalanceResponse(balance=balance_message(newest))

    async def ListBalances(
        self, request: pb.ListBalancesRequest, context: Context
    ) -> pb.ListBalancesResponse:
        """Lists snapshots, newest first."""
        size = page_size(request.page_size)
        first, end = day_bounds(request.from_day, request.to_day)
        filters = ("balances", request.from_day, request.to_day)
        position = decode_token(request.page_token, filters, (int,))
        async with self._database.read(current_caller().scope) as session:
            rows = await list_balances(
                session,
                taken_from=_midnight(first),
                taken_to=_midnight(end),
                before_id=position[0] if position else None,
                limit=size + 1,
            )
        page, following = cut(rows, size, filters, lambda one: (one.id,))
        return pb.ListBalancesResponse(
            balances=map(balance_message, page), next_page_token=following
        )

    async def RecordBalance(
        self, request: pb.RecordBalanceRequest, context: Context
    ) -> pb.RecordBalanceResponse:
        """Records a snapshot, idempotently by key."""
        key = required("key", request.key)
        balance = balance_of(request)
        async with self._database.write(current_caller().scope) as session:
            kept = await record_balance(session, key, balance)
        return pb.RecordBalanceResponse(balance=balance_message(kept))


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)

"""The provider's unit costs from billing, for the margin guard."""

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import grpc
import structlog
from arcadia.billing.v1 import cost_feed_service_pb2 as pb
from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceStub

if TYPE_CHECKING:
    from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceAsyncStub

__all__ = ["UnitCosts"]

WAIT_SECONDS: Final = 2.0
"""Timeout; unit costs are optional for a quote."""

log = structlog.get_logger("unit_costs")


class UnitCosts:
    """Billing's unit costs."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._billing: CostFeedServiceAsyncStub = CostFeedServiceStub(channel)

    async def of(self, kinds: Collection[str]) -> dict[str, Decimal]:
        """The cost of a unit of each kind, in USD.

        Unknown kinds are omitted; if billing does not answer, all are. The quote is created anyway
        and reports it.
        """
        request = pb.GetUnitCostsRequest(resource_kinds=sorted(kinds))
        try:
            answer = await self._billing.GetUnitCosts(request, timeout=WAIT_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("unit costs are unknown", code=error.code().name, detail=error.details())
            return {}
        return {known.resource_kind: Decimal(known.unit_cost_usd) for known in answer.unit_costs}

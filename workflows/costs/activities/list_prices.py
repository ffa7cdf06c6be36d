"""The activity of a sync of list prices."""

from typing import TYPE_CHECKING

from arcadia.catalog.v1 import list_price_service_pb2 as pb
from temporalio import activity

from contracts.costs import ListPriceInput
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.list_prices import list_prices
from services.common.rpc.messages import message_of
from workflows.costs.payloads import ListPriceResult
from workflows.durable.activities import service_activity

if TYPE_CHECKING:
    from arcadia.catalog.v1.list_price_service_pb2_grpc import ListPriceServiceAsyncStub

__all__ = ["ListPriceActivities"]


class ListPriceActivities:
    """Uses the provider's client and the catalog."""

    def __init__(self, provider: DigitalOcean, catalog: "ListPriceServiceAsyncStub") -> None:
        self._provider = provider
        self._catalog = catalog

    @service_activity("catalog", heartbeat=True)
    async def record_list_prices(self, request: ListPriceInput) -> ListPriceResult:
        """Reads every list price and records them together: a list that fails changes nothing."""
        told = await list_prices(self._provider)
        answer = await self._catalog.RecordListPrices(
            pb.RecordListPricesRequest(
                provider=request.provider,
                on="" if request.on is None else request.on.isoformat(),
                prices=[
                    message_of(pb.ListedPrice, price, dimensions=dict(price.dimensions))
                    for price in told
                ],
                recorded_by=activity.info().workflow_id or "",
            )
        )
        return ListPriceResult(answer.added_count, answer.changed_count, answer.unchanged_count)

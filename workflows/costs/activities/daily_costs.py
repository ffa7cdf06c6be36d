"""The provider's daily estimates, streamed into the billing service."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb

from providers.digitalocean import billing as provider_billing
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import ProviderError
from workflows.costs.payloads import DailyCostsInput, DailyCostsResult
from workflows.durable.activities import service_activity
from workflows.durable.heartbeats import beating

if TYPE_CHECKING:
    from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub

__all__ = ["DailyCostActivities"]

SECONDS: Final = 3600.0


class DailyCostActivities:
    """Needs the provider's client and the stub of the ingest."""

    def __init__(self, provider: DigitalOcean, ingest: "IngestServiceAsyncStub") -> None:
        self._provider = provider
        self._ingest = ingest

    @service_activity("billing")
    async def replace_daily_costs(self, request: DailyCostsInput) -> DailyCostsResult:
        """Replaces a span's estimates as a whole; what breaks off changes nothing."""
        days = _Days(self._provider, request)
        async with beating(lambda: DailyCostsResult(days.row_count)):
            answer = await days.through(self._ingest)
        return DailyCostsResult(answer.row_count, answer.amount_usd)


class _Days:
    """The estimates on their way; a page is held at a time."""

    def __init__(self, provider: DigitalOcean, request: DailyCostsInput) -> None:
        self._provider = provider
        self._request = request
        self._failure: ProviderError | None = None
        self.row_count = 0

    async def through(self, ingest: "IngestServiceAsyncStub") -> pb.ReplaceDailyCostsResponse:
        """Sends them; raises what the provider or the service answered."""
        try:
            return await ingest.ReplaceDailyCosts(self._messages(), timeout=SECONDS)
        except asyncio.CancelledError:
            # gRPC calls a stream off whose source fails, and keeps the failure to itself.
            if self._failure is not None:
                raise self._failure from None
            raise

    async def _messages(self) -> AsyncIterator[pb.ReplaceDailyCostsRequest]:
        first, end = self._request.from_day, self._request.to_day
        yield pb.ReplaceDailyCostsRequest(from_day=first.isoformat(), to_day=end.isoformat())
        try:
            urn = await provider_billing.account_urn(self._provider)
            last = end - timedelta(days=1)
            async for page in provider_billing.insight_pages(self._provider, urn, first, last):
                yield pb.ReplaceDailyCostsRequest(daily_costs=map(_cost, page))
                self.row_count += len(page)
        except ProviderError as error:
            self._failure = error
            raise
        yield pb.ReplaceDailyCostsRequest(total_rows=self.row_count)


def _cost(insight: provider_billing.Insight) -> costs_pb2.DailyCost:
    return costs_pb2.DailyCost(
        day=insight.day.isoformat(),
        region=insight.region,
        sku=insight.sku,
        description=insight.description,
        group_description=insight.group_description,
        amount_usd=insight.amount_usd,
    )

"""Usage events accepted durably, end to end: batches of a worker, one in ten sent twice."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from arcadia.analytics.v1 import metering_service_pb2 as pb
from arcadia.analytics.v1 import usage_pb2
from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceStub
from arcadia.catalog.v1 import deployment_service_pb2 as deployments_pb
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from google.protobuf.timestamp_pb2 import Timestamp

from bench.environment import BenchStack
from bench.ratios import Ratio, at_least
from services.common.rpc.clients import connect as connect_service
from services.common.settings import Service

__all__ = ["measure"]

DEPLOYMENTS: Final = 200
BATCHES: Final = 60
BATCH: Final = 5_000
SENT_TWICE: Final = 10
"""One in this many events is repeated in a later batch."""

AT_ONCE: Final = 3
BOUND: Final = 15_000


def measure(stack: BenchStack) -> list[Ratio]:
    """Events a second relative to the bound, including duplicates."""
    return [asyncio.run(_measure(stack))]


async def _measure(stack: BenchStack) -> Ratio:
    deployments = await _deployments(stack)
    occurred_at = Timestamp()
    occurred_at.FromDatetime(datetime.now(UTC) - timedelta(days=1))
    batches = [_batch(number, deployments, occurred_at) for number in range(BATCHES)]
    async with connect_service(stack.settings, Service.ANALYTICS, caller="worker") as channel:
        metering: Any = MeteringServiceStub(channel)
        limit = asyncio.Semaphore(AT_ONCE)

        async def send(batch: pb.RecordUsageEventsRequest) -> usage_pb2.EventReceipt:
            async with limit:
                receipt: usage_pb2.EventReceipt = (await metering.RecordUsageEvents(batch)).receipt
                return receipt

        await send(batches[0])  # the catalog is called once per deployment
        started = time.perf_counter()
        receipts = await asyncio.gather(*map(send, batches[1:]))
        seconds = time.perf_counter() - started
    counted = sum(one.accepted_count + one.duplicate_count for one in receipts)
    assert counted == (BATCHES - 1) * BATCH
    assert sum(one.duplicate_count for one in receipts) > counted // SENT_TWICE // 2
    per_second = counted / seconds
    return at_least(
        f"usage events accepted / {BOUND:,}",
        per_second / BOUND,
        1.0,
        f"{per_second:,.0f} events/s in batches of {BATCH:,}, {AT_ONCE} at once",
    )


def _batch(
    number: int, deployments: Sequence[str], occurred_at: Timestamp
) -> pb.RecordUsageEventsRequest:
    """New events except one in ten, which was in the previous batch too."""
    events = []
    for index in range(BATCH):
        again = index % SENT_TWICE == 0 and number > 0
        name = (number - 1) * BATCH + index + 1 if again else number * BATCH + index
        events.append(
            usage_pb2.UsageEvent(
                idempotency_key=f"call-{name}",
                source="bench",
                deployment_id=deployments[name % DEPLOYMENTS],
                resource_kind="llm_tokens",
                qty=str(name % 4_000),
                occurred_at=occurred_at,
            )
        )
    return pb.RecordUsageEventsRequest(events=events)


async def _deployments(stack: BenchStack) -> list[str]:
    made: list[str] = []
    async with stack.channel(Service.CATALOG) as (channel, metadata):
        catalog: Any = DeploymentServiceStub(channel)
        for number in range(DEPLOYMENTS):
            request = deployments_pb.CreateDeploymentRequest(
                tenant_id=f"bench-{number % 50}", slug=f"app-{number}"
            )
            answer = await catalog.CreateDeployment(request, metadata=metadata)
            made.append(answer.deployment.id)
    return made

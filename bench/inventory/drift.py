"""A drift sweep of 10,000 specs of 10 fields, end to end: the pages of the RPC, as for a worker.

Twice: when every resource drifts for the first time, so that every page also opens drifts and
writes events, and when nothing has changed.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import orjson
from arcadia.inventory.v1 import inventory_service_pb2 as reading_pb
from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceStub
from google.protobuf.json_format import MessageToDict

from bench.environment import BenchStack
from bench.ratios import Ratio, at_least
from contracts.providers import DIGITALOCEAN
from services.common.rpc.clients import connect as connect_service
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceAsyncStub

__all__ = ["measure"]

SPECS: Final = 10_000
FIELDS: Final = 10
BOUND: Final = 20_000
ROUNDS: Final = 3
BATCH: Final = 1_000
KIND: Final = "droplet"


@dataclass(frozen=True, slots=True)
class _Swept:
    """The number of compared fields, and the duration."""

    field_count: int
    opened_count: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Fields a second."""
        return self.field_count / self.seconds


def measure(stack: BenchStack) -> list[Ratio]:
    """Fields a second relative to the bound, with every resource drifting and with none changed."""
    stack.sync([KIND])
    return asyncio.run(_measure(stack))


async def _measure(stack: BenchStack) -> list[Ratio]:
    specs = [spec async for spec in _specs(stack)]
    assert len(specs) == SPECS
    async with connect_service(stack.settings, Service.INVENTORY, caller="worker") as channel:
        reconcile: ReconcileServiceAsyncStub = ReconcileServiceStub(channel)
        for start in range(0, SPECS, BATCH):
            await reconcile.RecordSpecs(pb.RecordSpecsRequest(specs=specs[start : start + BATCH]))
        first = await _sweep(reconcile)
        again = [await _sweep(reconcile) for _ in range(ROUNDS)]
    assert first.field_count == again[0].field_count == SPECS * FIELDS
    assert (first.opened_count, again[0].opened_count) == (SPECS, 0)
    return [
        _ratio("drift sweep, every spec drifts", first.per_second),
        _ratio("drift sweep, nothing changed", median(one.per_second for one in again)),
    ]


def _ratio(name: str, per_second: float) -> Ratio:
    detail = f"{per_second:,.0f} fields/s, {SPECS:,} specs of {FIELDS} fields"
    return at_least(f"{name} / {BOUND:,}", per_second / BOUND, 1.0, detail)


async def _sweep(reconcile: "ReconcileServiceAsyncStub") -> _Swept:
    fields = opened = 0
    token = ""
    started = time.perf_counter()
    while True:
        answer = await reconcile.SweepDrift(
            pb.SweepDriftRequest(provider=DIGITALOCEAN, kind=KIND, page_token=token)
        )
        fields += answer.field_count
        opened += answer.opened_count
        token = answer.next_page_token
        if not token:
            return _Swept(fields, opened, time.perf_counter() - started)


async def _specs(stack: BenchStack) -> AsyncIterator[pb.DesiredResource]:
    """Ten live fields of each of the first droplets, one of them changed."""
    given, page_token = 0, ""
    async with stack.channel(Service.INVENTORY) as (channel, metadata):
        reading: Any = InventoryServiceStub(channel)
        while given < SPECS:
            request = reading_pb.ListResourcesRequest(
                kind=KIND, page_size=500, page_token=page_token, view="RESOURCE_VIEW_FULL"
            )
            page = await reading.ListResources(request, metadata=metadata)
            for resource in page.resources[: SPECS - given]:
                given += 1
                yield _desired(resource)
            page_token = page.next_page_token
            if not page_token:
                return


def _desired(resource: Any) -> pb.DesiredResource:
    attrs = MessageToDict(resource.attrs)
    spec = {
        "name": resource.name,
        "region": resource.region,
        "size": f"not-{resource.size}",
        "status": resource.status,
        "tags": list(resource.tags),
        **{name: attrs.get(name) for name in ("memory", "vcpus", "disk", "features", "image")},
    }
    assert len(spec) == FIELDS
    return pb.DesiredResource(resource_id=resource.id, spec_json=orjson.dumps(spec).decode())

"""A page of a list at depth 1 and at depth 1,000 of 100,000 resources: the same cost.

As for a gRPC caller, with and without filters. The rows are written by SQL, and ordered as in a
real account: kinds, regions, tenants and tags mixed.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub

from bench.environment import BenchStack, Metadata
from bench.ratios import Ratio, at_most
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub

__all__ = ["measure"]

ROWS: Final = 100_000
BOUND: Final = 1.3
ROUNDS: Final = 60

FILL: Final = """
INSERT INTO cloud_resources
    (provider, kind, provider_id, name, region, size, status, tenant_id, tags, sighting_digest,
     first_seen_at, last_seen_at)
SELECT 'bench', (ARRAY['droplet', 'volume', 'domain', 'snapshot'])[1 + n %% 4], n::text,
       'web-' || n, (ARRAY['syd1', 'ams3', 'nyc3'])[1 + n %% 3], 's-1vcpu-1gb',
       (ARRAY['active', 'off'])[1 + n %% 2], 'tenant-' || n %% 10,
       ARRAY['env:' || n %% 5, 'web'], 0, now(), now()
FROM generate_series(1, %s) AS n
"""


@dataclass(frozen=True, slots=True)
class _List:
    """A list: its filters, its pages, and its depth."""

    name: str
    page_size: int
    depth: int
    filters: dict[str, Any] = field(default_factory=dict)


LISTS: Final = (
    _List("all", 100, 1_000),
    _List("of a kind", 25, 1_000, {"kind": "droplet"}),
    _List("of a tenant", 10, 1_000, {"tenant_id": "tenant-3"}),
    _List("region, status and tag", 3, 1_000, {"region": "ams3", "status": "off", "tag": "env:1"}),
)


def measure(stack: BenchStack) -> list[Ratio]:
    """The duration of the deep page relative to the first page, for each list."""
    _fill(stack)
    return asyncio.run(_measure(stack))


def _fill(stack: BenchStack) -> None:
    with stack.database(Service.INVENTORY) as connection:
        connection.execute(FILL, [ROWS])
        connection.execute("VACUUM ANALYZE cloud_resources")


async def _measure(stack: BenchStack) -> list[Ratio]:
    async with stack.channel(Service.INVENTORY) as (channel, metadata):
        stub = InventoryServiceStub(channel)
        return [await _compared(stub, metadata, wanted) for wanted in LISTS]


async def _compared(stub: "InventoryServiceAsyncStub", metadata: Metadata, wanted: _List) -> Ratio:
    """The deep page compared with the first one, alternating."""

    async def page(token: str) -> tuple[float, pb.ListResourcesResponse]:
        request = pb.ListResourcesRequest(
            page_size=wanted.page_size, page_token=token, **wanted.filters
        )
        started = time.perf_counter()
        answer = await stub.ListResources(request, metadata=metadata)
        return time.perf_counter() - started, answer

    token = ""
    seen: set[str] = set()
    for _ in range(wanted.depth - 1):
        _, answer = await page(token)
        seen.update(resource.id for resource in answer.resources)
        token = answer.next_page_token
    # No duplicates and no gaps: the pages of a list are stable at any depth.
    assert len(seen) == (wanted.depth - 1) * wanted.page_size
    rounds = [((await page(""))[0], (await page(token))[0]) for _ in range(ROUNDS)]
    first, deep = (median(times) * 1000 for times in zip(*rounds, strict=True))
    return at_most(
        f"page {wanted.depth} / page 1, {wanted.name}",
        deep / first,
        BOUND,
        f"{deep:.2f} ms against {first:.2f} ms, {wanted.page_size} a page",
    )

"""Pages of cost lines and totals among ten million lines, compared with primary-key reads.

The reference reads as many lines by primary key, from any place of the month, without row-level
security; in the same run, alternating with the measurement. The lines are written by SQL, and
ordered as in a real account: products, projects and tenants mixed.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import psycopg
from arcadia.billing.v1 import cost_service_pb2 as pb
from arcadia.billing.v1.cost_service_pb2_grpc import CostServiceStub

from bench.environment import BenchStack
from bench.ratios import Ratio, at_most, p99, seconds_of
from services.common.settings import Service

__all__ = ["measure"]

LINES: Final = 10_000_000
RESOURCES: Final = 100_000
TENANTS: Final = 10_000
LINES_AT_ONCE: Final = 1_000_000
PAGE: Final = 100
ROUNDS: Final = 300
BOUND: Final = 10.0
MONTH: Final = "2023-07-01"
PARTITION: Final = "partitions.cloud_cost_lines_2023_07"
INVOICE: Final = UUID("0189a5b0-0000-7000-8000-000000000000")

HEADER: Final = """
INSERT INTO cloud_invoices (id, invoice_uuid, period, history_usd, issued_at, ingest_status,
                            ingest_id, line_count, total_usd, discovered_at)
VALUES (%(invoice)s, 'bench-pages', %(month)s, 0, now(), 'ingested', %(invoice)s, %(lines)s, 0,
        now())
"""
# A month is filled before its indexes are created, which is faster.
EMPTY: Final = """
ALTER TABLE cloud_cost_lines DETACH PARTITION {month};
DROP TABLE {month};
CREATE TABLE {month} (LIKE cloud_cost_lines INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
"""
ATTACH: Final = """
SET maintenance_work_mem = '512MB';
ALTER TABLE cloud_cost_lines ATTACH PARTITION {month}
    FOR VALUES FROM ('2023-07-01') TO ('2023-08-01')
"""
FILL: Final = """
INSERT INTO {month} (id, period, provider_invoice_id, row_number, product,
    group_description, description, project_name, category, hours, start_at, end_at, amount_usd,
    kind, classification, is_overage, resource_name, match_state, match_rung, resource_id,
    tenant_id, deployment_id)
SELECT (left(%(invoice)s::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, %(month)s, %(invoice)s, n,
       CASE n %% 50 WHEN 0 THEN 'Volumes' ELSE 'Droplets' END, '', 'web-' || r || ' (s-1vcpu-1gb)',
       'project-' || n %% 20, 'iaas', 1, %(month)s::date, %(month)s::date + 1, (n %% 997) / 100.0,
       CASE n %% 50 WHEN 0 THEN 'volume' ELSE 'droplet' END, 'resource', false, 'web-' || r,
       CASE n %% 1000 WHEN 0 THEN 'unmatched' ELSE 'matched' END,
       CASE n %% 1000 WHEN 0 THEN '' ELSE 'name' END,
       CASE n %% 1000 WHEN 0 THEN NULL ELSE md5(r::text)::uuid END,
       CASE n %% 1000 WHEN 0 THEN NULL ELSE 'tenant-' || r %% %(tenants)s END,
       CASE n %% 1000 WHEN 0 THEN NULL ELSE 'deployment-' || r %% (2 * %(tenants)s) END
FROM (
    SELECT n, n %% %(resources)s AS r FROM generate_series(%(first)s::int, %(last)s::int) AS n
) AS numbers
"""
TOTALS: Final = """
INSERT INTO cloud_month_totals (period, grouped_by, value, amount_usd, line_count)
SELECT period, %(name)s, coalesce({column}, ''), sum(amount_usd), count(*)
FROM cloud_cost_lines WHERE period = %(month)s GROUP BY 1, 3
"""
GROUPED: Final = {"product": "product", "tenant": "tenant_id", "deployment": "deployment_id"}

BY_KEY: Final = """
SELECT * FROM cloud_cost_lines WHERE period = %s AND id > %s ORDER BY period, id LIMIT %s
"""

Ask = Callable[[], Awaitable[int]]


def measure(stack: BenchStack) -> list[Ratio]:
    """The p99 of each kind of page, relative to that of the primary-key read."""
    _fill(stack)
    return asyncio.run(_measure(stack))


def _fill(stack: BenchStack) -> None:
    parameters: dict[str, Any] = {
        "invoice": INVOICE,
        "month": MONTH,
        "lines": LINES,
        "tenants": TENANTS,
        "resources": RESOURCES,
    }
    with stack.database(Service.BILLING) as database:
        database.execute("SELECT prepare_cost_month(%s)", [MONTH])
        database.execute(HEADER, parameters)
        database.execute(EMPTY.format(month=PARTITION).encode())
        for first in range(1, LINES + 1, LINES_AT_ONCE):
            last = min(first + LINES_AT_ONCE - 1, LINES)
            fill = FILL.format(month=PARTITION).encode()
            database.execute(fill, {**parameters, "first": first, "last": last})
        database.execute(ATTACH.format(month=PARTITION).encode())
        for name, column in GROUPED.items():
            database.execute(TOTALS.format(column=column).encode(), {**parameters, "name": name})
        database.execute("VACUUM ANALYZE cloud_cost_lines")
        database.execute("VACUUM ANALYZE cloud_month_totals")


async def _measure(stack: BenchStack) -> list[Ratio]:
    chance = random.Random(1)
    async with stack.channel(Service.BILLING) as (channel, metadata):
        stub: Any = CostServiceStub(channel)

        async def lines(**asked: Any) -> int:
            request = pb.ListCostLinesRequest(period=MONTH, page_size=PAGE, **asked)
            return len((await stub.ListCostLines(request, metadata=metadata)).cost_lines)

        async def totals(group_by: str) -> int:
            request = pb.ListCostTotalsRequest(period=MONTH, group_by=group_by, page_size=PAGE)
            return len((await stub.ListCostTotals(request, metadata=metadata)).totals)

        tenant, resource = f"tenant-{TENANTS // 3}", str(_resource(RESOURCES // 3))
        asks: dict[str, Ask] = {
            "lines": lines,
            "lines of a kind": lambda: lines(kind="volume"),
            "unmatched lines": lambda: lines(match_state="unmatched"),
            "lines of a tenant": lambda: lines(tenant_id=tenant),
            "lines of a resource": lambda: lines(resource_id=resource),
            "lines of a product": lambda: lines(product="Volumes"),
            "lines of no product": lambda: lines(product="Teapots"),
            "totals by tenant": lambda: totals("tenant"),
            "totals by product": lambda: totals("product"),
        }
        with stack.database(Service.BILLING) as database:
            return [
                await _compared(name, ask, lambda: _by_key(database, chance))
                for name, ask in asks.items()
            ]


def _resource(number: int) -> UUID:
    """The id of a resource in `FILL`."""
    return UUID(hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest())


def _by_key(database: psycopg.Connection[Any], chance: random.Random) -> None:
    after = UUID(int=INVOICE.int + chance.randrange(LINES - PAGE))
    assert len(database.execute(BY_KEY, [MONTH, after, PAGE]).fetchall()) == PAGE


async def _compared(name: str, ask: Ask, yardstick: Callable[[], None]) -> Ratio:
    served, bare = [], []
    count = await ask()
    yardstick()
    for _ in range(ROUNDS):
        bare.append(seconds_of(yardstick))
        started = time.perf_counter()
        assert await ask() == count
        served.append(time.perf_counter() - started)
    ours, its = p99(served), p99(bare)
    return at_most(
        f"p99 of {name} / primary-key read",
        ours / its,
        BOUND,
        f"{ours * 1000:.1f} ms, {count} of {LINES:,} lines; {its * 1000:.1f} ms",
    )

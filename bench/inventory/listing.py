"""(d) A page of the inventory through the gateway, compared with psycopg and orjson.

The reference is one process that reads the same columns of the same page, and encodes them as
JSON, without a server.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import uvloop

from bench.environment import BenchStack
from bench.ratios import Ratio, at_least, p99, paired_median
from bench.transport.http_load import answer_times
from services.common.settings import Port, Service

__all__ = ["measure"]

SECONDS = 3.0
ROUNDS = 5
CONNECTIONS = 4
PATH = "/api/v1/inventory?page_size=100"

PAGE = """
SELECT id, provider, kind, provider_id, name, region, size, status, project_id, tenant_id,
       deployment_id, tags, provider_created_at, first_seen_at, last_seen_at,
       stale_strike_count, deleted_at
FROM cloud_resources WHERE deleted_at IS NULL ORDER BY id LIMIT 101
"""


@dataclass(frozen=True, slots=True)
class _Load:
    """The results of a load."""

    per_second: float
    p99_ms: float


def measure(stack: BenchStack) -> list[Ratio]:
    """Requests a second at the gateway relative to pages a second of the reference; both p99s."""
    stack.sync()
    # Alternating, so that a slow moment of the machine affects both.
    rounds = [(_bare(stack), uvloop.run(_served(stack))) for _ in range(ROUNDS)]
    bare, served = (_middle(loads) for loads in zip(*rounds, strict=True))
    detail = (
        f"{served.per_second:.0f}/s (p99 {served.p99_ms:.1f} ms, {CONNECTIONS} connections)"
        f" against {bare.per_second:.0f}/s (p99 {bare.p99_ms:.1f} ms, one process)"
    )
    return [
        at_least(
            "(d) page of 100 at the gateway / bare",
            paired_median([(ours.per_second, its.per_second) for its, ours in rounds]),
            0.3,
            detail,
        )
    ]


def _bare(stack: BenchStack) -> _Load:
    times: list[float] = []
    # As an administrator: the reference has no row-level security.
    with stack.database(Service.INVENTORY) as connection, connection.cursor() as cursor:
        end = time.perf_counter() + SECONDS
        while (started := time.perf_counter()) < end:
            cursor.execute(PAGE)
            columns = [column.name for column in cursor.description or ()]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()[:100]]
            orjson.dumps({"resources": rows}, default=_plain)
            times.append(time.perf_counter() - started)
    return _load(times, SECONDS)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def _served(stack: BenchStack) -> _Load:
    token = stack.operator_token()
    head = f"GET {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
    port = stack.settings.port(Port.GATEWAY)
    return _load(
        await answer_times(port, head.encode(), connections=CONNECTIONS, seconds=SECONDS), SECONDS
    )


def _middle(loads: Sequence[_Load]) -> _Load:
    """The median round."""
    return sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]


def _load(times: list[float], seconds: float) -> _Load:
    return _Load(len(times) / seconds, p99(times) * 1000)

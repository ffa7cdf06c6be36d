"""One side of a comparison of two releases: measures in turns with the other side.

`bench.before` runs this file in the tree of either release; what it imports is that tree's own,
its benches too. So it calls only what the benches of both have, by their names of 149d988.
It says `ready`, measures a round for every line that it reads, and answers it as JSON.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson
import psutil
import psycopg
from arcadia.catalog.v1 import pricing_service_pb2

from bench import environment, quote_rpc, quoting, rollups
from services.common.migrations import database_admin_url
from services.common.periods import month_of
from services.common.settings import Service

DROPLETS: Final = 100
MONTHS: Final = (date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1))
"""In which the tenants of `bench.rollups` may be subscribed."""

# Both releases price the same usage: two machines from the first day, a third from the eleventh.
BY_DAY: Final = """
WITH planted AS (
    DELETE FROM daily_usage WHERE day >= %(start)s AND day < %(end)s AND tenant_id LIKE 'rollup-%%'
    RETURNING tenant_id, deployment_id, resource_kind
)
INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty, fact_count,
                         facts_hash, metered_at)
SELECT day::date, tenant_id, deployment_id, resource_kind,
       CASE WHEN day < %(start)s::date + 10 THEN 48 ELSE 72 END, 3, %(hash)s, %(end)s
FROM (SELECT DISTINCT tenant_id, deployment_id, resource_kind FROM planted) AS used,
     generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') AS day
"""

Round = Callable[[], dict[str, float]]


@contextmanager
def engine(_: int) -> Iterator[Round]:
    """A round of quotes inside the engine: processor seconds of each."""
    measured: Any = vars(quoting)["_round"]
    yield lambda: {"seconds": measured() / quoting.QUOTES}


@contextmanager
def batch(_: int) -> Iterator[Round]:
    """A batch of quotes, end to end; and the processor seconds of the catalog for it."""
    with environment.running_stack(DROPLETS) as stack:
        measured, ids = vars(quote_rpc)["_batch"], vars(quote_rpc)["_subscribe"](stack)
        catalog = stack.process("catalog")

        def one() -> dict[str, float]:
            before = sum(catalog.cpu_times()[:2])
            per_second = asyncio.run(measured(stack, ids)).value * 4_000
            used = sum(catalog.cpu_times()[:2]) - before
            return {"seconds": 1 / per_second, "processor": used}

        yield one


@contextmanager
def rollup(tenants: int) -> Iterator[Round]:
    """Month after month of the same tenants; with the processor seconds of the whole stack."""
    with environment.running_stack(DROPLETS) as stack:
        months = iter(MONTHS)
        subscribed = 0

        def one() -> dict[str, float]:
            nonlocal subscribed
            month = next(months)
            vars(rollups)["_prepare"](stack, month, subscribed, tenants)
            subscribed = tenants
            _plant_by_day(stack, month)
            before = _processor(stack)
            taken = vars(rollups)["_rolled_up"](stack, month, tenants)
            return {"seconds": taken.seconds, "processor": _processor(stack) - before}

        yield one


def _plant_by_day(stack: environment.BenchStack, month: date) -> None:
    url = database_admin_url(stack.settings, Service.ANALYTICS).set(drivername="postgresql")
    span = {"start": month, "end": month_of(month).end, "hash": "f" * 64}
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(BY_DAY, span)
        connection.execute("VACUUM ANALYZE daily_usage")


def _processor(stack: environment.BenchStack) -> float:
    """Processor seconds of the services, the worker, the gateway and the engines so far."""
    runner = stack.process("catalog").parent()
    assert runner is not None
    used = 0.0
    for process in (runner, *runner.children(recursive=True)):
        try:
            # With the children that ended: a connection's process may.
            used += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return used


SIDES: Final = {"engine": engine, "batch": batch, "rollup": rollup}


def main(tree: str, measured: str, size: str) -> int:
    """Measures as often as it is asked to; the exit code."""
    for module in (quoting, environment, pricing_service_pb2):
        if not Path(str(module.__file__)).is_relative_to(tree):
            sys.exit(f"{module.__name__} is not that of {tree}, but {module.__file__}")
    with SIDES[measured](int(size)) as measure_one:
        print("ready", flush=True)
        for _ in sys.stdin:
            print(orjson.dumps(measure_one()).decode(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""One side of a comparison of two releases, which alternates with the other side.

`bench.before` runs this file in the tree of each release; it imports that tree's modules,
benchmarks included. So it uses only what the benchmarks of both have, by their names of 149d988.
It prints `ready`, runs a round for each line that it reads, and prints the result as JSON.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import orjson
import psutil
import psycopg
from arcadia.catalog.v1 import pricing_service_pb2

from bench import environment
from services.common.settings import Service


def _of_release(newer: str, older: str) -> Any:
    """A module by the newest of its names that the measured release has."""
    try:
        return import_module(newer)
    except ModuleNotFoundError:
        return import_module(older)


rollups = _of_release("bench.invoicing.rollups", "bench.rollups")
quote_rpc = _of_release("bench.pricing.quote_rpc", "bench.quote_rpc")
quoting = _of_release("bench.pricing.quoting", "bench.quoting")
migrations = _of_release("services.common.db.migrations", "services.common.migrations")
periods = _of_release("services.common.values.periods", "services.common.periods")

DROPLETS: Final = 100
MONTHS: Final = (date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1))
"""The month in which the tenants of `bench.invoicing.rollups` may be subscribed."""

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
def engine(_: int) -> Iterator[dict[str, Round]]:
    """Quotes in the engine: processor seconds of each."""
    measured: Any = vars(quoting)["_round"]
    yield {"quotes": lambda: {"seconds": measured() / quoting.QUOTES}}


@contextmanager
def stack(tenants: int) -> Iterator[dict[str, Round]]:
    """Measurements of the whole stack, end to end, with their processor seconds."""
    with environment.running_stack(DROPLETS) as running:
        ids: list[str] = []
        catalog = running.process("catalog")
        months = iter(MONTHS)
        subscribed = 0

        def batch() -> dict[str, float]:
            """A quote of a batch; the processor seconds are the catalog's."""
            if not ids:
                ids.extend(vars(quote_rpc)["_subscribe"](running))
            before = sum(catalog.cpu_times()[:2])
            per_second = asyncio.run(vars(quote_rpc)["_batch"](running, ids)).value * 4_000
            used = sum(catalog.cpu_times()[:2]) - before
            return {"seconds": 1 / per_second, "processor": used}

        def rollup() -> dict[str, float]:
            """The next month of the same tenants; the processor seconds are the whole stack's."""
            nonlocal subscribed
            month = next(months)
            vars(rollups)["_prepare"](running, month, subscribed, tenants)
            subscribed = tenants
            _plant_by_day(running, month)
            before = _processor(running)
            taken = vars(rollups)["_rolled_up"](running, month, tenants)
            return {"seconds": taken.seconds, "processor": _processor(running) - before}

        yield {"batch": batch, "rollup": rollup}


def _plant_by_day(running: environment.BenchStack, month: date) -> None:
    url = migrations.database_admin_url(running.settings, Service.ANALYTICS).set(
        drivername="postgresql"
    )
    span = {"start": month, "end": periods.month_of(month).end, "hash": "f" * 64}
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(BY_DAY, span)
        connection.execute("VACUUM ANALYZE daily_usage")
        backend = connection.info.backend_pid
    # When it exits, its processor seconds are added to its parent's: not during the measurement.
    while psutil.pid_exists(backend):
        time.sleep(0.01)


def _processor(running: environment.BenchStack) -> float:
    """The processor seconds of the services, the worker, the gateway and the engines so far."""
    runner = running.process("catalog").parent()
    assert runner is not None
    used = 0.0
    for process in (runner, *runner.children(recursive=True)):
        try:
            # Including children that have exited, such as a connection's process.
            used += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return used


SIDES: Final = {"engine": engine, "stack": stack}


def main(tree: str, side: str, tenants: str) -> int:
    """Measures on request; returns the exit code."""
    for module in (quoting, environment, pricing_service_pb2):
        if not Path(str(module.__file__)).is_relative_to(tree):
            sys.exit(f"{module.__name__} is not that of {tree}, but {module.__file__}")
    with SIDES[side](int(tenants)) as rounds:
        print("ready", flush=True)
        for measured in sys.stdin:
            print(orjson.dumps(rounds[measured.strip()]()).decode(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

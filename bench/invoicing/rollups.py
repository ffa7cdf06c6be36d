"""The month-end of the whole stack: from metered usage to issued invoices.

Tenants have one to three deployments, each on Studio and over its allowance. 1,000, 10,000 and
50,000 of them are billable in three months in a row; the 10,000 are held against COPY of the
same rows, and each process against its bound of memory. Other 10,000 are billed for months whose
usage has five dimensions a day, and for months with the same usage without dimensions.
"""

import time
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bench.environment import BenchStack
from bench.ratios import Ratio, at_least, at_most
from services.common.settings import Service
from services.common.values.periods import month_of

__all__ = ["measure", "measure_dimensions"]

MONTHS: Final = ((date(2025, 1, 1), 1_000), (date(2025, 2, 1), 10_000), (date(2025, 3, 1), 50_000))
"""Each with its number of billable tenants."""

MIN_PER_SECOND: Final = 500.0
FLAT: Final = 1.3
MAX_OVER_COPY: Final = 60.0
"""COPY does not price, prove or call anything."""

SIZED_TENANTS: Final = 10_000
# In turns, so that neither side has the warmer stack.
PLAIN_MONTHS: Final = (date(2025, 4, 1), date(2025, 7, 1))
SIZED_MONTHS: Final = (date(2025, 5, 1), date(2025, 6, 1))
SIZES: Final = 5
MIN_OF_PLAIN: Final = 0.8

MAX_MEGABYTES: Final = 400.0
MAX_SECONDS: Final = 1_200.0

DEPLOY: Final = """
WITH made AS (
    INSERT INTO deployments (tenant_id, slug, display_name, state, created_at, state_changed_at)
    SELECT %(name)s || tenant, 'app-' || place, '', 'active', now(), now()
    FROM generate_series(%(after)s + 1, %(upto)s) AS tenant,
         generate_series(0, tenant %% %(most)s) AS place
    RETURNING id, tenant_id
), subscribed AS (
    INSERT INTO subscriptions (deployment_id, tenant_id, starts_on, ends_on, created_at)
    SELECT id, tenant_id, %(start)s, %(until)s, now() FROM made
    RETURNING id, tenant_id
)
INSERT INTO subscription_terms (subscription_id, tenant_id, plan_version_id, effective_from)
SELECT s.id, s.tenant_id, v.id, %(start)s
FROM subscribed AS s, plan_versions AS v JOIN plans AS p ON p.id = v.plan_id
WHERE p.code = 'studio' AND v.status = 'active'
"""
DEPLOYMENTS: Final = """
SELECT d.tenant_id, d.id::text FROM deployments AS d JOIN subscriptions AS s
    ON s.deployment_id = d.id
WHERE d.tenant_id LIKE %(name)s || '%%' AND s.starts_on <= %(start)s
"""
PREPARE: Final = "SELECT prepare_month(ARRAY['daily_usage'], %(start)s)"
METERED: Final = """
INSERT INTO work_passes (work, subject, pass_key, state, until, started_at, completed_at)
SELECT 'metering', day::date, 'bench', 'current', day + interval '1 day', now(), now()
FROM generate_series(%(start)s::timestamp, %(end)s::timestamp - interval '1 day',
                     interval '1 day') AS day
"""
# Two machines from the first day, a third from the eleventh: more than Studio's allowance.
USED: Final = """
INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty, fact_count, facts_hash,
                         metered_at)
SELECT day::date, tenant_id, deployment_id, 'droplet_hours',
       CASE WHEN day < %(start)s::date + 10 THEN 48 ELSE 72 END, 3, %(hash)s, %(end)s
FROM unnest(%(tenants)s::text[], %(deployments)s::text[]) AS used (tenant_id, deployment_id),
     generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') AS day
"""
# Five machines, of one size each or of unknown sizes.
SIZED: Final = """
INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, dimensions, qty, fact_count,
                         facts_hash, metered_at)
SELECT day::date, tenant_id, deployment_id, 'droplet_hours', size.dimensions::jsonb,
       size.machines * 24, size.machines, %(hash)s, %(end)s
FROM unnest(%(tenants)s::text[], %(deployments)s::text[]) AS used (tenant_id, deployment_id),
     generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') AS day,
     unnest(%(dimensions)s::text[], %(machines)s::int[]) AS size (dimensions, machines)
"""
WITHOUT: Final = {"dimensions": ["{}"], "machines": [SIZES]}
BY_SIZE: Final = {
    "dimensions": [
        f'{{"size": "s-{size}vcpu-{size}gb", "region": "syd1"}}' for size in range(1, SIZES + 1)
    ],
    "machines": [1] * SIZES,
}
TABLES: Final = {
    "tenant_invoices": "SELECT * FROM tenant_invoices WHERE period = '{month}'",
    "tenant_invoice_lines": (
        "SELECT l.* FROM tenant_invoice_lines AS l JOIN tenant_invoices AS i"
        " ON i.id = l.invoice_id WHERE i.period = '{month}'"
    ),
    "tenant_invoice_proofs": (
        "SELECT p.* FROM tenant_invoice_proofs AS p JOIN tenant_invoices AS i"
        " ON i.id = p.invoice_id WHERE i.period = '{month}'"
    ),
}


@dataclass(frozen=True)
class Taken:
    """The seconds of a month-end, for that many invoices."""

    tenants: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Invoices a second."""
        return self.tenants / self.seconds


def measure(stack: BenchStack) -> list[Ratio]:
    """Invoices a second, relative to COPY and as tenants grow, and memory."""
    taken: list[Taken] = []
    before = 0
    for month, tenants in MONTHS:
        _prepare(stack, month, before, tenants)
        taken.append(_rolled_up(stack, month, tenants))
        before = tenants
    few, many, most = taken
    copied = _copied(stack, MONTHS[1][0])
    dearest = max(many.seconds / many.tenants, most.seconds / most.tenants)
    memory = {part: _megabytes(stack, part) for part in ("analytics", "catalog", "worker")}
    spread = ", ".join(f"{one.per_second:,.0f}/s at {one.tenants:,}" for one in (few, many, most))
    largest = max(memory, key=lambda part: memory[part])
    return [
        at_least("roll-up, invoices a second", many.per_second, MIN_PER_SECOND, spread),
        at_most(
            "roll-up / COPY of the same rows",
            many.seconds / copied,
            MAX_OVER_COPY,
            f"{many.seconds:.1f} s against {copied:.2f} s, for {many.tenants:,} tenants",
        ),
        at_most(
            "roll-up, cost per tenant as they grow",
            dearest / (few.seconds / few.tenants),
            FLAT,
            spread,
        ),
        at_most(
            "roll-up, MB of the largest process",
            memory[largest],
            MAX_MEGABYTES,
            ", ".join(f"{part} {size:.0f}" for part, size in memory.items()),
        ),
    ]


def measure_dimensions(stack: BenchStack) -> list[Ratio]:
    """Invoices a second of months with five dimensions, against those of months without."""
    seconds = {}
    before = 0
    for month in sorted((*PLAIN_MONTHS, *SIZED_MONTHS)):
        used = BY_SIZE if month in SIZED_MONTHS else WITHOUT
        _subscribe(
            stack, month, before, SIZED_TENANTS, SIZED, used,
            {"name": "sized-", "most": 1, "until": date(2025, 8, 1)},
        )  # fmt: skip  # a table
        before = SIZED_TENANTS
        seconds[month] = _rolled_up(stack, month, SIZED_TENANTS).seconds
    plain, sized = (
        sum(seconds[month] for month in months) for months in (PLAIN_MONTHS, SIZED_MONTHS)
    )
    return [
        at_least(
            f"roll-up with {SIZES} dimensions / without",
            plain / sized,
            MIN_OF_PLAIN,
            f"{sized:.1f} s against {plain:.1f} s, for two months of {SIZED_TENANTS:,} tenants",
        )
    ]


def _prepare(stack: BenchStack, month: date, before: int, tenants: int) -> None:
    """Subscribes the month's new tenants, and meters the month for all of them."""
    of = {"name": "rollup-", "most": 3, "until": date(2025, 4, 1)}
    _subscribe(stack, month, before, tenants, USED, {}, of)


def _subscribe(
    stack: BenchStack,
    month: date,
    before: int,
    tenants: int,
    statement: str,
    usage: dict[str, Any],
    of: dict[str, Any],
) -> None:
    span = {"start": month, "end": month_of(month).end, "after": before, "upto": tenants, **of}
    with stack.database(Service.CATALOG) as catalog:
        catalog.execute(DEPLOY, span)
        catalog.execute("ANALYZE")
        deployments = catalog.execute(DEPLOYMENTS, span).fetchall()
    with stack.database(Service.ANALYTICS) as analytics:
        analytics.execute(PREPARE, span)
        analytics.execute(METERED, span)
        tenants_of, ids = (list(column) for column in zip(*deployments, strict=True))
        used = {"tenants": tenants_of, "deployments": ids, "hash": "f" * 64}
        analytics.execute(statement, span | used | usage)
        analytics.execute("VACUUM ANALYZE daily_usage")
        analytics.execute("ANALYZE")


def _rolled_up(stack: BenchStack, month: date, tenants: int) -> Taken:
    """The seconds from the start of the roll-up until its last invoice is issued."""
    with stack.gateway() as http:
        started = time.perf_counter()
        answer = http.post("/api/v1/rollups", json={"period": month.isoformat()})
        rollup: dict[str, Any] = answer.raise_for_status().json()["rollup"]
        while rollup["status"] != "completed":
            assert rollup["status"] != "failed", rollup["reason"]
            assert time.perf_counter() - started < MAX_SECONDS
            # Seldom, because the check counts every tenant.
            time.sleep(max(0.1, (time.perf_counter() - started) / 50))
            rollup = http.get(f"/api/v1/rollups/{rollup['id']}").raise_for_status().json()["rollup"]
        seconds = time.perf_counter() - started
    assert (int(rollup["issued_count"]), int(rollup["failed_count"])) == (tenants, 0)
    return Taken(tenants, seconds)


def _copied(stack: BenchStack, month: date) -> float:
    """Seconds of COPY for the month's rows, into tables with the same indexes."""
    with stack.database(Service.ANALYTICS) as connection:
        contents = {}
        for table, query in TABLES.items():
            connection.execute(
                f"CREATE TEMPORARY TABLE copied_{table} (LIKE {table} INCLUDING ALL)"
            )
            rows = query.format(month=month)
            with connection.cursor().copy(f"COPY ({rows}) TO STDOUT (FORMAT binary)") as copy:
                contents[table] = b"".join(map(bytes, copy))
        started = time.perf_counter()
        for table, content in contents.items():
            statement = f"COPY copied_{table} FROM STDIN (FORMAT binary)"
            with connection.cursor().copy(statement) as copy:
                copy.write(content)
        return time.perf_counter() - started


def _megabytes(stack: BenchStack, part: str) -> float:
    """The memory of a process after all of it."""
    return float(stack.process(part).memory_info().rss) / 1e6

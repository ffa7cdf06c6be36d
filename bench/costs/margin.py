"""The margin of a month at the gateway, compared with plain SQL over its lines.

10,000 tenants with an invoice each, and 100,000 or a million cost lines: the total and the first
page of tenants, as in `GET /api/v1/dashboard/margin`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from arcadia.analytics.v1 import attribution_service_pb2 as pb
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub

from bench.environment import BenchStack
from bench.ratios import Ratio, at_most, p99, paired_median, seconds_of
from services.common.rpc.clients import connect as connect_service
from services.common.settings import Service

__all__ = ["measure"]

TENANTS: Final = 10_000
FEW, MANY = 100_000, 1_000_000
GETS: Final = 200
ROUNDS: Final = 5
QUERIES: Final = 7
BOUND: Final = 1.5
MAX_SECONDS: Final = 300.0

INVOICES: Final = """
WITH rolled AS (
    INSERT INTO rollups (period, key, force, approval_required, workflow_id, run_id, started_by,
                         started_at)
    VALUES (%(period)s, 'bench/' || %(period)s, false, false, '', '', '', now()) RETURNING id
), issued AS (
    INSERT INTO tenant_invoices (tenant_id, period, rollup_id, currency, subtotal_cents,
        tax_cents, total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count, lines_hash,
        proofs_hash, created_at)
    SELECT 'bench-' || n, %(period)s, rolled.id, 'AUD', 7112, 0, 7112, gen_random_uuid(), 'GST',
           0, 2, '', '', now()
    FROM rolled, generate_series(1, %(tenants)s) AS n
    RETURNING id, tenant_id
)
INSERT INTO tenant_invoice_lines (invoice_id, tenant_id, position, kind, resource_kind,
    description, qty, unit, unit_price_cents, amount_cents, meta, deployment_id, service_start,
    service_end)
SELECT id, tenant_id, position, CASE position WHEN 1 THEN 'plan_base' ELSE 'overage' END,
       CASE position WHEN 1 THEN '' ELSE 'droplet_hours' END, '', 1, 'month', 1,
       CASE position WHEN 1 THEN 5000 ELSE 2112 END, '{}', tenant_id || '-app', %(period)s,
       %(period)s + 1
FROM issued, generate_series(1, 2) AS position
"""
ISSUE: Final = """
UPDATE tenant_invoices SET status = 'issued', issuer = '{}', recipient = '{}',
    previous_chain_hash = '', number = %(first)s + substr(tenant_id, 7)::bigint,
    issued_on = CURRENT_DATE, due_on = CURRENT_DATE,
    chain_hash = md5(%(first)s::text || tenant_id), issued_at = now()
WHERE period = %(period)s
"""
COSTS: Final = """
WITH made AS (SELECT prepare_month(ARRAY['attributed_costs', 'resource_spans'], %(period)s)),
passed AS (
    INSERT INTO work_passes (work, subject, pass_key, state, started_at, completed_at)
    SELECT 'costs', %(period)s, 'bench', 'current', now(), now() FROM made RETURNING id
)
SELECT id FROM passed
"""
LINES: Final = """
INSERT INTO attributed_costs (period, pass_id, page, cost_id, kind, classification, description,
    resource_id, hours, attribution, tenant_id, deployment_id, amount_usd)
SELECT %(period)s, %(pass)s, '', gen_random_uuid(), 'droplet', 'resource', 'web',
       md5(t::text)::uuid, 1, 'tenant', 'bench-' || t, 'bench-' || t || '-app', 0.0123
FROM (SELECT n, 1 + n %% %(tenants)s AS t FROM generate_series(1, %(lines)s) AS n) AS lines
"""
SPANS: Final = """
INSERT INTO resource_spans (period, pass_id, page, resource_id, kind, name, tenant_id,
    deployment_id, span_from, span_to)
SELECT %(period)s, %(pass)s, '', md5(t::text)::uuid, 'droplet', 'web', 'bench-' || t,
       'bench-' || t || '-app', %(period)s, %(period)s + make_interval(hours => %(hours)s)
FROM generate_series(1, %(tenants)s) AS t
"""
# The total and the first page of tenants, by one statement over the source tables.
BARE: Final = """
WITH revenue AS (
    SELECT l.tenant_id, sum(l.amount_cents) AS cents
    FROM tenant_invoice_lines AS l JOIN tenant_invoices AS i ON i.id = l.invoice_id
    WHERE i.period = %(period)s AND i.status IN ('issued', 'paid') AND l.kind <> 'tax'
    GROUP BY 1
), costs AS (
    SELECT tenant_id, sum(amount_usd) * 100 AS cents FROM attributed_costs
    WHERE period = %(period)s AND pass_id = %(pass)s AND attribution <> 'shared' GROUP BY 1
), parts AS (
    SELECT tenant_id, coalesce(r.cents, 0) AS revenue, coalesce(c.cents, 0) AS cogs
    FROM revenue AS r FULL JOIN costs AS c USING (tenant_id)
)
SELECT sum(revenue) OVER (), sum(cogs) OVER (), parts.* FROM parts
ORDER BY revenue DESC, tenant_id LIMIT 50
"""


def measure(stack: BenchStack) -> list[Ratio]:
    """The gateway's p99 relative to plain SQL, and with ten times the lines."""
    few, many = date(2026, 3, 1), date(2026, 4, 1)
    _month(stack, few, FEW)
    bare = _month(stack, many, MANY)
    rounds = _rounds(stack, few, many)
    of_few, of_many = (sorted(each)[ROUNDS // 2] for each in zip(*rounds, strict=True))
    detail = f"{of_many * 1000:.1f} ms at the gateway, {bare * 1000:.1f} ms bare, {MANY:,} lines"
    flat = f"{of_few * 1000:.1f} ms with {FEW:,} lines, {of_many * 1000:.1f} ms with {MANY:,}"
    grown = paired_median([(its, tenth) for tenth, its in rounds])
    return [
        at_most("margin p99, gateway / bare SQL", of_many / bare, BOUND, detail),
        at_most("margin p99, 10 x the lines", grown, BOUND, flat),
    ]


def _rounds(stack: BenchStack, *periods: date) -> list[tuple[float, float]]:
    """The p99 of each of two months at the gateway, in seconds, for each round."""
    with stack.gateway() as client:

        def get(period: date) -> None:
            answer = client.get("/api/v1/dashboard/margin", params={"period": str(period)})
            answer.raise_for_status()
            assert answer.json()["revenue_cents"] == str(TENANTS * 7112)

        for period in periods:
            get(period)
        return [_p99s([partial(get, period) for period in periods]) for _ in range(ROUNDS)]


def _month(stack: BenchStack, period: date, lines: int) -> float:
    """Creates a month of that many lines; returns the p99 of plain SQL over it, in seconds."""
    with stack.database(Service.ANALYTICS) as connection:
        parameters: dict[str, Any] = {
            "period": period,
            "tenants": TENANTS,
            "lines": lines,
            # Beyond the numbers that roll-ups assign.
            "first": 10**9 + period.month * TENANTS,
            "hours": lines // TENANTS,
        }
        connection.execute(INVOICES, parameters)
        connection.execute(ISSUE, parameters)
        row = connection.execute(COSTS, parameters).fetchone()
        assert row is not None
        parameters["pass"] = row[0]
        connection.execute(LINES, parameters)
        connection.execute(SPANS, parameters)
        connection.execute("ANALYZE")
        asyncio.run(_refresh(stack, period))
        taken = [
            seconds_of(lambda: connection.execute(BARE, parameters).fetchall())
            for _ in range(QUERIES)
        ]
    return p99(taken)


async def _refresh(stack: BenchStack, period: date) -> None:
    async with connect_service(stack.settings, Service.ANALYTICS, caller="worker") as channel:
        attribution: Any = AttributionServiceStub(channel)
        request = pb.RefreshMarginRequest(period=period.isoformat())
        answer = await attribution.RefreshMargin(request, timeout=MAX_SECONDS)
        assert answer.tenant_count == TENANTS


def _p99s(works: Sequence[Callable[[], Any]]) -> tuple[float, float]:
    """Alternating, so that a slow moment of the machine affects both."""
    taken = [[seconds_of(work) for work in works] for _ in range(GETS)]
    one, other = map(p99, zip(*taken, strict=True))
    return one, other

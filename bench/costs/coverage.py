"""The coverage of a month over gRPC, compared with a bare sum over the same joins.

10,000 tenants with an invoice and 30 days of usage each, and a million cost lines.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from statistics import median
from time import perf_counter
from typing import Any, Final

import grpc
from arcadia.analytics.v1 import coverage_service_pb2 as pb
from arcadia.analytics.v1.coverage_service_pb2_grpc import CoverageServiceStub

from bench.costs.margin import COSTS, INVOICES, LINES
from bench.environment import BenchStack
from bench.ratios import Ratio, at_most, paired_median, seconds_of
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service

__all__ = ["measure"]

MONTH: Final = date(2026, 2, 1)
TENANTS: Final = 10_000
COST_LINES: Final = 1_000_000
ROUNDS: Final = 5
BOUND: Final = 1.5
MAX_SECONDS: Final = 60.0

PROOFS: Final = """
INSERT INTO tenant_invoice_proofs (invoice_id, tenant_id, position, deployment_id, subscription_id,
    inputs_json, inputs_hash, engine_version, result_hash, covered_days)
SELECT id, tenant_id, 1, tenant_id || '-app', 's', '{"calendar": {"trial_days": []}}', '', '2', '',
       datemultirange(daterange(period, (period + interval '1 month')::date))
FROM tenant_invoices WHERE period = %(period)s
"""
PREPARE: Final = "SELECT prepare_month(ARRAY['daily_usage'], %(period)s)"
USAGE: Final = """
INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty, fact_count, facts_hash,
                         metered_at)
SELECT %(period)s::date + day, 'bench-' || n, 'bench-' || n || '-app', 'droplet_hours', 24, 1, '',
       now()
FROM generate_series(1, %(tenants)s) AS n, generate_series(0, 27) AS day
"""
# The same rows, joined and summed without asking what became of them.
BARE: Final = """
WITH proven AS MATERIALIZED (
    SELECT invoice.tenant_id, proof.deployment_id, range_agg(proof.covered_days) AS days
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
    WHERE invoice.period = %(period)s GROUP BY 1, 2
), sold AS MATERIALIZED (
    SELECT line.tenant_id, line.deployment_id, line.resource_kind, sum(line.amount_cents) AS cents
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_lines AS line ON line.invoice_id = invoice.id
    WHERE invoice.period = %(period)s GROUP BY 1, 2, 3
), used AS MATERIALIZED (
    SELECT tenant_id, deployment_id, resource_kind, sum(qty) AS qty
    FROM daily_usage AS usage
    LEFT JOIN proven USING (tenant_id, deployment_id)
    LEFT JOIN sold USING (tenant_id, deployment_id, resource_kind)
    WHERE usage.day >= %(period)s AND usage.day < %(period)s + interval '1 month'
    GROUP BY 1, 2, 3
), spent AS MATERIALIZED (
    SELECT tenant_id, deployment_id, kind, sum(amount_usd) AS amount
    FROM attributed_costs
    WHERE period = %(period)s AND pass_id = %(pass)s AND attribution <> 'shared'
    GROUP BY 1, 2, 3
)
SELECT sum(amount), sum(qty) FROM spent LEFT JOIN used USING (tenant_id, deployment_id)
"""


def measure(stack: BenchStack) -> list[Ratio]:
    """The costs of a month by coverage relative to their bare sum, and the list of losses."""
    with stack.database(Service.ANALYTICS) as connection:
        parameters: dict[str, Any] = {
            "period": MONTH, "tenants": TENANTS, "lines": COST_LINES
        }  # fmt: skip  # a table
        connection.execute(INVOICES, parameters)
        row = connection.execute(COSTS, parameters).fetchone()
        assert row is not None
        parameters["pass"] = row[0]
        for statement in (PREPARE, PROOFS, USAGE, LINES):
            connection.execute(statement, parameters)
        connection.execute("ANALYZE")
        connection.execute("SET work_mem = '64MB'")  # as the service has it for this

        def bare() -> float:
            return seconds_of(lambda: connection.execute(BARE, parameters).fetchall())

        rounds = asyncio.run(_rounds(stack, bare))
    bare_ms, *ours_ms = (median(each) * 1000 for each in zip(*rounds, strict=True))
    return [
        at_most(
            f"coverage of a month, {name} / bare sum",
            paired_median([(one[place], one[0]) for one in rounds]),
            BOUND,
            f"{ours_ms[place - 1]:.0f} ms, {bare_ms:.0f} ms bare, {COST_LINES:,} lines",
        )
        for place, name in ((1, "its parts"), (2, "list of losses"))
    ]


async def _rounds(stack: BenchStack, bare: Callable[[], float]) -> list[tuple[float, float, float]]:
    token = mint_user_token(stack.settings, subject="bench", roles=["platform-admin"])
    asking = {"metadata": (("authorization", f"Bearer {token}"),), "timeout": MAX_SECONDS}
    async with grpc.aio.insecure_channel(stack.settings.address(Service.ANALYTICS)) as channel:
        service: Any = CoverageServiceStub(channel)

        async def parts() -> None:
            answer = await service.GetCoverage(
                pb.GetCoverageRequest(period=MONTH.isoformat()), **asking
            )
            assert answer.costs

        async def losses() -> None:
            request = pb.ListCoveragePartsRequest(period=MONTH.isoformat(), losses_only=True)
            await service.ListCoverageParts(request, **asking)

        async def seconds(call: Callable[[], Awaitable[None]]) -> float:
            started = perf_counter()
            await call()
            return perf_counter() - started

        return [(bare(), await seconds(parts), await seconds(losses)) for _ in range(ROUNDS)]

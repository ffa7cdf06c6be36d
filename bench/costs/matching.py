"""Matching a million lines again to 100,000 resources, compared with the ingest of the same bill.

Twice: when every line's match must be written, as after the first sync of an account, and when
nothing has changed. A sync fills the inventory before.
"""

import asyncio
import time
from typing import Any, Final

from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub

from bench.costs.ingest import Ingested, age_droplets, forget_bill, ingest_bill
from bench.environment import BenchStack
from bench.ratios import Ratio, at_most
from services.common.durable import connect
from services.common.settings import Service

__all__ = ["measure"]

LINES: Final = 1_000_000
RESOURCES: Final = 100_000
BOUND: Final = 1.5
MOST: Final = 0.95
"""Minimum matched lines: a few droplets of the account have the same name."""

UNMATCH: Final = """
UPDATE cloud_cost_lines SET match_state = 'unmatched', match_rung = '', match_reason = '',
    resource_id = NULL, tenant_id = NULL, deployment_id = NULL, project_id = NULL
WHERE provider_invoice_id = %s
"""
MATCHED: Final = """
SELECT count(*) FROM cloud_cost_lines WHERE provider_invoice_id = %s AND match_state = 'matched'
"""


def measure(stack: BenchStack) -> list[Ratio]:
    """Matching relative to the ingest, with all matches and with none to write."""
    with stack.without_latency():
        stack.sync(["droplet"])
        age_droplets(stack)
        return asyncio.run(_measure(stack))


async def _measure(stack: BenchStack) -> list[Ratio]:
    bill = await ingest_bill(stack, LINES, droplets=RESOURCES)
    with stack.database(Service.BILLING) as database:
        database.execute(UNMATCH, [bill.invoice_id])
        database.execute("VACUUM ANALYZE cloud_cost_lines")
    every = await _rematch(stack, bill)
    none = await _rematch(stack, bill)
    with stack.database(Service.BILLING) as database:
        [(matched,)] = database.execute(MATCHED, [bill.invoice_id]).fetchall()
    if matched < LINES * MOST:
        raise RuntimeError(f"only {matched:,} lines were matched")
    forget_bill(stack, bill)
    return [
        _ratio("every line changed", every, bill),
        _ratio("nothing changed", none, bill),
    ]


def _ratio(case: str, seconds: float, bill: Ingested) -> Ratio:
    detail = f"{seconds:.1f} s / {bill.seconds:.1f} s, {LINES:,} lines, {RESOURCES:,} resources"
    return at_most(f"re-matching / ingest, {case}", seconds / bill.seconds, BOUND, detail)


async def _rematch(stack: BenchStack, bill: Ingested) -> float:
    """Seconds from an operator's call to the end of its run."""
    client = await connect(stack.settings)
    async with stack.channel(Service.BILLING) as (channel, metadata):
        stub: Any = ProviderInvoiceServiceStub(channel)
        request = pb.RematchCostLinesRequest(provider_invoice_id=bill.invoice_id)
        started = time.perf_counter()
        answer = await stub.RematchCostLines(request, metadata=metadata)
        await client.get_workflow_handle(answer.run.workflow_id, run_id=answer.run.run_id).result()
        return time.perf_counter() - started

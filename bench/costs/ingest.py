"""The ingest of a bill of a million lines, from HTTP to matched rows, compared with COPY.

COPY writes the same final rows into the same table, with its indexes, from a local file. Memory is
the peak of the two processes that handle the lines, for a bill of 100,000 lines and one of two
million.

The bound is for the CSV form. The JSON form, which has the ids, comes in pages of 200, of which
DigitalOcean allows 250 a minute: its cost is shown for a smaller bill.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from typing import Any, Final

from arcadia.billing.v1 import ingest_service_pb2 as pb
from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceStub

from bench.environment import BenchStack
from bench.ratios import Ratio, at_most
from contracts.costs import InvoiceIngestInput, invoice_ingest
from contracts.flows import start_flow
from services.common.durable import connect
from services.common.rpc.clients import connect as connect_service
from services.common.settings import Service
from workflows.costs.invoice_ingest import InvoiceIngest

__all__ = ["Ingested", "age_droplets", "forget_bill", "ingest_bill", "measure"]

LINES: Final = 1_000_000
FEW_LINES: Final = 100_000
MANY_LINES: Final = 2_000_000
WITH_ITEMS: Final = 20_000
DROPLETS: Final = 1_000

TIMES_COPY: Final = 3.0
MAX_MEGABYTES: Final = 300
PROCESSES: Final = ("billing", "worker")
MEGABYTE: Final = 1 << 20

COLUMNS: Final = (
    "id, period, provider_invoice_id, row_number, product, group_description, description,"
    " project_name, category, hours, start_at, end_at, amount_usd, kind, classification,"
    " is_overage, resource_name, provider_resource_id, provider_resource_uuid, match_state,"
    " match_rung, match_reason, resource_id, tenant_id, deployment_id, project_id"
)
ANOTHER_MONTH: Final = "2019-01-01"

AGE: Final = """
UPDATE cloud_resources SET provider_created_at = now() - interval '200 days'
WHERE kind = 'droplet' AND provider_created_at > now() - interval '200 days'
"""
"""Most of the simulator's droplets are newer than the billed month."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """The ingest of a bill, and its cost."""

    invoice_id: str
    seconds: float
    peaks: dict[str, float]
    """Peak resident memory of each process, in MB."""


def measure(stack: BenchStack) -> list[Ratio]:
    """The duration relative to COPY, and memory at two sizes."""
    age_droplets(stack)
    with stack.without_latency():
        return asyncio.run(_measure(stack))


def age_droplets(stack: BenchStack) -> None:
    """Dates the inventory's droplets before the billed month, so that lines match them."""
    with stack.database(Service.INVENTORY) as connection:
        connection.execute(AGE)


async def _measure(stack: BenchStack) -> list[Ratio]:
    few = await ingest_bill(stack, FEW_LINES)
    many = await ingest_bill(stack, MANY_LINES)
    forget_bill(stack, many)
    with_items = await ingest_bill(stack, WITH_ITEMS, items=WITH_ITEMS)
    bill = await ingest_bill(stack, LINES)
    copied = _bare_copy(stack, bill)
    return [
        at_most(
            "ingest of a bill / bare COPY",
            bill.seconds / copied,
            TIMES_COPY,
            f"{bill.seconds:.1f} s / {copied:.1f} s, {LINES:,} lines; with the JSON form"
            f" {WITH_ITEMS / with_items.seconds:,.0f} lines/s",
        ),
        at_most(
            "ingest, MB of the largest process",
            max(many.peaks.values()),
            MAX_MEGABYTES,
            f"{MANY_LINES:,} lines {_memory_text(many)}; {FEW_LINES:,} lines {_memory_text(few)}",
        ),
    ]


def _memory_text(bill: Ingested) -> str:
    return ", ".join(f"{name} {peak:.0f}" for name, peak in bill.peaks.items())


async def ingest_bill(
    stack: BenchStack, lines: int, *, items: int = 0, droplets: int = DROPLETS
) -> Ingested:
    """Ingests a bill, as the workflow does."""
    made = stack.control("invoices", lines=lines, droplets=droplets, items=items)
    invoice = await _discover(stack, made)
    client = await connect(stack.settings)
    with stack.watched(*PROCESSES) as peaks:
        started = time.perf_counter()
        flow = invoice_ingest(invoice)
        result = await (await start_flow(client, flow, InvoiceIngest.run)).result()
        seconds = time.perf_counter() - started
    if (result.ingest.line_count, result.ingest.residual_usd) != (lines, "0"):
        raise RuntimeError(f"the bill does not add up: {result.in_words()}")
    return Ingested(invoice.provider_invoice_id, seconds, peaks)


async def _discover(stack: BenchStack, made: dict[str, Any]) -> InvoiceIngestInput:
    entry = pb.HistoryEntry(
        invoice_uuid=made["invoice_uuid"],
        amount_usd=made["amount"],
        period=made["invoice_period"],
    )
    entry.issued_at.GetCurrentTime()
    async with connect_service(stack.settings, Service.BILLING, caller="worker") as channel:
        stub: Any = IngestServiceStub(channel)
        await stub.RecordBillingHistory(pb.RecordBillingHistoryRequest(entries=[entry]))
    with stack.database(Service.BILLING) as database:
        [(identifier,)] = database.execute(
            "SELECT id::text FROM cloud_invoices WHERE invoice_uuid = %s", [entry.invoice_uuid]
        ).fetchall()
    return InvoiceIngestInput(identifier, entry.invoice_uuid)


def _bare_copy(stack: BenchStack, bill: Ingested) -> float:
    """Seconds to copy the bill's rows into the table once more."""
    moved = COLUMNS.replace("period,", f"date '{ANOTHER_MONTH}',", 1)
    rows = f"SELECT {moved} FROM cloud_cost_lines WHERE provider_invoice_id = %s ORDER BY id"
    with stack.database(Service.BILLING) as database, tempfile.TemporaryFile() as file:
        database.execute("SELECT prepare_cost_month(%s)", [ANOTHER_MONTH])
        with (
            database.cursor() as cursor,
            cursor.copy(f"COPY ({rows}) TO STDOUT".encode(), [bill.invoice_id]) as copy,
        ):
            for block in copy:
                file.write(block)
        file.seek(0)
        started = time.perf_counter()
        with (
            database.cursor() as cursor,
            cursor.copy(f"COPY cloud_cost_lines ({COLUMNS}) FROM STDIN".encode()) as copy,
        ):
            while block := file.read(MEGABYTE):
                copy.write(block)
        seconds = time.perf_counter() - started
        database.execute("DELETE FROM cloud_cost_lines WHERE period = %s", [ANOTHER_MONTH])
    return seconds


def forget_bill(stack: BenchStack, bill: Ingested) -> None:
    """Deletes a bill's lines, so that the next ingest starts from the same table."""
    with stack.database(Service.BILLING) as database:
        database.execute(
            "DELETE FROM cloud_cost_lines WHERE provider_invoice_id = %s", [bill.invoice_id]
        )
        database.execute("VACUUM cloud_cost_lines")

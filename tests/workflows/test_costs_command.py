"""Bills on demand: `arcadia costs fetch` and `rematch`, and the call that ingests one invoice."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import grpc
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub

from cli.runs import WAITING, details
from contracts.costs import INVOICE_INGEST, daily_costs, invoice_ingest
from contracts.flows import BY_HAND, start_flow
from services.common.identity.tokens import mint_user_token
from tests.support.environment import environment_of
from tests.workflows.billing_system import Bills
from workflows.costs.invoice_ingest import InvoiceIngest
from workflows.costs.readings import DailyCosts

SPRING = "2024-05-10T10:00:00Z"
"""Four invoices have been issued by then."""


async def arcadia(bills: Bills, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli.app", "costs", *arguments],
        env={**environment_of(bills.system.settings), "COLUMNS": "200"},
        cwd=bills.system.room.folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


async def test_fetch_waits_and_tells_what_became_of_every_invoice(bills: Bills) -> None:
    bills.system.simulator.reset(now=SPRING)
    bills.system.start_worker()
    ran = await arcadia(bills, "fetch")
    assert ran.returncode == 0, ran.stderr
    assert "billing-history/digitalocean/manual" in ran.stdout
    assert "history: 4 new invoices, 0 changed, 0 unchanged" in ran.stdout
    for month in ("2024-01", "2024-02", "2024-03", "2024-04"):
        assert f"{month}: " in ran.stdout
    assert ran.stdout.count("residual 0;") == 4
    assert "0 new invoices, 0 changed, 4 unchanged" in (await arcadia(bills, "fetch")).stdout


async def test_fetch_fails_when_an_invoice_failed_and_says_which_and_why(bills: Bills) -> None:
    bills.system.simulator.reset(now=SPRING)
    bills.system.start_worker()
    broken = bills.issued()[0]
    path = f"/v2/customers/my/invoices/{broken}/csv"
    bills.system.simulator.fault("truncate", path=path)
    ran = await arcadia(bills, "fetch")
    assert ran.returncode == 1
    assert ran.stdout.count("residual 0;") == 3
    assert f"failed: {broken}: MalformedBill: row " in ran.stdout
    assert "The walk failed: InvoicesFailed: 1 failed" in ran.stdout


async def test_rematch_starts_the_matching_of_a_month(bills: Bills) -> None:
    bills.system.start_worker()
    uuid = bills.issued()[0]
    client = bills.system.client
    await (
        await start_flow(client, invoice_ingest(await bills.discover(uuid)), InvoiceIngest.run)
    ).result()
    ran = await arcadia(bills, "rematch", "--period", "2026-04")
    assert ran.returncode == 0, ran.stderr
    assert "started cost-rematch/2026-04;" in ran.stdout
    matched = await client.get_workflow_handle("cost-rematch/2026-04").result()
    [line] = matched["matched"]
    assert line.startswith("2026-04: ")


async def ingest(bills: Bills, invoice_id: str, request_id: str = "") -> costs_pb2.ProviderInvoice:
    """Asks for the ingest of an invoice, as an operator."""
    token = mint_user_token(bills.system.settings, subject="op", roles=["platform-admin"])
    async with grpc.aio.insecure_channel(bills.system.settings.billing_address) as channel:
        answer = await ProviderInvoiceServiceStub(channel).IngestProviderInvoice(
            pb.IngestProviderInvoiceRequest(id=invoice_id, request_id=request_id),
            metadata=(("authorization", f"Bearer {token}"),),
        )
        return answer.provider_invoice


async def test_asking_for_an_ingest_starts_its_run_once_and_says_which(bills: Bills) -> None:
    uuid = bills.issued()[0]
    invoice = await bills.discover(uuid)
    asked = await ingest(bills, invoice.provider_invoice_id, "once")
    again = await ingest(bills, invoice.provider_invoice_id)
    repeated = await ingest(bills, invoice.provider_invoice_id, "once")
    assert asked.run.workflow_id == INVOICE_INGEST.id(uuid)
    assert asked.run.status == "running"
    assert asked.run.run_id == again.run.run_id == repeated.run.run_id != ""
    description = await bills.system.client.get_workflow_handle(
        asked.run.workflow_id, run_id=asked.run.run_id
    ).describe()
    assert description.workflow_type == "InvoiceIngest"
    assert await description.static_summary() == "ingest the invoice of an unknown month"

    bills.system.start_worker()
    handle = bills.system.client.get_workflow_handle(asked.run.workflow_id)
    await handle.result()
    assert bills.kept(uuid) == bills.truth(uuid)
    [(key, status)] = bills.rows("SELECT key, status FROM cloud_ingests")
    assert (key, status) == (f"{asked.run.workflow_id}/{asked.run.run_id}", "completed")


async def test_a_waiting_command_shows_whether_a_worker_is_running(bills: Bills) -> None:
    bills.system.simulator.reset()
    bills.system.simulator.fault("delay", pattern="/insights/", delay_ms=5000, times=1)
    handle = await start_flow(bills.system.client, daily_costs(BY_HAND), DailyCosts.run)
    assert await details(bills.system.client, handle) == (WAITING,)
    bills.system.start_worker()
    told: Sequence[str] = (WAITING,)
    while told == (WAITING,):
        told = await details(bills.system.client, handle)
    assert not told, "it has nothing to say of itself before the first answer"
    assert (await handle.result()).row_count > 0


async def test_daily_costs_are_read_on_demand(bills: Bills) -> None:
    bills.system.simulator.reset()
    bills.system.start_worker()
    ran = await arcadia(bills, "daily")
    [(count, total)] = bills.rows("SELECT count(*), sum(amount_usd) FROM cloud_daily_costs")
    assert (ran.returncode, count > 0) == (0, True), ran.stderr
    assert f"{count:,} estimates, USD {total}" in ran.stdout

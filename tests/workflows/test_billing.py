"""The provider's bills on a real Temporal server, over a simulated account with several years."""

import asyncio
import time
from decimal import Decimal

import pytest
from temporalio.client import Client, WorkflowFailureError

from contracts.costs import (
    BALANCE_SNAPSHOT,
    BILLING_HISTORY,
    INVOICE_INGEST,
    BalanceInput,
    billing_history,
    daily_costs,
    invoice_ingest,
)
from contracts.flows import BY_HAND, TaskQueue, start_flow
from services.common.settings import Settings
from tests.support.waiting import tries
from tests.workflows.billing_system import Bills
from workflows.costs.billing_history import BillingHistory
from workflows.costs.invoice_ingest import InvoiceIngest
from workflows.costs.readings import BalanceSnapshot, DailyCosts
from workflows.schedules import planned

INVOICES = "/v2/customers/my/invoices"


async def test_every_invoice_of_the_history_is_ingested_to_the_cent_and_only_once(
    bills: Bills,
) -> None:
    bills.system.start_worker()
    walk = await start_flow(bills.system.client, billing_history(BY_HAND), BillingHistory.run)
    result = await walk.result()

    issued = bills.issued()
    assert len(result.ingested) == result.walk.discovered_count == len(issued) > 24
    assert result.failed == result.running_elsewhere == ()
    assert bills.rows(
        "SELECT DISTINCT ingest_status, balanced, residual_usd::text FROM cloud_invoices"
    ) == [("ingested", True, "0.00")]
    for uuid in issued:
        assert bills.kept(uuid) == bills.truth(uuid)

    again = await (
        await start_flow(bills.system.client, billing_history(BY_HAND), BillingHistory.run)
    ).result()
    assert (again.ingested, again.walk.unchanged_count) == ((), len(issued))


async def test_an_invoice_is_found_by_its_uuid_its_month_and_its_residual(bills: Bills) -> None:
    client = bills.system.client
    bills.system.start_worker()
    uuid = bills.issued()[0]
    await (
        await start_flow(client, invoice_ingest(await bills.discover(uuid)), InvoiceIngest.run)
    ).result()
    query = (
        f'ArcadiaProviderInvoice = "{uuid}" AND ArcadiaResidual = "0"'
        ' AND ArcadiaOutcome = "balanced" AND ArcadiaPeriod = "2026-04"'
    )
    assert await found(client, query) == {INVOICE_INGEST.id(uuid)}


async def found(client: Client, query: str) -> set[str]:
    """The workflows that a query finds; what was just written shows after a moment."""
    for _ in tries():
        ids = {run.id async for run in client.list_workflows(query)}
        if ids:
            return ids
        await asyncio.sleep(0.1)
    return set()


async def test_a_malformed_bill_fails_alone_and_says_where(bills: Bills) -> None:
    bills.system.simulator.reset(now="2024-05-10T10:00:00Z")
    bills.system.start_worker()
    broken, *others = bills.issued()
    bills.system.simulator.fault("truncate", path=f"{INVOICES}/{broken}/csv")
    walk = await start_flow(bills.system.client, billing_history(BY_HAND), BillingHistory.run)
    with pytest.raises(WorkflowFailureError) as failed:
        await walk.result()

    assert "1 failed" in str(failed.value.cause)
    status, error, _ = bills.status(broken)
    assert status == "failed"
    assert error.startswith("MalformedBill: row ")
    assert bills.kept(broken).total() == 0
    told = await walk.query(BillingHistory.progress)
    assert len(told.ingested) == len(others) == 3
    assert bills.rows("SELECT count(*) FROM cloud_staged_lines") == [(0,)]


async def test_a_failed_ingest_keeps_the_lines_and_the_next_one_replaces_them(
    bills: Bills,
) -> None:
    client, simulator = bills.system.client, bills.system.simulator
    bills.system.start_worker()
    uuid = bills.issued()[0]
    invoice = await bills.discover(uuid)
    await (await start_flow(client, invoice_ingest(invoice), InvoiceIngest.run)).result()
    simulator.fault("status", path=f"{INVOICES}/{uuid}", status=403)
    with pytest.raises(WorkflowFailureError):
        await (await start_flow(client, invoice_ingest(invoice), InvoiceIngest.run)).result()
    assert bills.status(uuid)[0] == "failed"
    assert bills.kept(uuid) == bills.truth(uuid)
    simulator.behave()
    await (await start_flow(client, invoice_ingest(invoice), InvoiceIngest.run)).result()
    assert bills.status(uuid) == ("ingested", "", Decimal("0.00"))
    assert bills.kept(uuid) == bills.truth(uuid)


async def test_temporary_failures_are_retried_and_nothing_is_doubled(bills: Bills) -> None:
    simulator = bills.system.simulator
    bills.system.start_worker()
    uuid = bills.issued()[0]
    invoice = await bills.discover(uuid)
    csv = f"{INVOICES}/{uuid}/csv"
    simulator.fault("too_many_requests", path=csv, times=1, retry_after=1)
    simulator.fault("server_error", path=csv, times=1)
    simulator.fault("drop", path=csv, times=1)
    simulator.fault("gateway_timeout", path=csv, times=1)
    simulator.fault("server_error", path=f"{INVOICES}/{uuid}", pattern="page=", times=1)
    result = await (
        await start_flow(bills.system.client, invoice_ingest(invoice), InvoiceIngest.run)
    ).result()
    assert result.ingest.outcome == "balanced"
    assert bills.kept(uuid) == bills.truth(uuid)


@pytest.mark.soak
async def test_a_worker_killed_in_mid_ingest_doubles_nothing_and_the_next_goes_on(
    bills: Bills,
) -> None:
    simulator = bills.system.simulator
    uuid = bills.synthetic(8_000)
    invoice = await bills.discover(uuid)
    simulator.fault("delay", path=f"{INVOICES}/{uuid}", pattern="page=", delay_ms=100)
    worker = bills.system.start_worker_process()
    handle = await start_flow(bills.system.client, invoice_ingest(invoice), InvoiceIngest.run)

    def pages() -> list[str]:
        return [path for path in simulator.requests(path=f"{INVOICES}/{uuid}?") if "page=" in path]

    def wait_until_in_the_middle() -> None:
        while len(pages()) < 36:
            time.sleep(0.05)

    await asyncio.to_thread(wait_until_in_the_middle)
    worker.popen.kill()
    bills.system.start_worker()
    result = await handle.result()

    assert (result.ingest.line_count, result.ingest.residual_usd) == (8_000, "0")
    assert bills.kept(uuid) == bills.truth(uuid)
    assert pages().count(pages()[0]) == 1


async def test_an_ingest_runs_once_at_a_time(bills: Bills) -> None:
    uuid = bills.issued()[0]
    invoice = await bills.discover(uuid)
    first = await start_flow(bills.system.client, invoice_ingest(invoice), InvoiceIngest.run)
    second = await start_flow(bills.system.client, invoice_ingest(invoice), InvoiceIngest.run)
    assert second.first_execution_run_id == first.first_execution_run_id
    bills.system.start_worker()
    await first.result()
    assert bills.kept(uuid) == bills.truth(uuid)


async def test_the_balance_is_kept_as_the_provider_tells_it(bills: Bills) -> None:
    bills.system.start_worker()
    await bills.system.client.execute_workflow(
        BalanceSnapshot.run,
        BalanceInput("digitalocean"),
        id="balance-snapshot/test",
        task_queue=TaskQueue.CLOUD_BILLING,
    )
    told = bills.told("/v2/customers/my/balance")
    assert bills.rows(
        "SELECT month_to_date_balance, account_balance, month_to_date_usage"
        " FROM cloud_balance_snapshots"
    ) == [
        tuple(
            Decimal(told[figure])
            for figure in ("month_to_date_balance", "account_balance", "month_to_date_usage")
        )
    ]


async def test_daily_costs_are_those_of_the_provider_and_reading_again_doubles_nothing(
    bills: Bills,
) -> None:
    bills.system.simulator.reset()  # to today: estimates are of the last days
    bills.system.start_worker()
    for _ in range(2):
        result = await (
            await start_flow(bills.system.client, daily_costs(BY_HAND), DailyCosts.run)
        ).result()
    [(count, total)] = bills.rows("SELECT count(*), sum(amount_usd) FROM cloud_daily_costs")
    assert count == result.row_count > 0
    assert total == Decimal(result.amount_usd) > 0
    [(days,)] = bills.rows("SELECT count(*) FROM cloud_daily_cost_days")
    assert days == 31


def test_balances_are_kept_at_seven_past_and_the_history_is_walked_at_night() -> None:
    table = {plan.id: plan for plan in planned(Settings())}
    balance, history = table[BALANCE_SNAPSHOT.id()].calendar, table[BILLING_HISTORY.id()].calendar
    assert [at.start for at in balance.minute] == [7]
    assert [(at.start, at.end) for at in balance.hour] == [(0, 23)]
    assert [at.start for at in history.hour] == [2]
    assert [at.start for at in history.minute] == [23]

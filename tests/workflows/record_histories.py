"""Saves histories of real runs: `pytest tests/workflows/record_histories.py`."""

import asyncio
import json
import socket
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError

from contracts.costs import (
    INVOICE_INGEST,
    LIST_PRICE_SYNC,
    BalanceInput,
    CostRematchInput,
    billing_history,
    daily_costs,
    invoice_ingest,
)
from contracts.flows import BY_HAND, TaskQueue, start_flow
from contracts.metering import MeteringInput, margin_refresh, metering_by_hand
from tests.workflows import test_bill_wait as bill_wait
from tests.workflows import test_saga_ends as saga_ends
from tests.workflows.billing_system import Bills
from tests.workflows.skipping import refused, skipping, until_heard
from tests.workflows.system import System, outcomes_of
from tests.workflows.test_list_prices import Prices, prices
from tests.workflows.test_metering import droplets, free
from tests.workflows.test_provision import Provisioning, provisioning
from tests.workflows.test_revert_drift import Drifting, drifting
from tests.workflows.usage_system import Usage
from workflows.costs.billing_history import BillingHistory
from workflows.costs.invoice_ingest import CostRematch, InvoiceIngest
from workflows.costs.readings import BalanceSnapshot, DailyCosts
from workflows.drift.drift_sweep import DriftSweep
from workflows.metering.metering import MarginRefresh, Metering
from workflows.provisioning.provision import Provision
from workflows.sync.starts import drift_sweep_by_hand

__all__ = ["drifting", "prices", "provisioning"]  # fixtures

HISTORIES = Path(__file__).parent / "histories"


async def save(system: System, workflow_id: str, name: str) -> None:
    await save_from(system.client, workflow_id, name)


async def save_from(client: Client, workflow_id: str, name: str) -> None:
    """Saves the newest run of a workflow."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    document = without_machine(json.loads(history.to_json()))
    (HISTORIES / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


def without_machine(value: Any) -> Any:
    """The history without what tells of the machine on which it was made."""
    if isinstance(value, dict):
        return {
            key: without_machine(member) for key, member in value.items() if key != "stackTrace"
        }
    if isinstance(value, str) and socket.gethostname() in value:
        return "a worker"
    return [without_machine(member) for member in value] if isinstance(value, list) else value


async def test_record(system: System) -> None:
    system.start_worker()
    first = await system.start("project", "droplet")
    await outcomes_of(first)
    await save(system, first.id, "ResourceSync.first")
    await save(
        system,
        f"ensure-project/digitalocean/{system.settings.internal_project}",
        "EnsureProject.made",
    )

    droplet = str(system.simulator.truth()[1]["id"])
    await system.read("droplet", droplet)
    await save(system, f"sync-resource/digitalocean/droplet/{droplet}", "SyncResource.read")
    await system.read("droplet", "1")
    await save(system, "sync-resource/digitalocean/droplet/1", "SyncResource.missing")

    gone = str(system.simulator.truth()[0]["id"])
    system.simulator.delete(gone)
    for _ in range(3):
        third = await system.start("project", "droplet")
        await outcomes_of(third)
    await save(system, third.id, "ResourceSync.confirmed")

    system.simulator.fault("shift", path="/v2/droplets", page=2, times=1)
    again = await system.start("project", "droplet")
    await outcomes_of(again)
    await save(system, again.id, "ResourceSync.read-again")

    system.simulator.fault("status", path="/v2/droplets", status=401)
    failed = await system.start("project", "droplet")
    await outcomes_of(failed)
    await save(system, failed.id, "ResourceSync.failed")


async def test_record_drift(system: System) -> None:
    system.start_worker()
    compared = await start_flow(
        system.client, drift_sweep_by_hand(["droplet", "domain"]), DriftSweep.run
    )
    await compared.result()
    await save(system, compared.id, "DriftSweep.compared")

    system.simulator.fault("status", path="/v2/actions", status=401)
    failed = await start_flow(
        system.client, drift_sweep_by_hand(["droplet", "domain"]), DriftSweep.run
    )
    with pytest.raises(WorkflowFailureError):
        await failed.result()
    await save(system, failed.id, "DriftSweep.failed")


async def test_record_billing(bills: Bills) -> None:
    client, simulator = bills.system.client, bills.system.simulator
    simulator.reset(now="2024-03-10T10:00:00Z")
    bills.system.start_worker()
    walked = await start_flow(client, billing_history(BY_HAND), BillingHistory.run)
    await walked.result()
    await save(bills.system, walked.id, "BillingHistory.ingested")
    newest = bills.issued()[0]
    await save(bills.system, INVOICE_INGEST.id(newest), "InvoiceIngest.balanced")

    simulator.fault("truncate", path=f"/v2/customers/my/invoices/{newest}/csv")
    failed = await start_flow(
        client, invoice_ingest(await bills.discover(newest)), InvoiceIngest.run
    )
    with pytest.raises(WorkflowFailureError):
        await failed.result()
    await save(bills.system, failed.id, "InvoiceIngest.failed")
    again = await start_flow(client, billing_history(BY_HAND), BillingHistory.run)
    with pytest.raises(WorkflowFailureError):
        await again.result()
    await save(bills.system, again.id, "BillingHistory.failed")

    balance = await client.start_workflow(
        BalanceSnapshot.run,
        BalanceInput("digitalocean"),
        id="balance-snapshot/recorded",
        task_queue=TaskQueue.CLOUD_BILLING,
    )
    await balance.result()
    await save(bills.system, balance.id, "BalanceSnapshot.kept")
    simulator.behave()
    simulator.reset()
    costs = await start_flow(client, daily_costs(BY_HAND), DailyCosts.run)
    await costs.result()
    await save(bills.system, costs.id, "DailyCosts.read")


async def test_record_list_prices(prices: Prices) -> None:
    await prices.sync()
    await save(prices.system, LIST_PRICE_SYNC.id(BY_HAND), "ListPriceSync.recorded")


async def test_record_rematch(bills: Bills) -> None:
    bills.system.start_worker()
    known = await bills.discover(bills.issued()[0])
    await (await start_flow(bills.system.client, invoice_ingest(known), InvoiceIngest.run)).result()
    matched = await bills.system.client.start_workflow(
        CostRematch.run,
        CostRematchInput((known,)),
        id="cost-rematch/recorded",
        task_queue=TaskQueue.CLOUD_BILLING,
    )
    await matched.result()
    await save(bills.system, matched.id, "CostRematch.matched")


async def test_record_metering(usage: Usage) -> None:
    client = usage.system.client
    usage.peers.price = free
    usage.peers.spans = droplets(2)
    usage.system.start_worker()
    metered = await start_flow(client, metering_by_hand(), Metering.run)
    await metered.result()
    await save(usage.system, metered.id, "Metering.metered")
    await save_metered_again(usage)
    usage.peers.fail_accrual = True
    failed = await start_flow(client, metering_by_hand([date(2026, 4, 10)]), Metering.run)
    with pytest.raises(WorkflowFailureError):
        await failed.result()
    await save(usage.system, failed.id, "Metering.failed")
    margin = await start_flow(client, margin_refresh(date(2026, 4, 1)), MarginRefresh.run)
    await margin.result()
    await save(usage.system, margin.id, "MarginRefresh.computed")


async def save_metered_again(usage: Usage) -> None:
    again = await usage.system.client.start_workflow(
        Metering.run,
        MeteringInput(with_costs=False, last_month_too=True),
        id="metering/again",
        task_queue=TaskQueue.METERING,
    )
    await again.result()
    await save(usage.system, again.id, "Metering.metered-again")


async def test_record_reverts(drifting: Drifting) -> None:
    drift = await drifting.changed(size="s-2vcpu-2gb")
    actions = f"/v2/droplets/{drifting.id}/actions"
    drifting.system.simulator.fault(
        "status", path=actions, method="POST", status=422, skip=1, times=1
    )
    await drifting.revert(drift.id)
    with pytest.raises(WorkflowFailureError):
        await drifting.run_of(drift.id).result()
    await save(drifting.system, f"revert-drift/{drift.id}", "RevertDrift.failed-in-turn")
    await drifting.revert(drift.id)
    await drifting.run_of(drift.id).result()
    await save(drifting.system, f"revert-drift/{drift.id}", "RevertDrift.took-its-turn")
    await save(drifting.system, f"droplet-actions/{drifting.id}", "DropletTurn.given-back")


async def test_record_provisions(provisioning: Provisioning) -> None:
    asked = await provisioning.provision()
    await provisioning.run_of(asked).result()
    await save(provisioning.system, asked.run.workflow_id, "Provision.made")
    gone = await provisioning.provision(project_id="00000000-0000-7000-8000-000000000000")
    with pytest.raises(WorkflowFailureError):
        await provisioning.run_of(gone).result()
    await save(provisioning.system, gone.run.workflow_id, "Provision.undone")


async def test_record_saga_ends() -> None:
    async with skipping() as client:
        script = saga_ends.provisioning()
        script.held["record_spec"] = asyncio.Event()
        async with saga_ends.running(client, script, Provision.run, saga_ends.ORDER) as cancelled:
            await saga_ends.begins(script, "record_spec")
            await cancelled.cancel()
            await until_heard(cancelled)
            script.held["record_spec"].set()
            await saga_ends.fails(cancelled)
        await save_from(client, cancelled.id, "Provision.cancelled")
        no = refused("no")
        script = saga_ends.provisioning(assign_droplet=[no], unassign_droplet=[no] * 2)
        async with saga_ends.running(
            client, script, Provision.run, saga_ends.ORDER
        ) as retried_in_rounds:
            await saga_ends.fails(retried_in_rounds)
        await save_from(client, retried_in_rounds.id, "Provision.insisted")


async def test_record_bill_wait() -> None:
    await bill_wait.rolled_up(
        bill_wait.month(incomplete_looks=1),
        lambda client: save_from(client, "bill-wait/2026-04", "BillWait.attributed"),
    )

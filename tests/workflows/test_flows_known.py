"""The contracts of flows match the workers and the documentation."""

from datetime import date
from typing import Any, get_type_hints

import pytest

from contracts.collections import DUNNING, LOOK, DunningTerms, dunning
from contracts.costs import InvoiceIngestInput, billing_history, cost_rematch, invoice_ingest
from contracts.drift import revert_drift
from contracts.flows import BY_HAND, Flow
from contracts.invoicing import (
    DECIDE,
    INVOICE_ROLLUP,
    BillWaitInput,
    RollupInput,
    bill_wait,
    invoice_rollup,
    rollup_hand_over,
)
from contracts.metering import margin_refresh, metering_by_hand
from contracts.migrations import DECIDE as MIGRATION_DECIDED
from contracts.migrations import PLAN_MIGRATION
from contracts.provisioning import droplet_turn
from contracts.spend import DECIDED, SPEND_BREACH, BreachInput, spend_breach
from services.common.settings import Settings
from workflows.assembly import SUBSYSTEMS
from workflows.document import FLOWS, PAGE, rendered
from workflows.schedules import PlannedSchedule, planned
from workflows.sync.starts import drift_sweep_by_hand, sync_by_hand


def workflow_of(flow: Flow) -> Any:
    """What the worker of a flow's queue runs under its name."""
    return next(one for one in SUBSYSTEMS[flow.queue].workflows if one.__name__ == flow.name)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.prefix)
def test_a_flow_is_run_by_the_worker_of_its_queue(flow: Flow) -> None:
    assert workflow_of(flow)


def test_every_workflow_of_a_queue_is_a_flow_of_it() -> None:
    known = {(flow.queue, flow.name) for flow in FLOWS}
    assert known == {
        (queue, one.__name__) for queue, its in SUBSYSTEMS.items() for one in its.workflows
    }


@pytest.mark.parametrize("plan", planned(Settings()), ids=lambda plan: plan.id)
def test_a_schedule_starts_a_workflow_with_what_it_takes(plan: PlannedSchedule) -> None:
    run = workflow_of(plan.start.flow).run
    assert get_type_hints(run)["request"] is type(plan.start.argument)


def test_a_flow_has_a_schedule_or_names_who_starts_it() -> None:
    scheduled = {plan.start.flow.prefix for plan in planned(Settings())}
    assert [
        flow.name for flow in FLOWS if not flow.started_by and flow.prefix not in scheduled
    ] == []


@pytest.mark.parametrize(
    ("flow", "signal"),
    [
        (DUNNING, LOOK),
        (INVOICE_ROLLUP, DECIDE),
        (SPEND_BREACH, DECIDED),
        (PLAN_MIGRATION, MIGRATION_DECIDED),
    ],
)
def test_a_signal_of_the_services_is_one_of_the_workflows(flow: Flow, signal: str) -> None:
    assert hasattr(getattr(workflow_of(flow), signal), "__temporal_signal_definition")


def test_the_operators_table_is_current() -> None:
    assert PAGE.read_text() == rendered(PAGE.read_text()), "run python -m workflows.document"
    assert all(f"| `{flow.prefix}" in PAGE.read_text() for flow in FLOWS)


def test_workflow_ids_are_stable_across_releases() -> None:
    day = date(2026, 4, 1)
    bill = InvoiceIngestInput("7", "b1")

    assert [
        start.id
        for start in (
            sync_by_hand(Settings(), ["droplet"]),
            drift_sweep_by_hand(),
            revert_drift("d1", what="size of droplet web", tenant_id="acme", by="op"),
            billing_history(BY_HAND),
            invoice_ingest(bill),
            cost_rematch("2026-04", [bill]),
            metering_by_hand([day]),
            margin_refresh(day),
            invoice_rollup(RollupInput("2026-04-01")),
            bill_wait(BillWaitInput("2026-04-01")),
            rollup_hand_over("r1", "2026-04", "run"),
            dunning("acme", DunningTerms(grace_seconds=60)),
            spend_breach(BreachInput("s1"), tenant_id="acme", period_code="2026-04", summary=""),
            droplet_turn("42", "provision/p1"),
        )
    ] == [
        "resource-sync/digitalocean/manual/droplet",
        "drift-sweep/digitalocean/manual",
        "revert-drift/d1",
        "billing-history/digitalocean/manual",
        "invoice-ingest/b1",
        "cost-rematch/2026-04",
        "metering/manual/2026-04-01",
        "margin-refresh/2026-04",
        "invoice-rollup/2026-04",
        "bill-wait/2026-04",
        "hand-over/2026-04/run",
        "dunning/acme",
        "spend/s1",
        "droplet-actions/42",
    ]


def test_a_run_is_not_found_by_what_is_not_known_of_it() -> None:
    start = invoice_ingest(InvoiceIngestInput("7", "b1", period=""))

    assert [pair.key.name for pair in start.attributes] == ["ArcadiaProviderInvoice"]

"""What contracts say of a flow is what the workers run, and what operators read."""

from typing import Any, get_type_hints

import pytest

from contracts.collections import DUNNING, LOOK
from contracts.flows import Flow
from contracts.invoicing import DECIDE, INVOICE_ROLLUP
from contracts.spend import DECIDED, SPEND_BREACH
from services.common.settings import Settings
from workflows.assembly import SUBSYSTEMS
from workflows.document import FLOWS, PAGE, rendered
from workflows.schedules import PlannedSchedule, planned


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


@pytest.mark.parametrize(
    ("flow", "signal"),
    [(DUNNING, LOOK), (INVOICE_ROLLUP, DECIDE), (SPEND_BREACH, DECIDED)],
)
def test_a_signal_of_the_services_is_one_of_the_workflows(flow: Flow, signal: str) -> None:
    assert hasattr(getattr(workflow_of(flow), signal), "__temporal_signal_definition")


def test_the_operators_table_is_current() -> None:
    assert PAGE.read_text() == rendered(PAGE.read_text()), "run python -m workflows.document"
    assert all(f"| `{flow.prefix}" in PAGE.read_text() for flow in FLOWS)

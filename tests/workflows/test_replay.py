"""Saved runs of older code replay with this one.

The histories are of real runs (`pytest tests/workflows/record_histories.py`). A change that does
not replay them needs a patch marker, not a new history.
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from workflows.assembly import SUBSYSTEMS
from workflows.worker import WORKFLOW_RUNNER

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def test_there_are_histories_of_every_workflow() -> None:
    ran = {path.name.partition(".")[0] for path in HISTORIES}
    assert ran == {workflow.__name__ for one in SUBSYSTEMS.values() for workflow in one.workflows}


@pytest.fixture(params=HISTORIES, ids=lambda path: path.stem)
def history(request: pytest.FixtureRequest) -> WorkflowHistory:
    """A saved run."""
    path: Path = request.param
    return WorkflowHistory.from_json(path.stem, path.read_text())


async def test_a_saved_run_replays(history: WorkflowHistory) -> None:
    replayer = Replayer(
        workflows=list({workflow for one in SUBSYSTEMS.values() for workflow in one.workflows}),
        data_converter=pydantic_data_converter,
        workflow_runner=WORKFLOW_RUNNER,
    )

    await replayer.replay_workflow(history)

"""The status of a drift and a provision on the command line."""

from typing import Any

import pytest
from arcadia.catalog.v1 import deployments_pb2
from arcadia.common.v1 import runs_pb2
from arcadia.inventory.v1 import drift_pb2
from typer.testing import CliRunner

from cli.app import app
from cli.inventory.drift import status_of
from cli.inventory.provision import status_text


@pytest.mark.parametrize(
    ("drift", "run", "told"),
    [
        ({}, {}, "open"),
        ({"muted_by_rule_id": "r"}, {}, "open, muted"),
        ({}, {"status": "running"}, "open, being reverted"),
        (
            {},
            {"status": "failed", "reason": "the revert was cancelled"},
            "open, not reverted: the revert was cancelled",
        ),
        ({"status": "accepted"}, {"status": "failed", "reason": "busy"}, "accepted"),
        ({"status": "reverted"}, {"status": "completed"}, "reverted"),
    ],
)
def test_a_drift_shows_its_revert(drift: dict[str, Any], run: dict[str, Any], told: str) -> None:
    message = drift_pb2.Drift(**{"status": "open", **drift})
    if run:
        message.revert_run.CopyFrom(runs_pb2.Run(**run))
    assert status_of(message) == told


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        ({"status": "running"}, "7 · web-1 · running"),
        ({"status": "completed", "step": "assign", "resource_id": "r"},
         "7 · web-1 · completed · assign · r"),
        ({"status": "failed", "step": "create", "reason": "no such size"},
         "7 · web-1 · failed · create · no such size"),
    ],
)  # fmt: skip  # a table
def test_a_provision_omits_what_it_does_not_have_yet(standing: dict[str, Any], told: str) -> None:
    droplet = deployments_pb2.DropletOrder(name="web-1")
    assert status_text(deployments_pb2.Provision(id="7", droplet=droplet, **standing)) == told


def test_more_days_than_the_calendar_has_are_refused() -> None:
    mute = ("drift", "mute", "droplet", "size", "--reason", "a test", "--days", "1e9")
    outcome = CliRunner().invoke(app, list(mute))
    assert (outcome.exit_code, "--days" in outcome.output) == (2, True), outcome.output

"""How a drift stands, as the command line says it."""

from typing import Any

import pytest
from arcadia.common.v1 import runs_pb2
from arcadia.inventory.v1 import drift_pb2

from cli.inventory.drift import status_of


@pytest.mark.parametrize(
    ("drift", "run", "told"),
    [
        ({}, {}, "open"),
        ({"muted_by_rule_id": "r"}, {}, "open, muted"),
        ({}, {"status": "running"}, "open, being reverted"),
        (
            {},
            {"status": "failed", "reason": "it was cancelled"},
            "open, not reverted: it was cancelled",
        ),
        ({"status": "accepted"}, {"status": "failed", "reason": "busy"}, "accepted"),
        ({"status": "reverted"}, {"status": "completed"}, "reverted"),
    ],
)
def test_a_drift_says_what_is_done_about_it(
    drift: dict[str, Any], run: dict[str, Any], told: str
) -> None:
    message = drift_pb2.Drift(**{"status": "open", **drift})
    if run:
        message.revert_run.CopyFrom(runs_pb2.Run(**run))
    assert status_of(message) == told

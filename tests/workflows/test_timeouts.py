"""A dead worker is detected soon, at any step."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from workflows.durable.timeouts import short, with_heartbeat

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
HOUR = timedelta(hours=1)
NOTICING = {"heartbeat_timeout", "start_to_close_timeout"}


def steps() -> Iterator[tuple[str, dict[str, str]]]:
    """Every step of every workflow: where it stands, and what it is started with."""
    for path in sorted(WORKFLOWS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ".execute_activity" in ast.unparse(node.func):
                given = {word.arg or "": ast.unparse(word.value) for word in node.keywords}
                yield f"{path.relative_to(WORKFLOWS)}:{node.lineno}", given


def test_every_step_beats_or_is_short_so_that_a_dead_worker_is_noticed() -> None:
    assert [place for place, given in steps() if not NOTICING & set(given)] == []
    assert all(one.heartbeat or one.each for one in (short(), with_heartbeat(HOUR)))


def test_every_step_is_started_by_the_one_form_that_says_how_it_is_attempted() -> None:
    direct = {place.partition(":")[0] for place, _ in steps()}
    assert direct == {"durable/timeouts.py"}

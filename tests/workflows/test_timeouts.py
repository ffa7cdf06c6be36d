"""A worker that dies is noticed soon, whatever step it was at."""

import ast
from collections.abc import Iterator
from pathlib import Path

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
NOTICING = {"heartbeat_timeout", "start_to_close_timeout"}


def steps() -> Iterator[tuple[str, dict[str, str]]]:
    """Every step of every workflow: where it stands, and what it is started with."""
    for path in sorted(WORKFLOWS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ".execute_activity" in ast.unparse(node.func):
                given = {word.arg or "": ast.unparse(word.value) for word in node.keywords}
                yield f"{path.relative_to(WORKFLOWS)}:{node.lineno}", given


def is_noticing(given: dict[str, str]) -> bool:
    """Whether a step has one of these timeouts, by itself or by options that have one."""
    options = given.get("", "")
    return bool(NOTICING & set(given)) or "with_heartbeat" in options or "short" in options


def test_every_step_beats_or_is_short_so_that_a_dead_worker_is_noticed() -> None:
    assert [place for place, given in steps() if not is_noticing(given)] == []
    assert len(list(steps())) > 30

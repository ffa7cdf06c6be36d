"""The assignment of tests to pytest's workers, and their order."""

from enum import IntEnum
from pathlib import Path
from typing import Any

from hypothesis import is_hypothesis_test
from xdist.scheduler import LoadScopeScheduling

__all__ = ["FilesOfAStack", "long_first"]

WHOLE_STACK = ("test_whole_stack.py", "front_door.py")
"""Suffixes of files whose tests share the whole system, which is slow to start."""

LONG = ("workflows", "invoicing", "scenarios", "billing_machine")
"""Folders whose files take long."""

ENGINES = "engine_room"
"""The fixture behind every fixture with a real engine."""


class Rank(IntEnum):
    """The expected duration of a file; long ones come first."""

    WHOLE_STACK = 0
    LONG = 1
    ENGINES = 2
    PROPERTIES = 3
    SHORT = 4


class FilesOfAStack(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a file to one worker, and all files with the whole stack to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "the whole stack" if file.endswith(WHOLE_STACK) else file


def long_first(items: list[Any]) -> None:
    """Orders files by their rank; the tests of a file stay together, in their order."""
    ranks: dict[Path, Rank] = {}
    for item in items:
        ranks[item.path] = min(ranks.get(item.path, Rank.SHORT), _rank(item))
    items.sort(key=lambda item: ranks[item.path])


def _rank(item: Any) -> Rank:
    if item.path.name.endswith(WHOLE_STACK):
        return Rank.WHOLE_STACK
    if item.path.parent.name in LONG:
        return Rank.LONG
    if ENGINES in item.fixturenames:
        return Rank.ENGINES
    return Rank.PROPERTIES if is_hypothesis_test(item.obj) else Rank.SHORT

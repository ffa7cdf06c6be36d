"""Which of pytest's workers runs which test, and in which order."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

__all__ = ["FilesOfAStack", "long_first"]

WHOLE_STACK = ("test_whole_stack.py", "front_door.py")
"""How the names of files end whose tests share the whole system, which takes long to start."""

LONG = ("workflows", "invoicing", "scenarios")
"""Folders whose files take long. They begin: at the end no worker then waits for another."""


class FilesOfAStack(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a file to one worker, and all files that need the whole stack to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "the whole stack" if file.endswith(WHOLE_STACK) else file


def long_first(items: list[Any]) -> None:
    """Orders tests: those of the whole stack, then those that take long, then the others."""

    def rank(item: Any) -> int:
        if item.path.name.endswith(WHOLE_STACK):
            return 0
        return 1 if item.path.parent.name in LONG else 2

    items.sort(key=rank)

"""The likely reason for a part's exit, from its log and its exit code."""

import re
import signal
from collections.abc import Sequence
from typing import Final

from stack.parts import Part
from stack.ports import holder_of, is_taken

__all__ = ["Failure", "likely_reason"]


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


NO_SPACE: Final = _words("no space left on device|disk full|database or disk is full")
PORT_TAKEN: Final = _words("address already in use|could not bind|cannot (listen|bind)")

OTHER_SIGNS: Final = {
    _words("password authentication failed"): (
        "the database has another password: `make reset` creates a new one"
    ),
    _words("incompatible with (this )?(server|version)"): (
        "its data are of another PostgreSQL release: `make reset` creates new data"
    ),
    re.compile("ModuleNotFoundError|ImportError"): (
        "the installation is incomplete: run `make clean up`"
    ),
    _words("unshare( failed)?:"): (
        "as root in a private folder it needs user namespaces, which this machine denies:"
        " run it as an ordinary user, or in a folder that other users can access"
    ),
    re.compile("validation errors? for Settings"): "an environment variable is not valid",
    _words("permission denied|operation not permitted"): (
        "no permission for one of its files; did another user run it before?"
    ),
}
"""Patterns in logs with their meaning; the first match counts."""


USAGE: Final = re.compile(r"^\S+: error: (.+)$", re.MULTILINE)
"""An error of an argument parser, also for a default from the environment."""

RAISED: Final = re.compile(r"^[\w.]+(?:Error|Exception): (.+)$", re.MULTILINE)
"""The last line of a Python traceback."""


class Failure(Exception):
    """A part that cannot start or keep running."""

    def __init__(self, part: str, reason: str, lines: Sequence[str] = ()) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason
        self.lines = tuple(lines)
        """The end of its log."""


def likely_reason(part: Part, exit_code: int | None, lines: Sequence[str]) -> str:
    """Why it exited and, if known, how to fix it."""
    text = "\n".join(lines)
    if NO_SPACE.search(text):
        return "the disk is full"
    if PORT_TAKEN.search(text):
        taken = [f"port {p} is in use by {holder_of(p)}" for p in part.ports if is_taken(p)]
        return ", ".join(taken) or "one of its ports is in use"
    for pattern, reason in OTHER_SIGNS.items():
        if pattern.search(text):
            return reason
    messages = RAISED.findall(text) or USAGE.findall(text)
    return messages[-1] if messages else _by_exit(part, exit_code)


def _by_exit(part: Part, exit_code: int | None) -> str:
    if exit_code is None:
        return f"it was not ready after {part.timeout:.0f} s"
    if exit_code == -signal.SIGKILL:
        return "it was killed (by hand, or because the machine ran out of memory)"
    if exit_code < 0:
        return f"it was terminated by {signal.Signals(-exit_code).name}"
    return f"it exited with code {exit_code}"

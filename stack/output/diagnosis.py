"""The likely reason why a part died, from its log and its exit code."""

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
        "the database was made with another password: `make reset` makes a new one"
    ),
    _words("incompatible with (this )?(server|version)"): (
        "its data were made by another release of PostgreSQL: `make reset` makes new ones"
    ),
    re.compile("ModuleNotFoundError|ImportError"): (
        "the installation is incomplete: `make clean up` repeats it"
    ),
    _words("unshare( failed)?:"): (
        "as root in a closed folder it needs user namespaces, which this machine refuses:"
        " run it as an ordinary user, or in a folder that others may enter"
    ),
    re.compile("validation errors? for Settings"): "an environment variable is not valid",
    _words("permission denied|operation not permitted"): (
        "it may not use one of its files; did another user run it before?"
    ),
}
"""Patterns in logs with their meaning; the first match counts."""


USAGE: Final = re.compile(r"^\S+: error: (.+)$", re.MULTILINE)
"""The error of an argument parser, also about a default from the environment."""

RAISED: Final = re.compile(r"^[\w.]+(?:Error|Exception): (.+)$", re.MULTILINE)
"""The last line of a Python traceback."""


class Failure(Exception):
    """A part that cannot start, or does not stay up."""

    def __init__(self, part: str, reason: str, lines: Sequence[str] = ()) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason
        self.lines = tuple(lines)
        """The end of its log."""


def likely_reason(part: Part, exit_code: int | None, lines: Sequence[str]) -> str:
    """Why it died, and where possible what to do."""
    text = "\n".join(lines)
    if NO_SPACE.search(text):
        return "there is no space left on the disk"
    if PORT_TAKEN.search(text):
        taken = [f"port {p} is taken by {holder_of(p)}" for p in part.ports if is_taken(p)]
        return ", ".join(taken) or "one of its ports is taken"
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
        return f"it was ended by {signal.Signals(-exit_code).name}"
    return f"it ended with exit code {exit_code}"

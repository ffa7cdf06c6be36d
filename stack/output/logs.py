"""The parts' logs: one file each, bounded in size."""

import contextlib
import shutil
from collections import deque
from pathlib import Path
from typing import Final

__all__ = ["Follower", "bound", "tail"]

MAX_LOG_BYTES: Final = 20 * 1024 * 1024


def bound(log: Path) -> None:
    """Moves what a log holds to `<name>.1` when it has grown too large.

    The file itself stays, because the part that writes to it has it open for appending.
    """
    try:
        if log.stat().st_size <= MAX_LOG_BYTES:
            return
    except FileNotFoundError:
        return
    with contextlib.suppress(OSError):
        # On a full disk the old lines are lost: to grow on would be worse.
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as file:
        file.truncate(0)


def tail(log: Path, lines: int, *, since: int = 0) -> list[str]:
    """The last lines of a log, from the byte `since` on."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            last = deque(file, maxlen=lines)
    except FileNotFoundError:
        return []
    return [line.decode(errors="replace").rstrip() for line in last]


class Follower:
    """Reads what is appended to a log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = log.stat().st_size if log.exists() else 0

    def lines(self) -> list[str]:
        """The whole lines that came since the last call."""
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(self._offset if size >= self._offset else 0)
                content = file.read()
                end = content.rfind(b"\n") + 1
                self._offset = file.tell() - (len(content) - end)
        except FileNotFoundError:
            return []
        return content[:end].decode(errors="replace").splitlines()

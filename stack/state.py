"""The state file of a running stack, for `status`, `down`, and the recovery of a killed stack."""

import fcntl
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

import orjson
from pydantic import TypeAdapter

from stack.processes.process import Mark

__all__ = ["Lock", "PartState", "PartStatus", "StackState"]


class PartState(StrEnum):
    """The state of a part."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(slots=True)
class PartStatus:
    """The current status of a part."""

    name: str
    state: PartState = PartState.WAITING
    mark: Mark | None = None
    since: float = 0.0
    """When it became ready, in seconds since the epoch."""
    restarts: int = 0
    reason: str = ""
    """Why it last failed or was restarted."""


@dataclass(slots=True)
class StackState:
    """The supervisor and its parts."""

    supervisor: Mark
    ready: bool = False
    parts: list[PartStatus] = field(default_factory=list)

    def write(self, file: Path) -> None:
        """Replaces the file atomically."""
        fresh = file.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))
        fresh.replace(file)

    @classmethod
    def read(cls, file: Path) -> "StackState | None":
        """Reads the file; None if it is missing or not ours."""
        try:
            return TypeAdapter(cls).validate_json(file.read_bytes())
        except (OSError, ValueError):
            return None

    def running(self) -> list[Mark]:
        """The running processes of parts, in the order of the parts."""
        return [part.mark for part in self.parts if part.mark is not None and part.mark.alive()]


class Lock:
    """The lock of a data directory; released when all processes that hold it have exited."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path

    @classmethod
    def take(cls, path: Path) -> "Lock | None":
        """Takes the lock; None if another process holds it."""
        while True:
            file = path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return None
            if _is_file_at(file, path):
                return cls(file, path)
            file.close()  # another process removed the file between open and lock

    def fileno(self) -> int:
        """The file descriptor, for the guard, which holds it until the last process has exited."""
        return self._file.fileno()

    def release(self) -> None:
        """Releases the lock and removes the file."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def _is_file_at(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False

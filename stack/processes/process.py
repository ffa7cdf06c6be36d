"""Starts and stops a process that can neither be orphaned nor confused with another.

Every process starts in its own session, behind a gate: it does nothing until it has been recorded,
so that it is always found if its parent dies.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import psutil

from stack.engines.engine import Command

__all__ = ["Mark", "Process", "end_group", "mark_of"]

GATE: Final = 'read -r go && exec "$@" </dev/null'
"""Waits for a line on its input; exits if the input closes without one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Identifies a process: a process id alone may be reused, but not with its start time."""

    pid: int
    started: float
    """Seconds since boot, which do not change if the clock is set."""
    stop_signal: int = signal.SIGTERM

    def alive(self) -> bool:
        """Whether exactly this process is running; a zombie is not."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            # The system counts in ticks of 10 ms; process ids are reused only after tens of
            # thousands, so half a second is safe.
            return abs(_started(process) - self.started) < 0.5
        except psutil.Error:
            return False

    def started_at(self) -> float:
        """When it was started, in seconds since the epoch, by the current clock."""
        return self.started + psutil.boot_time()

    def send(self, number: int) -> None:
        """Sends a signal to its process group, if it is running."""
        if self.alive():
            _signal_group(self.pid, number)


def mark_of(pid: int, stop_signal: int = signal.SIGTERM) -> Mark:
    """The mark of a running process."""
    return Mark(pid, _started(psutil.Process(pid)), stop_signal)


def _started(process: psutil.Process) -> float:
    return float(process.create_time() - psutil.boot_time())


@dataclass(slots=True)
class Process:
    """A started process, identified by `mark`."""

    popen: subprocess.Popen[bytes]
    mark: Mark

    @classmethod
    def start(cls, command: Command, log: Path, *, register: Callable[[Mark], None]) -> "Process":
        """Starts a command with its output appended to `log`.

        `register` is called with its mark before the program itself begins.
        """
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as gate, os.fdopen(writing, "wb", 0) as opener:
            popen = _behind(gate, command, log)
            try:
                process = cls(popen, mark_of(popen.pid, command.stop_signal))
                register(process.mark)
                opener.write(b"go\n")
            except BaseException:
                opener.close()  # the gate stays closed
                popen.wait()
                raise
        return process

    @property
    def pid(self) -> int:
        """Its process id, also the id of its group and session."""
        return self.mark.pid

    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self.popen.poll()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for its exit; returns whether it exited in time."""
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, seconds: float) -> None:
        """Stops it, and kills it after `seconds`."""
        self.mark.send(self.mark.stop_signal)
        if not self.wait(seconds):
            self.mark.send(signal.SIGKILL)
            self.popen.wait()
        self.end_rest()

    def end_rest(self) -> None:
        """Kills the rest of its group; called right after its exit, while its id is not reused."""
        _signal_group(self.pid, signal.SIGKILL)


def _behind(gate: IO[bytes], command: Command, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", GATE, "gate", *command.arguments],
            env=dict(command.environment),
            cwd=command.directory,
            stdin=gate,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=command.user,
            group=command.group,
            extra_groups=None if command.user is None else [],
        )


def end_group(marks: list[Mark], seconds: float) -> None:
    """Stops processes started by another program: signals all, waits, and kills the rest."""
    living = [mark for mark in marks if mark.alive()]
    processes = [psutil.Process(mark.pid) for mark in living if psutil.pid_exists(mark.pid)]
    for mark in reversed(living):
        mark.send(mark.stop_signal)
    psutil.wait_procs(processes, timeout=seconds)
    for mark in living:
        _signal_group(mark.pid, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=seconds)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)

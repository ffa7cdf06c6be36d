"""The folder of the tests' real engines, and a guard that stops them.

Even if pytest is killed, the guard stops every process that was started here.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from stack.engines.engine import Command
from stack.processes.guard import Guard
from stack.processes.process import Process

__all__ = ["EngineRoom"]

PREFIX = "arcadia-tests-"
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of its own is made in it
"""Where Linux has files in memory. A database has some 600 files; creating one on disk takes ten
times as long, and nearly every test does."""
NEEDED_BYTES = 6 * 2**30
"""Several times the maximum size of a run's databases and logs."""
START_SECONDS = 240.0
STOP_SECONDS = 120.0


class EngineRoom:
    """Starts processes for tests and stops them all."""

    def __init__(self) -> None:
        _remove_leftovers()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_parent()))
        # Open to be passed through, because PostgreSQL does not run as root.
        self.folder.chmod(0o711)
        self._guard = Guard()
        self._running: dict[int, Process] = {}

    def start(self, name: str, command: Command, ready: Callable[[Process], bool]) -> Process:
        """Starts a command and waits until it is ready; its log is `<name>.log`."""
        log = self.log(name)
        process = Process.start(command, log, register=self._guard.watch)
        self._running[process.pid] = process
        deadline = time.monotonic() + START_SECONDS
        while not ready(process):
            if process.exit_code() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.02)
        return process

    def start_program(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        ready: Callable[[Process], bool],
    ) -> Process:
        """Starts one of our own programs."""
        command = Command(tuple(arguments), dict(environment), self.folder)
        return self.start(name, command, ready)

    def stop(self, process: Process) -> None:
        """Stops one process."""
        process.stop(STOP_SECONDS)
        self._guard.release(process.mark)
        self._running.pop(process.pid, None)

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self.folder / f"{name}-{os.getpid()}.log"

    def close(self) -> None:
        """Stops all processes, in reverse order, and removes the folder."""
        for process in reversed(list(self._running.values())):
            self.stop(process)
        self._guard.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _parent() -> Path:
    """The parent folder: in memory if there is enough, else TMPDIR."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return Path(tempfile.gettempdir())
    free = min(psutil.disk_usage(str(MEMORY)).free, psutil.virtual_memory().available)
    return MEMORY if free >= NEEDED_BYTES else Path(tempfile.gettempdir())


def _remove_leftovers() -> None:
    """Removes the folders of test runs that were killed."""
    for parent in (MEMORY, Path(tempfile.gettempdir())):
        for folder in parent.glob(f"{PREFIX}*-*"):
            pid = folder.name.removeprefix(PREFIX).split("-")[0]
            if pid.isdecimal() and not psutil.pid_exists(int(pid)):
                shutil.rmtree(folder, ignore_errors=True)

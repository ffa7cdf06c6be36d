"""Where the tests' real engines run: a folder of their own, and a guard that ends them.

Even when pytest is killed, the guard ends every process that was started here.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from stack.command import Command
from stack.guard import Guard
from stack.process import Process

__all__ = ["EngineRoom"]

PREFIX = "arcadia-tests-"
START_SECONDS = 240.0
STOP_SECONDS = 120.0


class EngineRoom:
    """Starts processes for tests and ends them all."""

    def __init__(self) -> None:
        _remove_leftovers()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
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
        """Ends one process."""
        process.stop(STOP_SECONDS)
        self._guard.release(process.mark)
        self._running.pop(process.pid, None)

    def log(self, name: str) -> Path:
        """Where a process's output goes."""
        return self.folder / f"{name}-{os.getpid()}.log"

    def close(self) -> None:
        """Ends everything, in reverse order, and removes the folder."""
        for process in reversed(list(self._running.values())):
            self.stop(process)
        self._guard.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """Removes the folders of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)

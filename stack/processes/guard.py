"""The guard: a small process that stops the parts if the supervisor dies.

It reads a pipe from its parent. Each line adds a process to watch (`+ pid started signal`) or
removes one (`- pid`). When the pipe closes, also because the parent was killed, it stops the
remaining processes.
"""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Final, TextIO

from stack.processes.process import Mark, end_group

__all__ = ["GUARD_SECONDS", "Guard"]

GRACE_SECONDS: Final = 8.0

GUARD_SECONDS: Final = 20.0
"""How long the guard of a killed supervisor may take to stop its parts."""


class Guard:
    """The parent's side: starts the guard and sends it the processes to watch."""

    def __init__(self, *, keep_open: tuple[int, ...] = ()) -> None:
        """`keep_open`: files, such as a lock, that stay open until the guard exits."""
        self._keep_open = keep_open
        self._watched: dict[int, Mark] = {}
        self._process = self._start()

    @property
    def pid(self) -> int:
        """The guard's process id."""
        return self._process.pid

    def watch(self, mark: Mark) -> None:
        """Adds a process."""
        self._watched[mark.pid] = mark
        try:
            self._tell(_addition(mark))
        except BrokenPipeError:
            self._replace()

    def release(self, mark: Mark) -> None:
        """Removes a process that has exited."""
        self._watched.pop(mark.pid, None)
        with contextlib.suppress(BrokenPipeError):
            self._tell(f"- {mark.pid}")

    def close(self) -> None:
        """Lets the guard stop the remaining processes, and waits until it exits."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "stack.processes.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._keep_open,
        )

    def _replace(self) -> None:
        """Starts a new guard if it was killed."""
        self.close()
        self._process = self._start()
        for mark in self._watched.values():
            self._tell(_addition(mark))

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise BrokenPipeError("the guard has no pipe")
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()


def _addition(mark: Mark) -> str:
    return f"+ {mark.pid} {mark.started!r} {int(mark.stop_signal)}"


def _watch(lines: TextIO) -> list[Mark]:
    """Reads until the pipe closes; returns the processes to stop, in start order."""
    watched: dict[int, Mark] = {}
    for line in lines:
        action, pid, *rest = line.split()
        if action == "+":
            started, stop_signal = rest
            watched[int(pid)] = Mark(int(pid), float(started), int(stop_signal))
        else:
            watched.pop(int(pid), None)
    return list(watched.values())


def main() -> None:
    """Runs the guard."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    end_group(_watch(sys.stdin), GRACE_SECONDS)


if __name__ == "__main__":
    main()

"""Starts the stack in the background, and waits until it is ready."""

import os
import signal
import subprocess
import sys
import time
from typing import Final

from stack.layout import Layout
from stack.output.logs import Follower, bound
from stack.state import StackState

__all__ = ["start_detached"]

LOG_OF_SUPERVISOR: Final = "stack"
POLL_SECONDS: Final = 0.1


def start_detached(layout: Layout) -> int:
    """Starts a supervisor that outlives this process; returns 0 when the stack is ready.

    Shows its output meanwhile; Ctrl-C stops it.
    """
    layout.make()
    log = layout.log(LOG_OF_SUPERVISOR)
    bound(log)
    log_lines = Follower(log)
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli.app", "up"],
            env={
                **os.environ,
                "ARCADIA_DATA_DIR": str(layout.folder),
                "PYTHONUNBUFFERED": "1",
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while supervisor.poll() is None and not _is_ready(layout, supervisor.pid):
            _show(log_lines)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
    _show(log_lines)
    return supervisor.poll() or 0


def _is_ready(layout: Layout, pid: int) -> bool:
    state = StackState.read(layout.state)
    return state is not None and state.ready and state.supervisor.pid == pid


def _show(log_lines: Follower) -> None:
    for line in log_lines.lines():
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

"""Finds running processes, to check that none is left."""

import time
from pathlib import Path

import psutil

__all__ = ["gone", "processes_of"]


def processes_of(folder: Path) -> list[psutil.Process]:
    """All running processes of a folder: by command, working directory or environment."""
    return [process for process in psutil.process_iter() if _belongs(process, str(folder))]


def gone(folder: Path, *, within: float = 120.0) -> bool:
    """Waits until no process uses a folder; returns whether it succeeded."""
    deadline = time.monotonic() + within
    while processes_of(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _belongs(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == psutil.Process().pid:
            return False
        told = [*process.cmdline(), process.cwd(), *process.environ().values()]
    except psutil.Error:
        return False
    return any(folder in word for word in told)

"""A simulator as a real process, for tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port
from tests.support.waiting import tries

ROOT = Path(__file__).resolve().parents[2]


class Simulator:
    """One process on a free port, with a client that holds a token."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "providers.digitalocean.simulator"]
        command += ["--port", str(self.port), "--data-dir", str(data_dir), *options]
        # The world of a fixed day: what a test reads does not change with the calendar.
        command += [] if "--now" in options else ["--now", "2026-05-20T10:00:00Z"]
        self.log = (data_dir.parent / f"simulator-{self.port}.log").open("wb")
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log)
        self.client = httpx.Client(
            base_url=self.url, headers={"authorization": "Bearer simulated"}, timeout=120
        )
        self._wait()

    def _wait(self) -> None:
        for _ in tries():
            try:
                self.client.get("/_simulator/health").raise_for_status()
            except httpx.TransportError:
                assert self.process.poll() is None, "the simulator ended at its start"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the simulator does not respond")

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.client.get(path, params=parameters or None)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def everything(self, path: str, key: str) -> list[Any]:
        """All items of a list, by page numbers."""
        items: list[Any] = []
        for number in range(1, 1000):
            document = self.get(path, page=number, per_page=200)
            items += document[key]
            if "next" not in document.get("links", {}).get("pages", {}):
                break
        return items

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        status = self.process.wait(120)
        self.client.close()
        self.log.close()
        return status


@contextmanager
def simulator(data_dir: Path, *options: str) -> Iterator[Simulator]:
    running = Simulator(data_dir, *options)
    try:
        yield running
    finally:
        running.stop()

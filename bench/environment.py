"""The environment of the benchmarks: the local stack, and a simulator configured for measuring.

The simulator responds after a stated latency, a tenth of the real API's; without one it would
serve a page faster than Python can parse it, and a fetch would be no reference. Its rate limit is
out of reach, because the client would wait for it.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
import httpx
import psutil
import psycopg

from contracts.flows import start_flow
from services.common.db.migrations import database_admin_url
from services.common.durable import connect
from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.limits.declared import LIMITS
from services.common.rpc.clients import CHANNEL_OPTIONS
from services.common.settings import Port, Service, Settings
from stack.layout import Layout
from stack.output.welcome import gateway_url
from stack.preflight import free_offset
from stack.state import StackState
from workflows.sync.payloads import ResourceSyncResult
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

__all__ = ["LATENCY_MS", "BenchStack", "Metadata", "running_stack"]

LATENCY_MS: Final = 25
TOKEN: Final = "bench"
START_SECONDS: Final = 180.0
SIMULATOR_GRACE: Final = 20.0
"""Seconds for the simulator to stop."""
MEGABYTE: Final = 2**20

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BenchStack:
    """The running stack."""

    settings: Settings
    state_file: Path
    simulator: httpx.Client

    def process(self, part: str) -> psutil.Process:
        """The process of a part."""
        state = StackState.read(self.state_file)
        assert state is not None
        mark = next(status.mark for status in state.parts if status.name == part)
        assert mark is not None
        return psutil.Process(mark.pid)

    def processor_seconds(self) -> float:
        """The processor seconds of the services, the worker, the gateway and the engines so far."""
        runner = self.process("inventory").parent()
        assert runner is not None
        used = 0.0
        for process in (runner, *runner.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                # Including children that have exited, such as a connection's process.
                used += sum(process.cpu_times()[:4])
        return used

    def database(self, service: Service) -> "psycopg.Connection[Any]":
        """A connection to a service's database as an administrator; statements commit."""
        url = database_admin_url(self.settings, service).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def gateway(self) -> httpx.Client:
        """A client of the HTTP API, as an operator."""
        return httpx.Client(
            base_url=gateway_url(self.settings),
            headers={"authorization": f"Bearer {self.operator_token()}"},
            timeout=60,
        )

    def operator_token(self) -> str:
        """A token of an operator, valid for twelve hours."""
        return mint_user_token(self.settings, subject="bench", roles=[OPERATOR_ROLE])

    @asynccontextmanager
    async def channel(self, service: Service) -> AsyncIterator[tuple[grpc.aio.Channel, Metadata]]:
        """A channel to a service, and the metadata of an operator."""
        async with grpc.aio.insecure_channel(
            self.settings.address(service), options=CHANNEL_OPTIONS
        ) as channel:
            yield channel, (("authorization", f"Bearer {self.operator_token()}"),)

    def sync(self, kinds: Sequence[str] = ()) -> tuple[float, ResourceSyncResult]:
        """Syncs kinds, or all; returns the seconds from the start of the run to its result."""

        async def run() -> tuple[float, ResourceSyncResult]:
            client = await connect(self.settings)
            started = time.perf_counter()
            flow = sync_by_hand(self.settings, kinds)
            result = await (await start_flow(client, flow, ResourceSync.run)).result()
            return time.perf_counter() - started, result

        return asyncio.run(run())

    @contextmanager
    def without_latency(self) -> Iterator[None]:
        """Removes the simulator's latency in a block."""
        self.control("settings", latency_ms=0)
        try:
            yield
        finally:
            self.control("settings", latency_ms=LATENCY_MS)

    @contextmanager
    def watched(self, *parts: str) -> Iterator[dict[str, float]]:
        """Measures the peak resident memory of parts in MB, of the largest process of each."""
        peaks, over = dict.fromkeys(parts, 0.0), threading.Event()
        processes = {part: self.process(part) for part in parts}

        def watch() -> None:
            while not over.wait(0.05):
                for part, process in processes.items():
                    everybody = [process, *process.children(recursive=True)]
                    largest = max(one.memory_info().rss for one in everybody)
                    peaks[part] = max(peaks[part], largest / MEGABYTE)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield peaks
        finally:
            over.set()
            watching.join()

    def control(self, path: str, **body: Any) -> Any:
        """Calls the simulator's control API. Raises RuntimeError with its response."""
        answer = self.simulator.post(f"/_simulator/{path}", json=body)
        if not answer.is_success:
            raise RuntimeError(f"{path} {body}: {answer.status_code} {answer.text}")
        return answer.json()

    def served_requests(self) -> list[str]:
        """The paths that the simulator served since the last call."""
        answer = self.simulator.get("/_simulator/requests", params={"clear": "true"}).json()
        return [entry["path"] for entry in answer["requests"] if entry["status"] == 200]


@contextmanager
def running_stack(droplets: int, *, unlimited: bool = True) -> Iterator[BenchStack]:
    """A stack on free ports and fresh data, with an account of that many droplets.

    `unlimited` removes the limits of a caller.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="arcadia-bench-"))
        folder.chmod(0o711)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        environment = _environment(folder) | (UNLIMITED if unlimited else {})
        os.environ.update(environment)
        settings = Settings()
        _simulator(stack, folder, settings, droplets)
        simulator = stack.enter_context(
            httpx.Client(base_url=settings.provider_url(), timeout=600, headers=_HEADERS)
        )
        _wait(lambda: _answers(simulator))
        _up(stack, folder)
        state_file = folder / "data" / "state.json"
        _wait(lambda: _ready(state_file))
        running = BenchStack(settings, state_file, simulator)
        if unlimited:
            _raise_limits(running, "acme")
        yield running


RAISE: Final = """
INSERT INTO tenant_limits (tenant_id, name, value, set_by, set_at)
SELECT %(tenant)s, name, value, 'bench', now() FROM unnest(%(names)s::text[], %(values)s::bigint[])
    AS highest (name, value)
"""


def _raise_limits(stack: BenchStack, tenant_id: str) -> None:
    """Raises every limit of a tenant to its maximum, so that limits are not measured."""
    highest = {one.name: one.highest for one in LIMITS.values() if not one.by_grants}
    values = {"tenant": tenant_id, "names": list(highest), "values": list(highest.values())}
    with stack.database(Service.CATALOG) as connection:
        connection.execute(RAISE, values)


UNLIMITED: Final = {
    "ARCADIA_GATEWAY_TENANT_REQUESTS_PER_SECOND": "1000000",
    "ARCADIA_GATEWAY_TENANT_BURST": "1000000",
    "ARCADIA_GATEWAY_CALLER_REQUESTS_PER_SECOND": "1000000",
    "ARCADIA_GATEWAY_CALLER_BURST": "1000000",
    "ARCADIA_GATEWAY_CALLER_BODY_BYTES_PER_SECOND": "1000000000",
    "ARCADIA_GATEWAY_CALLER_BODY_BURST_BYTES": "1000000000",
}
_HEADERS = {"authorization": f"Bearer {TOKEN}"}


def _environment(folder: Path) -> dict[str, str]:
    data = folder / "data"
    offset = free_offset(Settings(), Layout(data))
    if offset is None:
        raise RuntimeError("no free ports")
    return {
        "ARCADIA_PORT_OFFSET": str(offset),
        "ARCADIA_DATA_DIR": str(data),
        "DO_API_URL": f"http://127.0.0.1:{Port.SIMULATOR.at(offset)}",
        "DO_API_TOKEN": TOKEN,
    }


def _simulator(stack: ExitStack, folder: Path, settings: Settings, droplets: int) -> None:
    log = stack.enter_context((folder / "simulator.log").open("wb"))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "providers.digitalocean.simulator"),
            f"--port={settings.port(Port.SIMULATOR)}",
            f"--data-dir={folder / 'simulator'}",
            f"--scale={droplets}",
            f"--latency-ms={LATENCY_MS}",
            "--rate-limit-per-minute=0",
            "--rate-limit-per-hour=10000000",
        ],
        stdout=log,
        stderr=log,
    )
    stack.callback(_end, process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kills the simulator if it does not stop, because its data are deleted anyway."""
    process.terminate()
    try:
        process.wait(SIMULATOR_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _up(stack: ExitStack, folder: Path) -> None:
    log = stack.enter_context((folder / "stack.log").open("wb"))
    process = subprocess.Popen([sys.executable, "-m", "cli.app", "up"], stdout=log, stderr=log)
    stack.callback(process.wait)
    stack.callback(process.terminate)


def _answers(simulator: httpx.Client) -> bool:
    try:
        return simulator.get("/_simulator/health").is_success
    except httpx.HTTPError:
        return False


def _ready(state_file: Path) -> bool:
    state = StackState.read(state_file)
    return state is not None and state.ready


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the stack did not become ready")
        time.sleep(0.1)

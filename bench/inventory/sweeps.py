"""(a), (b), (c) Syncs, against only fetching the same pages side by side; and their memory."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import httpx

from bench.environment import LATENCY_MS, BenchStack
from bench.ratios import Ratio, paired_median
from contracts.flows import start_flow
from providers.digitalocean.api.client import CONNECTIONS
from workflows.durable.connection import connect
from workflows.sync.activities.recording import PAGES_AT_ONCE
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

__all__ = ["measure", "measure_first"]

SMALL, LARGE = 10_000, 100_000
ROUNDS = 3
PARTS = ("worker", "inventory")
MEGABYTE = 2**20


def measure(stack: BenchStack) -> list[Ratio]:
    """Sweeps of 10,000 unchanged and changed droplets, then the memory at 100,000."""
    _sweep(stack)
    with _watched(stack) as small:
        unchanged = [_against_fetch(stack) for _ in range(ROUNDS)]
        changed = []
        for _ in range(ROUNDS):
            stack.control("mutate", do="touch", kind="droplet")
            changed.append(_against_fetch(stack))
    stack.control("scale", droplets=LARGE)
    with _watched(stack) as large:
        _sweep(stack)
        _sweep(stack)
    return [
        _ratio("(a) sweep, nothing changed / fetch", unchanged, 1.2),
        _ratio("(b) sweep, everything changed / fetch", changed, 2.5),
        *(_memory(part, small, large) for part in PARTS),
    ]


def measure_first(stack: BenchStack) -> list[Ratio]:
    """The first sync of all kinds, on an inventory that knows nothing: it can be measured once."""
    first = _against_fetch(stack, (), CONNECTIONS.max_connections or PAGES_AT_ONCE)
    return [_ratio("(a) first sync of all kinds / fetch", [first], 2.0)]


def _ratio(name: str, rounds: list[tuple[float, float]], bound: float) -> Ratio:
    swept, fetched = (median(each) for each in zip(*rounds, strict=True))
    detail = (
        f"{swept:.2f} s against {fetched:.2f} s for {SMALL:,} droplets, {LATENCY_MS} ms a request"
    )
    return Ratio(name, paired_median(rounds), bound, at_least=False, detail=detail)


def _against_fetch(
    stack: BenchStack, kinds: Sequence[str] = ("droplet",), at_once: int = PAGES_AT_ONCE
) -> tuple[float, float]:
    """Seconds of a sync, start to result, and of a bare fetch of what it requested.

    The fetch asks for as many pages side by side as the sync may.
    """
    stack.served_requests()
    swept = _sweep(stack, kinds)
    paths = stack.served_requests()
    started = time.perf_counter()
    asyncio.run(_fetch(stack, paths, at_once))
    return swept, time.perf_counter() - started


async def _fetch(stack: BenchStack, paths: Sequence[str], at_once: int) -> None:
    turns = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(
        base_url=stack.simulator.base_url, headers=stack.simulator.headers, timeout=60
    ) as client:

        async def get(path: str) -> None:
            async with turns:
                (await client.get(path)).raise_for_status()

        await asyncio.gather(*map(get, paths))


def _sweep(stack: BenchStack, kinds: Sequence[str] = ("droplet",)) -> float:
    async def run() -> float:
        client = await connect(stack.settings)
        started = time.perf_counter()
        handle = await start_flow(client, sync_by_hand(stack.settings, kinds), ResourceSync.run)
        await handle.result()
        return time.perf_counter() - started

    return asyncio.run(run())


@dataclass
class _Peaks:
    """The most memory that each part held, in bytes."""

    bytes: dict[str, int] = field(default_factory=dict)


@contextmanager
def _watched(stack: BenchStack) -> Iterator[_Peaks]:
    peaks, stop = _Peaks(dict.fromkeys(PARTS, 0)), threading.Event()
    processes = {part: stack.process(part) for part in PARTS}

    def look() -> None:
        while not stop.wait(0.1):
            for part, process in processes.items():
                peaks.bytes[part] = max(peaks.bytes[part], process.memory_info().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()


def _memory(part: str, small: _Peaks, large: _Peaks) -> Ratio:
    at_small, at_large = small.bytes[part] / MEGABYTE, large.bytes[part] / MEGABYTE
    return Ratio(
        f"(c) memory of {part}, MB more at {LARGE:,}",
        at_large - at_small,
        60,
        at_least=False,
        detail=f"{at_small:.0f} MB at {SMALL:,} droplets, {at_large:.0f} MB at {LARGE:,}",
    )

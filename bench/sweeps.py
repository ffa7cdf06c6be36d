"""(a), (b), (c) A sweep of droplets, against only fetching the same pages; and its memory."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import httpx

from bench.environment import LATENCY_MS, BenchStack
from bench.ratios import Ratio, paired_median
from workflows.connection import connect
from workflows.starts import full_sync, start_sync

__all__ = ["measure"]

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
        _ratio("(a) sweep, nothing changed / fetch", unchanged, 1.5),
        _ratio("(b) sweep, everything changed / fetch", changed, 2.5),
        *(_memory(part, small, large) for part in PARTS),
    ]


def _ratio(name: str, rounds: list[tuple[float, float]], bound: float) -> Ratio:
    swept, fetched = (median(each) for each in zip(*rounds, strict=True))
    detail = (
        f"{swept:.2f} s against {fetched:.2f} s for {SMALL:,} droplets, {LATENCY_MS} ms a request"
    )
    return Ratio(name, paired_median(rounds), bound, at_least=False, detail=detail)


def _against_fetch(stack: BenchStack) -> tuple[float, float]:
    """Seconds of a sweep, start to result, and of a bare fetch of what it requested."""
    stack.served_requests()
    swept = _sweep(stack)
    paths = stack.served_requests()
    started = time.perf_counter()
    with httpx.Client(
        base_url=stack.simulator.base_url, headers=stack.simulator.headers, timeout=60
    ) as client:
        for path in paths:
            client.get(path).raise_for_status()
    return swept, time.perf_counter() - started


def _sweep(stack: BenchStack) -> float:
    async def run() -> float:
        client = await connect(stack.settings)
        started = time.perf_counter()
        handle = await start_sync(client, full_sync(stack.settings, ["droplet"]))
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
        150,
        at_least=False,
        detail=f"{at_small:.0f} MB at {SMALL:,} droplets, {at_large:.0f} MB at {LARGE:,}",
    )

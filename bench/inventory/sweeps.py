"""(a), (b), (c) Syncs, against only fetching the same pages side by side; and their memory.

A sync and the bare fetch that it is measured against run in turns, and so do the syncs of
different things, so that a slow moment of the machine meets all of them; the median of the
ratios counts. What a sync costs in processor time is told beside it: on a machine that others
use too, that is the figure to compare.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import httpx

from bench.environment import LATENCY_MS, BenchStack, running_stack
from bench.ratios import Ratio, paired_median
from contracts.flows import start_flow
from providers.digitalocean.api.client import CONNECTIONS
from workflows.durable.connection import connect
from workflows.sync.activities.recording import PAGES_AT_ONCE
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

__all__ = ["measure", "measure_first", "sweep"]

SMALL, LARGE = 10_000, 100_000
ROUNDS = 5
FIRST_ROUNDS = 3
"""Of the first sync, each on a stack of its own: it can be measured once on each."""

FETCHES = 3
"""After each sync; the middle one counts."""

PARTS = ("worker", "inventory")
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class _Round:
    """A sync, start to result, and the bare fetches after it; all in seconds."""

    swept: float
    fetched: float
    processor: float
    """What all processes of the stack used for the sync."""


def measure(stack: BenchStack) -> list[Ratio]:
    """Sweeps of 10,000 unchanged and changed droplets, then the memory at 100,000."""
    sweep(stack)
    unchanged, changed = [], []
    with _watched(stack) as small:
        for _ in range(ROUNDS):
            unchanged.append(_against_fetch(stack))
            stack.control("mutate", do="touch", kind="droplet")
            changed.append(_against_fetch(stack))
    stack.control("scale", droplets=LARGE)
    with _watched(stack) as large:
        sweep(stack)
        sweep(stack)
    return [
        _ratio("(a) sweep, nothing changed / fetch", unchanged, 1.2),
        _ratio("(b) sweep, everything changed / fetch", changed, 2.5),
        *(_memory(part, small, large) for part in PARTS),
    ]


def measure_first() -> Iterator[Ratio]:
    """The first sync of all kinds, on an inventory that knows nothing."""
    rounds = []
    for _ in range(FIRST_ROUNDS):
        with running_stack(SMALL) as stack:
            at_once = CONNECTIONS.max_connections or PAGES_AT_ONCE
            rounds.append(_against_fetch(stack, (), at_once))
    yield _ratio("(a) first sync of all kinds / fetch", rounds, 2.0)


def _ratio(name: str, rounds: list[_Round], bound: float) -> Ratio:
    pairs = [(one.swept, one.fetched) for one in rounds]
    swept, fetched = (median(each) for each in zip(*pairs, strict=True))
    processor = median(one.processor for one in rounds)
    detail = (
        f"{swept:.2f} s ({processor:.2f} s of CPU) against {fetched:.2f} s"
        f" for {SMALL:,} droplets, {LATENCY_MS} ms a request"
    )
    return Ratio(name, paired_median(pairs), bound, at_least=False, detail=detail)


def _against_fetch(
    stack: BenchStack, kinds: Sequence[str] = ("droplet",), at_once: int = PAGES_AT_ONCE
) -> _Round:
    """A sync, and bare fetches of what it requested, as many pages side by side as it may."""
    stack.served_requests()
    before = stack.processor_seconds()
    swept = sweep(stack, kinds)
    processor = stack.processor_seconds() - before
    paths = stack.served_requests()
    fetches = []
    for _ in range(FETCHES):
        started = time.perf_counter()
        asyncio.run(_fetch(stack, paths, at_once))
        fetches.append(time.perf_counter() - started)
    return _Round(swept, median(fetches), processor)


async def _fetch(stack: BenchStack, paths: Sequence[str], at_once: int) -> None:
    turns = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(
        base_url=stack.simulator.base_url, headers=stack.simulator.headers, timeout=60
    ) as client:

        async def get(path: str) -> None:
            async with turns:
                (await client.get(path)).raise_for_status()

        await asyncio.gather(*map(get, paths))


def sweep(stack: BenchStack, kinds: Sequence[str] = ("droplet",)) -> float:
    """Syncs these kinds, all of them where none is named; how many seconds it took."""

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

"""(a), (b), (c) Syncs, compared with fetching the same pages concurrently; and their memory.

A sync and its reference alternate, and so do the syncs of different cases, so that a slow moment
of the machine affects all of them; the median of the ratios counts. The processor time of a sync
is printed too: on a shared machine, compare that.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import httpx

from bench.environment import LATENCY_MS, BenchStack, running_stack
from bench.ratios import Ratio, at_most, paired_median, seconds_of
from providers.digitalocean.api.client import CONNECTIONS
from workflows.sync.activities.recording import PAGES_AT_ONCE

__all__ = ["measure", "measure_first"]

SMALL, LARGE = 10_000, 100_000
ROUNDS = 5
FIRST_ROUNDS = 3
"""Number of stacks: a first sync can be measured once on each."""

FETCHES = 3
"""Fetches after each sync; the median counts."""

PARTS = ("worker", "inventory")
DROPLET = ("droplet",)


@dataclass(frozen=True, slots=True)
class _Round:
    """A sync, from start to result, and the fetches after it; all in seconds."""

    swept: float
    fetched: float
    processor: float
    """The processor seconds of all processes of the stack for the sync."""
    discovered_count: int


def measure(stack: BenchStack) -> list[Ratio]:
    """Sweeps of 10,000 unchanged and changed droplets, then the memory at 100,000."""
    stack.sync(DROPLET)
    unchanged, changed = [], []
    with stack.watched(*PARTS) as small:
        for _ in range(ROUNDS):
            unchanged.append(_against_fetch(stack))
            stack.control("mutate", do="touch", kind="droplet")
            changed.append(_against_fetch(stack))
    stack.control("scale", droplets=LARGE)
    with stack.watched(*PARTS) as large:
        stack.sync(DROPLET)
        stack.sync(DROPLET)
    return [
        _ratio("(a) sweep, nothing changed / fetch", unchanged, 1.2),
        _ratio("(b) sweep, everything changed / fetch", changed, 2.5),
        *(_memory(part, small, large) for part in PARTS),
    ]


def measure_first() -> Iterator[Ratio]:
    """The first sync of all droplets, which are added to the account when the stack is up.

    The stack syncs when it starts, so earlier resources would not be new.
    """
    rounds = []
    for _ in range(FIRST_ROUNDS):
        with running_stack(0) as stack:
            stack.control("scale", droplets=SMALL)
            at_once = CONNECTIONS.max_connections or PAGES_AT_ONCE
            rounds.append(_against_fetch(stack, (), at_once))
        # Without the account's own droplets.
        assert rounds[-1].discovered_count > 0.9 * SMALL
    yield _ratio("(a) first sync of all kinds / fetch", rounds, 2.0)


def _ratio(name: str, rounds: list[_Round], bound: float) -> Ratio:
    pairs = [(one.swept, one.fetched) for one in rounds]
    swept, fetched = (median(each) for each in zip(*pairs, strict=True))
    processor = median(one.processor for one in rounds)
    detail = (
        f"{swept:.2f} s ({processor:.2f} s of CPU) against {fetched:.2f} s"
        f" for {SMALL:,} droplets, {LATENCY_MS} ms a request"
    )
    return at_most(name, paired_median(pairs), bound, detail)


def _against_fetch(
    stack: BenchStack, kinds: Sequence[str] = DROPLET, at_once: int = PAGES_AT_ONCE
) -> _Round:
    """A sync, and fetches of what it requested, with as many concurrent pages as it may use."""
    stack.served_requests()
    before = stack.processor_seconds()
    swept, result = stack.sync(kinds)
    processor = stack.processor_seconds() - before
    paths = stack.served_requests()
    fetches = [
        seconds_of(lambda: asyncio.run(_fetch(stack, paths, at_once))) for _ in range(FETCHES)
    ]
    discovered = sum(outcome.discovered_count for outcome in result.outcomes)
    return _Round(swept, median(fetches), processor, discovered)


async def _fetch(stack: BenchStack, paths: Sequence[str], at_once: int) -> None:
    turns = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(
        base_url=stack.simulator.base_url, headers=stack.simulator.headers, timeout=60
    ) as client:

        async def get(path: str) -> None:
            async with turns:
                (await client.get(path)).raise_for_status()

        await asyncio.gather(*map(get, paths))


def _memory(part: str, small: dict[str, float], large: dict[str, float]) -> Ratio:
    at_small, at_large = small[part], large[part]
    return at_most(
        f"(c) memory of {part}, MB more at {LARGE:,}",
        at_large - at_small,
        60,
        f"{at_small:.0f} MB at {SMALL:,} droplets, {at_large:.0f} MB at {LARGE:,}",
    )

"""`make attack`: what honest callers notice while somebody attacks, and what it leaves behind.

Starts a stack of its own, runs one attack after another from a process of its own, and prints a
row for each. The exit code is 1 when a probe misses: an honest caller was refused or took more
than twice as long as without the attack, memory stayed more than 50 MB above what it was, or
something happened that must not (a 5xx, a row of somebody else, a forged token that is let in).

What a busy machine can spoil (time and memory) is tried up to three times, and missed when it
misses each time: a leak grows each time, a pool of memory does not. `make attack ARGS="unread"`
runs the probes whose names contain a word.
"""

import asyncio
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from bench.attack.attacker import DIED, attacked
from bench.attack.connections import AT_ONCE
from bench.attack.probes import PROBES, Probe
from bench.attack.target import ADDRESS, Target
from bench.environment import BenchStack, running_stack
from services.common.settings import Service

DROPLETS: Final = 2_000
CALM_SECONDS: Final = 6.0
ATTACK_SECONDS: Final = 15.0
LONGEST_ATTACK: Final = 60.0
"""Seconds, where it takes so long to try as often as it should."""
SETTLES_WITHIN: Final = 20.0
"""Seconds after an attack in which memory goes back."""
TRIES: Final = 3
RETRIES_WITHIN: Final = 900.0
"""Seconds from the start on in which probes are tried again."""
CALLERS: Final = 4
BOUND: Final = 2.0
NOISE_SECONDS: Final = 0.02
"""A p95 below it is no burden, whatever it was before."""
MAY_GROW: Final = 50
MEGABYTE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Honest:
    """What honest callers saw in a while."""

    p95: float
    answered: int
    refused: Counter[str] = field(default_factory=Counter)
    """How many were refused, by the status or the error."""


@dataclass(frozen=True, slots=True)
class Row:
    """What an attack did."""

    became: Counter[str]
    before: Honest
    during: Honest
    after: Honest
    memory: Counter[str]
    """Resident memory of each part in MB."""
    left: Counter[str]
    """The same when the attack was over."""
    enough: bool
    """Whether it tried as often as it should."""

    def faults(self, probe: Probe) -> list[str]:
        """What a machine in peace must not show."""
        calm = max(self.before.p95, self.after.p95)
        grown = self.left.total() - self.memory.total()
        found = {
            "too few tries": not self.enough,
            "refused": bool(self.during.refused),
            "slow": self.during.p95 > max(BOUND * calm, NOISE_SECONDS),
            "grew": grown > MAY_GROW,
        }
        return [*self.harm(probe), *(name for name, there in found.items() if there)]

    def harm(self, probe: Probe) -> list[str]:
        """What no machine excuses."""
        return sorted(name for name in self.became if name.startswith((DIED, *probe.never)))

    def _growth(self) -> str:
        """Which parts grew by much."""
        grown = [
            f"{part} +{now - self.memory[part]}"
            for part, now in self.left.items()
            if now > self.memory[part] + MAY_GROW / 5
        ]
        return f" ({', '.join(grown)})" if grown else ""

    def cells(self, probe: Probe, verdict: str) -> tuple[str, ...]:
        """The row of the table."""
        calm, during, after = (
            f"{each.p95 * 1000:.0f}" for each in (self.before, self.during, self.after)
        )
        return (
            probe.name, probe.tried, _listed(self.became), calm, during, after,
            _listed(self.during.refused) or f"0 of {self.during.answered}",
            str(self.memory.total()), f"{self.left.total()}{self._growth()}", verdict,
        )  # fmt: skip  # a table


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counted.items()))


def main(words: Sequence[str]) -> int:
    """Runs the attacks; the exit code."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    chosen = [probe for probe in PROBES if not words or any(word in probe.name for word in words)]
    table = Table("probe", "tried", "became", "honest p95 before", "during", "after (ms)",
                  "honest refused", "MB before", "after", "verdict")  # fmt: skip  # a table
    started = time.monotonic()
    missed = 0
    with running_stack(DROPLETS, unlimited=False) as stack:
        target = Target.of(stack)
        asyncio.run(_honest(target, 5.0))  # what is made once
        for probe in chosen:
            for attempt in range(1, TRIES + 1):
                row = _measure(stack, target, probe)
                faults = row.faults(probe)
                verdict = ", ".join(faults) or ("held" if attempt == 1 else f"held, try {attempt}")
                cells = row.cells(probe, verdict)
                print(" | ".join(cells), flush=True)
                late = time.monotonic() - started > RETRIES_WITHIN
                if not faults or row.harm(probe) or late:
                    break
            table.add_row(*cells)
            missed += bool(faults)
    Console(width=200).print(table)
    print(f"{len(chosen) - missed} of {len(chosen)} held, in {time.monotonic() - started:.0f} s")
    return 1 if missed else 0


def _measure(stack: BenchStack, target: Target, probe: Probe) -> Row:
    memory = _megabytes(stack)
    before = asyncio.run(_honest(target, CALM_SECONDS))
    with attacked(probe, target) as attack:
        begun = time.monotonic()
        during = asyncio.run(_honest(target, ATTACK_SECONDS))
        while not attack.is_one() and time.monotonic() - begun < LONGEST_ATTACK:
            time.sleep(1)
        enough, became = attack.is_one(), attack.outcomes()
    left = _settled(stack, target, memory)
    after = asyncio.run(_honest(target, CALM_SECONDS))
    if not became[AT_ONCE]:
        del became[AT_ONCE]
    return Row(became, before, during, after, memory, left, enough)


def _settled(stack: BenchStack, target: Target, memory: Counter[str]) -> Counter[str]:
    """Memory once it is back, or when it had the time for it.

    Honest callers go on: an allocator returns what is free when more is asked of it.
    """
    end = time.monotonic() + SETTLES_WITHIN
    while True:
        asyncio.run(_honest(target, 1.0))
        left = _megabytes(stack)
        if left.total() <= memory.total() + MAY_GROW or time.monotonic() > end:
            return left


async def _honest(target: Target, seconds: float) -> Honest:
    """Operators who list resources: half of them on a connection that they keep."""
    times: list[float] = []
    refused: Counter[str] = Counter()
    end = time.perf_counter() + seconds
    headers = {"authorization": f"Bearer {target.honest_token}"}
    url = f"http://{ADDRESS}:{target.port}/api/v1/inventory?page_size=20"

    async def one(*, keeps: bool) -> None:
        async with httpx.AsyncClient(headers=headers, timeout=20, trust_env=False) as client:
            while time.perf_counter() < end:
                more = {} if keeps else {"connection": "close"}
                started = time.perf_counter()
                try:
                    answer = await client.get(url, headers=more)
                    if not answer.is_success:
                        refused[str(answer.status_code)] += 1
                except httpx.HTTPError as error:
                    refused[type(error).__name__] += 1
                times.append(time.perf_counter() - started)
                await asyncio.sleep(0.05)

    await asyncio.gather(*(one(keeps=number % 2 == 0) for number in range(CALLERS)))
    return Honest(quantiles(times, n=20)[-1], len(times) - refused.total(), refused)


def _megabytes(stack: BenchStack) -> Counter[str]:
    """Resident memory of the gateway and of each service."""
    return Counter(
        {part: stack.process(part).memory_info().rss // MEGABYTE for part in ("gateway", *Service)}
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and the stack ends with it
    sys.exit(main(sys.argv[1:]))

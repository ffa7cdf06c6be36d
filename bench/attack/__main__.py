"""`make attack`: the effect of attacks on honest callers, and what the attacks leave behind.

Starts a separate stack, runs the attacks one by one from a separate process, and prints a row for
each. The exit code is 1 if a probe is missed: an honest caller was rejected or took more than
twice as long as without the attack, memory stayed more than 50 MB above its previous level, or
something forbidden happened (a 5xx, another tenant's row, a forged token that was accepted).

Time and memory can be distorted by a busy machine, so they are tried up to three times and missed
if every try misses: a leak grows each time, a pool of memory does not. `make attack ARGS="unread"`
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
"""Maximum seconds to reach an attack's minimum number of tries."""
SETTLES_WITHIN: Final = 20.0
"""Maximum seconds after an attack until memory is released."""
TRIES: Final = 3
RETRIES_WITHIN: Final = 900.0
"""Seconds from the start in which probes are retried."""
CALLERS: Final = 4
BOUND: Final = 2.0
NOISE_SECONDS: Final = 0.02
"""A p95 below this many ms is acceptable, whatever it was before."""
MAY_GROW: Final = 50
MEGABYTE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Honest:
    """The measurements of honest callers in a period."""

    p95: float
    answered: int
    refused: Counter[str] = field(default_factory=Counter)
    """Rejected calls, by status or error."""


@dataclass(frozen=True, slots=True)
class Row:
    """The effect of an attack."""

    became: Counter[str]
    before: Honest
    during: Honest
    after: Honest
    memory: Counter[str]
    """Resident memory of each part in MB before the attack."""
    left: Counter[str]
    """Resident memory after the attack."""
    enough: bool
    """Whether it reached its minimum number of tries."""

    def faults(self, probe: Probe) -> list[str]:
        """Faults that can be caused by a busy machine."""
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
        """Faults that a busy machine cannot cause."""
        return sorted(name for name in self.became if name.startswith((DIED, *probe.never)))

    def _growth(self) -> str:
        """The parts whose memory grew too much."""
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
    """Runs the attacks; returns the exit code."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    chosen = [probe for probe in PROBES if not words or any(word in probe.name for word in words)]
    table = Table("probe", "tried", "became", "honest p95 before", "during", "after (ms)",
                  "honest refused", "MB before", "after", "verdict")  # fmt: skip  # a table
    started = time.monotonic()
    missed = 0
    with running_stack(DROPLETS, unlimited=False) as stack:
        target = Target.of(stack)
        asyncio.run(_honest(target, 5.0))  # allocations that happen only once
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
    """Memory once it is released, or after the maximum time.

    Honest callers continue meanwhile, because an allocator releases memory on allocations.
    """
    end = time.monotonic() + SETTLES_WITHIN
    while True:
        asyncio.run(_honest(target, 1.0))
        left = _megabytes(stack)
        if left.total() <= memory.total() + MAY_GROW or time.monotonic() > end:
            return left


async def _honest(target: Target, seconds: float) -> Honest:
    """Operators who list resources; half of them reuse a connection."""
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the stack is stopped too
    sys.exit(main(sys.argv[1:]))

"""`make attack`: what honest callers notice while somebody attacks, and what it leaves behind.

Starts a stack of its own, runs one attack after another from a process of its own, and prints a
row for each. The exit code is 1 when an honest caller was refused, took more than twice as long
as before, or when memory is more than 50 MB above what it was. `make attack ARGS="unread"` runs
those whose names contain a word.
"""

import asyncio
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from bench.attack.attacker import attacked
from bench.attack.probes import PROBES, Probe
from bench.attack.target import Target
from bench.environment import BenchStack, running_stack
from services.common.settings import Service

DROPLETS: Final = 2_000
CALM_SECONDS: Final = 8.0
ATTACK_SECONDS: Final = 20.0
SETTLE_SECONDS: Final = 8.0
"""After an attack, before memory is looked at and the next one begins."""
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
    refused: int
    answered: int


def main(words: Sequence[str]) -> int:
    """Runs the attacks; the exit code."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    chosen = [probe for probe in PROBES if not words or any(word in probe.name for word in words)]
    table = Table("probe", "tried", "became", "honest p95 before", "during", "refused", "MB before",
                  "after", "verdict")  # fmt: skip  # a table
    failed = False
    with running_stack(DROPLETS, unlimited=False) as stack:
        target = Target.of(stack)
        asyncio.run(_honest(target, 5.0))  # what is made once
        for probe in chosen:
            verdict = _measure(stack, target, probe, table)
            failed = failed or verdict != "held"
    Console(width=160).print(table)
    return 1 if failed else 0


def _measure(stack: BenchStack, target: Target, probe: Probe, table: Table) -> str:
    memory = _megabytes(stack)
    before = asyncio.run(_honest(target, CALM_SECONDS))
    with attacked(probe, target) as outcomes:
        during = asyncio.run(_honest(target, ATTACK_SECONDS))
    time.sleep(SETTLE_SECONDS)
    after = _megabytes(stack)
    faults = []
    if during.refused:
        faults.append("refused")
    if during.p95 > max(BOUND * before.p95, NOISE_SECONDS):
        faults.append("slow")
    if after > memory + MAY_GROW:
        faults.append("grew")
    verdict = ", ".join(faults) or "held"
    became = ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items()))
    row = (
        probe.name, probe.tried, became, f"{before.p95 * 1000:.1f} ms",
        f"{during.p95 * 1000:.1f} ms", f"{during.refused} of {during.answered + during.refused}",
        f"{memory:.0f}", f"{after:.0f}", verdict,
    )  # fmt: skip  # a table
    print(" | ".join(row), flush=True)
    table.add_row(*row)
    return verdict


async def _honest(target: Target, seconds: float) -> Honest:
    """Operators who list resources: half of them on a connection that they keep."""
    times: list[float] = []
    refused = 0
    end = time.perf_counter() + seconds
    headers = {"authorization": f"Bearer {target.operator_token}"}
    url = f"http://127.0.0.1:{target.port}/api/v1/inventory?page_size=20"

    async def one(*, keeps: bool) -> None:
        nonlocal refused
        async with httpx.AsyncClient(headers=headers, timeout=20, trust_env=False) as client:
            while time.perf_counter() < end:
                more = {} if keeps else {"connection": "close"}
                started = time.perf_counter()
                try:
                    good = (await client.get(url, headers=more)).is_success
                except httpx.HTTPError:
                    good = False
                times.append(time.perf_counter() - started)
                refused += not good
                await asyncio.sleep(0.05)

    await asyncio.gather(*(one(keeps=number % 2 == 0) for number in range(CALLERS)))
    return Honest(quantiles(times, n=20)[-1], refused, len(times) - refused)


def _megabytes(stack: BenchStack) -> float:
    """Resident memory of the gateway and the services."""
    return sum(stack.process(part).memory_info().rss for part in ("gateway", *Service)) / MEGABYTE


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and the stack ends with it
    sys.exit(main(sys.argv[1:]))

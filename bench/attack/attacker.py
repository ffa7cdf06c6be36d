"""The attacker, in a separate process, so that it does not distort the measurements."""

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import uvloop

from bench.attack.connections import AT_ONCE, Outcomes
from bench.attack.probes import PROBES, Probe
from bench.attack.target import Target

__all__ = ["DIED", "Attack", "attacked"]

DIED: Final = "died"
"""Prefix of the outcome if the attack itself failed."""

ANSWERS_WITHIN: Final = 60
"""Seconds; the attacker's loop may be busy with thousands of connections."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A running attack."""

    probe: Probe
    pipe: "Connection[str, dict[str, int]]"

    def outcomes(self, command: str = "count") -> Counter[str]:
        """The outcomes of its tries so far. Raises TimeoutError if it does not respond."""
        self.pipe.send(command)
        if not self.pipe.poll(ANSWERS_WITHIN):
            raise TimeoutError(f"the attack {self.probe.name} does not respond")
        return Counter(self.pipe.recv())

    def is_one(self) -> bool:
        """Whether it reached its minimum number of tries."""
        outcomes = self.outcomes()
        return max(outcomes[AT_ONCE], outcomes.total() - outcomes[AT_ONCE]) >= self.probe.least


@contextmanager
def attacked(probe: Probe, target: Target) -> Iterator[Attack]:
    """Runs an attack in a separate process until the end of the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_attack, args=(PROBES.index(probe), target, theirs))
    process.start()
    theirs.close()
    time.sleep(2)  # until it is at full strength
    try:
        yield Attack(probe, ours)
    finally:
        with suppress(OSError):
            ours.close()  # so that it exits by itself, even without a parent
        process.join(10)
        process.kill()
        process.join()


def _attack(index: int, target: Target, pipe: "Connection[dict[str, int], str]") -> None:
    """The attacker's process."""
    # It simulates other machines, so the stack has priority.
    os.nice(5)
    outcomes = Outcomes()

    def tell() -> None:
        """Runs in a thread, because the loop may be busy with thousands of connections."""
        with suppress(EOFError, OSError):
            while pipe.recv():
                pipe.send(dict(outcomes))

    async def run() -> None:
        try:
            await PROBES[index].run(target, outcomes)
        except Exception as error:  # noqa: BLE001 - reported as an outcome
            outcomes[f"{DIED}: {error!r}"] += 1

    async def attack() -> None:
        attacking = asyncio.ensure_future(run())
        await asyncio.to_thread(tell)
        attacking.cancel()
        with suppress(asyncio.CancelledError):
            await attacking

    uvloop.run(attack())

"""The attacker: a process of its own, so that honest callers are measured undisturbed by it."""

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
"""How the outcome begins when the attack itself ended with an error."""

ANSWERS_WITHIN: Final = 60
"""Seconds: the attacker's loop may be busy with thousands of connections."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A running attack."""

    probe: Probe
    pipe: "Connection[str, dict[str, int]]"

    def outcomes(self, command: str = "count") -> Counter[str]:
        """What became of its tries so far. Raises TimeoutError when it does not respond."""
        self.pipe.send(command)
        if not self.pipe.poll(ANSWERS_WITHIN):
            raise TimeoutError(f"the attack {self.probe.name} does not respond")
        return Counter(self.pipe.recv())

    def is_one(self) -> bool:
        """Whether it tried often enough to be called an attack."""
        outcomes = self.outcomes()
        return max(outcomes[AT_ONCE], outcomes.total() - outcomes[AT_ONCE]) >= self.probe.least


@contextmanager
def attacked(probe: Probe, target: Target) -> Iterator[Attack]:
    """Runs an attack in a process of its own until the end of the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_attack, args=(PROBES.index(probe), target, theirs))
    process.start()
    theirs.close()
    time.sleep(2)  # it is at full strength by then
    try:
        yield Attack(probe, ours)
    finally:
        with suppress(OSError):
            ours.close()  # so that it ends by itself, even where nobody is left to end it
        process.join(10)
        process.kill()
        process.join()


def _attack(index: int, target: Target, pipe: "Connection[dict[str, int], str]") -> None:
    """The attacker's process."""
    # It stands for other machines: it leaves the processor to the stack.
    os.nice(5)
    outcomes = Outcomes()

    def tell() -> None:
        """In a thread: the loop may be busy with thousands of connections."""
        with suppress(EOFError, OSError):
            while pipe.recv():
                pipe.send(dict(outcomes))

    async def run() -> None:
        try:
            await PROBES[index].run(target, outcomes)
        except Exception as error:  # noqa: BLE001 - the report tells it
            outcomes[f"{DIED}: {error!r}"] += 1

    async def attack() -> None:
        attacking = asyncio.ensure_future(run())
        await asyncio.to_thread(tell)
        attacking.cancel()
        with suppress(asyncio.CancelledError):
            await attacking

    uvloop.run(attack())

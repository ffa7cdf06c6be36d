"""The attacker: a process of its own, so that honest callers are measured undisturbed by it."""

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

import uvloop

from bench.attack.probes import PROBES, Probe
from bench.attack.target import Target

__all__ = ["attacked"]


@contextmanager
def attacked(probe: Probe, target: Target) -> Iterator[Counter[str]]:
    """Runs an attack in a process of its own; at the end of the block, what became of it."""
    outcomes: Counter[str] = Counter()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_attack, args=(PROBES.index(probe), target, theirs))
    process.start()
    time.sleep(2)  # it is at full strength by then
    try:
        yield outcomes
        ours.send("stop")
        if ours.poll(60):  # so many tasks take long to end
            outcomes.update(ours.recv())
    finally:
        process.join(10)
        process.kill()
        process.join()


def _attack(index: int, target: Target, pipe: Connection) -> None:
    """The attacker's process; it leaves the processor to the stack and to honest callers."""
    os.nice(5)
    outcomes: Counter[str] = Counter()

    def tell() -> None:
        """In a thread: the loop may be busy with thousands of connections."""
        pipe.recv()
        pipe.send(dict(outcomes))

    async def attack() -> None:
        attacking = asyncio.ensure_future(PROBES[index].run(target, outcomes))
        await asyncio.to_thread(tell)
        attacking.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await attacking

    uvloop.run(attack())

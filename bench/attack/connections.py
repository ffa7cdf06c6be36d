"""Shared by attacks: connections to the gateway, and counts of outcomes."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable

from bench.attack.target import ADDRESS, Target

__all__ = ["AT_ONCE", "Outcomes", "all_of", "connected"]

AT_ONCE = "at once"
"""The outcome with the highest number of simultaneous connections."""


class Outcomes(Counter[str]):
    """The number of tries by outcome."""

    open = 0
    """Open connections."""

    def opened(self) -> None:
        """Counts an open connection."""
        self.open += 1
        self[AT_ONCE] = max(self[AT_ONCE], self.open)


@contextlib.asynccontextmanager
async def connected(
    target: Target, outcomes: Outcomes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection; one that is cut is counted, without an error."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(ADDRESS, target.port)
            break
        except (OSError, RuntimeError):  # uvloop's for a connection that is cut as it opens
            outcomes["not connected"] += 1
            await asyncio.sleep(1)
    outcomes.opened()
    try:
        yield reader, writer
    except (OSError, RuntimeError, asyncio.IncompleteReadError) as error:
        if isinstance(error, RuntimeError) and not writer.is_closing():
            raise  # uvloop's for writing to a connection that is cut, and anybody else's
        outcomes["cut"] += 1
        await asyncio.sleep(0.1)
    finally:
        outcomes.open -= 1
        writer.close()


async def all_of(attackers: Iterable[Awaitable[None]]) -> None:
    """Runs them concurrently until one raises, or all are cancelled."""
    async with asyncio.TaskGroup() as group:
        for attacker in attackers:
            group.create_task(_run(attacker))


async def _run(attacker: Awaitable[None]) -> None:
    await attacker

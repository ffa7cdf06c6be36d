"""The load: writers that retry a key until it succeeds, and readers, until they are stopped."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tests.soak.ledger import Ledger
from tests.soak.outside import NoAnswer, Unclear

__all__ = ["Load", "Writer"]

AGAIN_SECONDS: Final = 0.2
"""How long a writer waits before it sends a request again."""


class Writer(Protocol):
    """One kind of write. Its key makes that it may be sent again."""

    @property
    def kind(self) -> str:
        """What it writes, for the ledger."""

    @property
    def pause(self) -> float:
        """Seconds between two writes."""

    async def prepare(self, key: str) -> Any:
        """The request, the same however often it is sent."""

    async def send(self, request: Any) -> Any:
        """Sends it; what came of it. Raises NoAnswer when it is to be sent again."""


@dataclass
class Load:
    """Writers and readers at work."""

    ledger: Ledger
    unclear: list[str] = field(default_factory=list)
    """Errors that said nothing."""
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def write(self, writer: Writer) -> None:
        """Sets a writer to work."""
        self._tasks.append(asyncio.create_task(self._write(writer)))

    def read(self, read: Callable[[], Awaitable[None]], pause: float) -> None:
        """Sets a reader to work."""
        self._tasks.append(asyncio.create_task(self._read(read, pause)))

    def check(self) -> None:
        """Raises what ended a writer or a reader before its time."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def stop(self) -> None:
        """Lets each end what it is at: no request stays unanswered."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """Ends everything at once, wherever it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, writer: Writer) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            key = f"{writer.kind}-{number}"
            request = await writer.prepare(key)
            if request is not None:
                await self._until_acknowledged(writer, key, request)
            await self._rest(writer.pause)

    async def _until_acknowledged(self, writer: Writer, key: str, request: Any) -> None:
        asked = time.monotonic()
        while True:
            sent = time.monotonic()
            self.ledger.requests += 1
            try:
                effect = await writer.send(request)
            except NoAnswer as error:
                self._refused(error)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self.ledger.acknowledge(writer.kind, key, effect, asked=asked, sent=sent)
                return

    async def _read(self, read: Callable[[], Awaitable[None]], pause: float) -> None:
        while not self._stopping.is_set():
            self.ledger.requests += 1
            try:
                await read()
            except NoAnswer as error:
                self._refused(error)
            await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _refused(self, error: NoAnswer) -> None:
        if isinstance(error, Unclear):
            self.unclear.append(str(error))
        self.ledger.refuse(str(error) if not isinstance(error, Unclear) else "unclear")

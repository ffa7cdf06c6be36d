"""A proxy in front of PostgreSQL that can lose responses to COMMIT."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

__all__ = ["LostCommits", "losing_commits"]

COMMIT: Final = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""The statement as a client sends it alone, in the server's own protocol."""

CHUNK_BYTES: Final = 64 * 1024


@dataclass
class LostCommits:
    """Which response is lost next."""

    port: int
    _before: int | None = None

    def lose_after(self, commits: int) -> None:
        """Loses the response after this many."""
        self._before = commits

    def lose_none(self) -> None:
        """Loses no response."""
        self._before = None

    def loses_this(self) -> bool:
        """Counts a COMMIT; returns whether to lose its response."""
        if self._before is None:
            return False
        if self._before:
            self._before -= 1
            return False
        self._before = None
        return True


@asynccontextmanager
async def losing_commits(server_port: int) -> AsyncIterator[LostCommits]:
    """The proxy, on its own port.

    If armed, a COMMIT reaches the server and is executed, but its response is lost and the
    connection ends.
    """
    commits = LostCommits(0)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", server_port)
        answering = asyncio.create_task(_pass_on(server_reader, writer))
        try:
            while said := await reader.read(CHUNK_BYTES):
                loses = said.endswith(COMMIT) and commits.loses_this()
                if loses:
                    answering.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await answering
                server_writer.write(said)
                await server_writer.drain()
                if loses:
                    await server_reader.read(CHUNK_BYTES)  # it has been committed or refused
                    return
        except OSError:
            pass  # one of the two is gone: the other learns it below
        finally:
            answering.cancel()
            writer.transport.abort()
            server_writer.transport.abort()
            tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    commits.port = listener.sockets[0].getsockname()[1]
    try:
        yield commits
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while said := await reader.read(CHUNK_BYTES):
            writer.write(said)
            await writer.drain()
    writer.transport.abort()

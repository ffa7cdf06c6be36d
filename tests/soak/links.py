"""The connections between parts, which a test can cut and slow down."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Final

from tests.support.ports import free_port

__all__ = ["Link"]

CHUNK_BYTES: Final = 64 * 1024
AT_ONCE: Final = struct.pack("ii", 1, 0)
"""Lingering for no second makes a close a reset."""


@dataclass
class Link:
    """A TCP proxy in front of one part: what goes through it may be cut or slowed."""

    name: str
    target: int
    """The port on which the part itself listens."""
    port: int = field(default_factory=free_port)
    delay_seconds: float = 0.0
    """How long each piece of what is said waits, in both directions."""
    is_cut: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set, init=False)
    _served: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        """`host:port` by which the others find the part."""
        return f"127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Ends all connections, and listens no more."""
        assert self._server is not None
        self._server.close()
        self.break_off()
        await asyncio.gather(*self._served, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Breaks off what is open, and refuses everybody until it is mended."""
        self.is_cut = True
        self.break_off()

    def slow(self, seconds: float) -> None:
        """Makes each piece wait."""
        self.delay_seconds = seconds

    def mend(self) -> None:
        """Lets everything through, at once."""
        self.is_cut = False
        self.delay_seconds = 0.0

    def break_off(self) -> None:
        """Resets what is open, without a farewell."""
        for writer in list(self._open):
            with contextlib.suppress(OSError):  # one that is closed already
                end = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._served.add(task)
        task.add_done_callback(self._served.discard)
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            beyond, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:  # the part is down, which its callers shall see as they would without us
            writer.transport.abort()
            return
        self._open |= {writer, onward}
        try:
            await asyncio.gather(self._carry(reader, onward), self._carry(beyond, writer))
        finally:
            self._open -= {writer, onward}
            for end in (writer, onward):
                end.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Carries one direction to its end, and tells the other side of it."""
        with contextlib.suppress(OSError):
            while piece := await source.read(CHUNK_BYTES):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                target.write(piece)
                await target.drain()
            target.write_eof()
            return
        target.transport.abort()

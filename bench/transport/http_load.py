"""How many requests a second a server answers over kept-alive connections of HTTP/1.1."""

import asyncio
import time
from typing import Any

__all__ = ["requests_a_second"]

WARMING_SECONDS = 1.0


async def requests_a_second(
    port: int, request: bytes, *, connections: int, seconds: float
) -> float:
    """Sends the same request over each connection, the next when the last was answered.

    Raises AssertionError for an answer that is not 200.
    """
    answered = 0

    async def caller(lasting: float, *, counted: bool) -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        end = time.perf_counter() + lasting
        while time.perf_counter() < end:
            writer.write(request)
            await _read_answer(reader)
            answered += counted
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller(WARMING_SECONDS, counted=False) for _ in range(connections)))
    await asyncio.gather(*(caller(seconds, counted=True) for _ in range(connections)))
    return answered / seconds


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        length: Any = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))

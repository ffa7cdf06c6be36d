"""The speed of a server's responses over kept-alive connections of HTTP/1.1."""

import asyncio
import time
from typing import Any

__all__ = ["answer_times"]

WARMING_SECONDS = 1.0


async def answer_times(
    port: int, request: bytes, *, connections: int, seconds: float
) -> list[float]:
    """Sends the same request over each connection, the next after each response.

    Returns the seconds of each response. Raises AssertionError for a status other than 200.
    """
    times: list[float] = []

    async def caller(lasting: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        end = time.perf_counter() + lasting
        while (started := time.perf_counter()) < end:
            writer.write(request)
            await _read_answer(reader)
            times.append(time.perf_counter() - started)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller(WARMING_SECONDS) for _ in range(connections)))
    times.clear()
    await asyncio.gather(*(caller(seconds) for _ in range(connections)))
    return times


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

"""HTTP requests that must be rejected, byte by byte, with the expected status."""

import asyncio
from typing import Final

from bench.attack.connections import Outcomes, all_of, connected
from bench.attack.target import Target

__all__ = ["malformed"]

LIST: Final = "GET /api/v1/inventory HTTP/1.1\r\n"
ASSIGN: Final = "POST /api/v1/inventory/7/assign HTTP/1.1\r\nhost: gateway\r\n"
CHUNKED: Final = ASSIGN + "transfer-encoding: chunked\r\n"


def _posted(body: str) -> tuple[str, str]:
    return f"{ASSIGN}content-length: {len(body)}\r\n", body


REFUSALS: Final = {
    "another method": ("DELETE /api/v1/inventory HTTP/1.1\r\nhost: gateway\r\n", "", 405),
    "CONNECT": ("CONNECT gateway:443 HTTP/1.1\r\nhost: gateway:443\r\n", "", 405),
    "another protocol": (
        LIST + "host: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
        "",
        403,
    ),
    "two hosts": (LIST + "host: gateway\r\nhost: other\r\n", "", 400),
    "no host": (LIST, "", 400),
    "a header with an underscore": (LIST + "host: gateway\r\nx_a: b\r\n", "", 400),
    "an escaped slash": ("GET /api/v1/inventory%2F7 HTTP/1.1\r\nhost: gateway\r\n", "", 400),
    "HTTP/1.0": ("GET /api/v1/inventory HTTP/1.0\r\nhost: gateway\r\n", "", 426),
    "two lengths": (ASSIGN + "content-length: 2\r\ncontent-length: 3\r\n", "{}x", 400),
    "a length and chunks": (CHUNKED + "content-length: 6\r\n", "0\r\n\r\nG", 400),
    "bare LF in chunks": (CHUNKED, "2\n{}\n0\n\n", 400),
    "a chunk that is longer than its size": (CHUNKED, "2\r\n{}xx\r\n0\r\n\r\n", 400),
    "another transfer coding": (ASSIGN + "transfer-encoding: gzip, chunked\r\n", "", 501),
    "a field that does not exist": (*_posted('{"trail": true}'), 400),
    "a field that is there twice": (*_posted('{"reason": "x", "reason": "y"}'), 400),
    "lenient JSON": (*_posted("{'reason': 'x',}"), 400),
}
"""By name: the head of a request without its token and last line, the body, and the status."""


async def malformed(target: Target, outcomes: Outcomes) -> None:
    """Sends each of them repeatedly, and counts those that are accepted."""

    async def one(name: str) -> None:
        head, body, status = REFUSALS[name]
        request = f"{head}authorization: Bearer {target.tenant_token}\r\n\r\n{body}".encode()
        while True:
            async with connected(target, outcomes) as (reader, writer):
                writer.write(request)
                line = await reader.readline()
                refused = line.startswith(f"HTTP/1.1 {status} ".encode())
                outcomes["refused" if refused else f"taken: {name} ({line[9:12].decode()})"] += 1
            await asyncio.sleep(0.5)

    await all_of(one(name) for name in REFUSALS)

"""(5d) Quotes through the gateway, compared with the same engine behind FastAPI."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

import uvloop

from bench.environment import BenchStack
from bench.ratios import Ratio, at_least, paired_median
from bench.transport.http_load import answer_times
from services.common.identity.tokens import mint_user_token
from services.common.settings import Port

__all__ = ["measure"]

SECONDS: Final = 3.0
ROUNDS: Final = 5
CONNECTIONS: Final = 16
START_SECONDS: Final = 120.0

BODY: Final = (
    b'{"plan_code":"studio","addons":["storage_50gb"],"starts_on":"2026-05-20",'
    b'"projected_usage":{"llm_tokens":"100500000","spaces_gb_month":200,"droplet_hours":1488}}'
)


def measure(stack: BenchStack) -> list[Ratio]:
    """Requests a second of both, alternating."""
    token = mint_user_token(stack.settings, subject="bench", tenant_id="acme")
    head = (
        f"POST /api/v1/quote HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
    )
    request = head.encode() + BODY
    with _application() as port:
        rounds = [
            (_load(stack.settings.port(Port.GATEWAY), request), _load(port, request))
            for _ in range(ROUNDS)
        ]
    ours, theirs = (sorted(each)[ROUNDS // 2] for each in zip(*rounds, strict=True))
    return [
        at_least(
            "(5d) quotes at the gateway / FastAPI",
            paired_median(rounds),
            0.8,
            f"{ours:.0f}/s against {theirs:.0f}/s, {CONNECTIONS} connections",
        )
    ]


def _load(port: int, request: bytes) -> float:
    load = answer_times(port, request, connections=CONNECTIONS, seconds=SECONDS)
    return len(uvloop.run(load)) / SECONDS


@contextlib.contextmanager
def _application() -> Iterator[int]:
    """The reference, on a free port, with the environment of the stack."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.pricing.quote_app", str(port)])
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError("the reference does not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()

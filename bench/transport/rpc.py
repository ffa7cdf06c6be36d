"""(e) An authenticated empty RPC, compared with one on a server without interceptors.

Compared by the server's processor time per call, because the client is slower, and calls a second
would mostly measure the client.
"""

import asyncio
import subprocess
import sys
from contextlib import ExitStack

import grpc
import psutil
import uvloop
from google.protobuf import empty_pb2

from bench.ratios import Ratio, at_least
from services.common.identity.tokens import mint_user_token
from services.common.settings import Settings

__all__ = ["measure"]

SERVICE = "arcadia.bench.v1.BenchService"
PATH = f"/{SERVICE}/Nothing"
ROUNDS = 9
CALLS = 4_000
CONCURRENCY = 16


def measure() -> Ratio:
    """Runs both servers, and calls them alternately."""
    with ExitStack() as stack:
        bare, guarded = (_Server(stack, mode) for mode in ("bare", "guarded"))
        for server in (bare, guarded):
            uvloop.run(server.call(CALLS))
        costs = [(bare.cost(), guarded.cost()) for _ in range(ROUNDS)]
    # The cheapest round of each, because other programs only add time.
    best_bare, best_guarded = (min(each) for each in zip(*costs, strict=True))
    return at_least(
        "(e) authenticated RPC / bare RPC",
        best_bare / best_guarded,
        0.8,
        f"{best_bare * 1e6:.0f} µs bare, {best_guarded * 1e6:.0f} µs guarded, of CPU",
    )


class _Server:
    def __init__(self, stack: ExitStack, mode: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.transport.rpc_server", mode],
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        self._usage = psutil.Process(process.pid)
        settings = Settings()
        token = mint_user_token(settings, subject="bench", tenant_id="acme")
        self._metadata = (("authorization", f"Bearer {token}"), ("x-request-id", "bench-1"))

    def cost(self) -> float:
        """Processor seconds of the server per call."""
        before = sum(self._usage.cpu_times()[:2])
        uvloop.run(self.call(CALLS))
        return (sum(self._usage.cpu_times()[:2]) - before) / CALLS

    async def call(self, count: int) -> None:
        """Calls the server `count` times, some concurrently."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            method = channel.unary_unary(
                PATH,
                request_serializer=empty_pb2.Empty.SerializeToString,
                response_deserializer=empty_pb2.Empty.FromString,
            )

            async def caller() -> None:
                for _ in range(count // CONCURRENCY):
                    await method(empty_pb2.Empty(), metadata=self._metadata, wait_for_ready=True)

            await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))

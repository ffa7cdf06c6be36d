"""`arcadia rollup run` follows a roll-up for longer than a token is valid."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from arcadia.analytics.v1 import rollup_service_pb2 as pb
from arcadia.analytics.v1 import rollup_service_pb2_grpc, rollups_pb2

from cli.invoicing import rollup as command
from tests.support.ports import free_port


class Rollups(rollup_service_pb2_grpc.RollupServiceServicer):
    """A roll-up that rests at the third look."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def GetRollup(self, request: pb.GetRollupRequest, context: Any) -> Any:
        self.tokens.append(dict(context.invocation_metadata())["authorization"])
        status = "completed" if len(self.tokens) == 3 else "running"
        return pb.GetRollupResponse(rollup=rollups_pb2.Rollup(id=request.id, status=status))


def test_each_look_at_a_roll_up_has_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # Only the one RPC is asked: the others answer that they are not implemented.
    served = Rollups()  # type: ignore[abstract]
    server = grpc.server(ThreadPoolExecutor(2))
    rollup_service_pb2_grpc.add_RollupServiceServicer_to_server(served, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("ARCADIA_ANALYTICS_ADDRESS", f"127.0.0.1:{port}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(command, "POLL_SECONDS", 0)
    rested = asyncio.run(command.settled(rollups_pb2.Rollup(id="one", status="running"), ""))
    server.stop(None)
    assert rested.status == "completed"
    assert len(set(served.tokens)) == len(served.tokens) == 3

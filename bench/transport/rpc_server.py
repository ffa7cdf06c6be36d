"""A server with one empty RPC: `bare`, or `guarded` by our interceptors."""

import os
import sys
from typing import Any

import grpc
import uvloop
from arcadia.common.v1 import access_pb2
from google.protobuf import empty_pb2

from bench.transport.rpc import PATH, SERVICE
from services.common.identity.policy import AccessRule
from services.common.identity.tokens import TokenVerifier
from services.common.rpc.interceptor.call_log import CallLog
from services.common.rpc.interceptor.interceptor import CallInterceptor
from services.common.rpc.telemetry import configure_logging
from services.common.settings import Settings


async def nothing(_: empty_pb2.Empty, __: Any) -> empty_pb2.Empty:
    """Returns at once."""
    return empty_pb2.Empty()


async def serve(mode: str) -> None:
    """Listens on a free port, and prints it."""
    settings = Settings()
    interceptors = []
    if mode == "guarded":
        rules = {PATH: AccessRule(access_pb2.ACCESS_TENANT)}
        interceptors.append(CallInterceptor(rules, TokenVerifier(settings), None, CallLog("bench")))
    server = grpc.aio.server(interceptors=interceptors)
    handler = grpc.unary_unary_rpc_method_handler(
        nothing,
        request_deserializer=empty_pb2.Empty.FromString,
        response_serializer=empty_pb2.Empty.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Nothing": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    # From here on it logs to a file, like the services of the local stack.
    log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    configure_logging(settings, "bench")
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))

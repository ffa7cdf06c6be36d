"""Handlers of RPCs that the protos declare but the release does not implement.

They exist for reflection, and their access is enforced; then they return UNIMPLEMENTED.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from services.common.errors import Unimplemented

__all__ = ["unanswered_handlers"]


def unanswered_handlers(
    services: Iterable[ServiceDescriptor],
) -> tuple[grpc.GenericRpcHandler, ...]:
    """A handler for every method of `services`, to register after those of the servicers."""
    return tuple(
        grpc.method_handlers_generic_handler(
            service.full_name, {method.name: _handler(method) for method in service.methods}
        )
        for service in services
    )


def _handler(method: MethodDescriptor) -> Any:
    kinds = {
        (False, False): (grpc.unary_unary_rpc_method_handler, _refuse),
        (False, True): (grpc.unary_stream_rpc_method_handler, _refuse_stream),
        (True, False): (grpc.stream_unary_rpc_method_handler, _refuse),
        (True, True): (grpc.stream_stream_rpc_method_handler, _refuse_stream),
    }
    make, behaviour = kinds[method.client_streaming, method.server_streaming]
    return make(behaviour)


async def _refuse(request: object, context: object) -> bytes:
    raise Unimplemented


async def _refuse_stream(request: object, context: object) -> AsyncIterator[bytes]:
    raise Unimplemented
    yield b""  # makes it a generator, which gRPC expects for a stream

"""How large a request each RPC takes, read from the option on its method in the proto."""

from collections.abc import Iterable
from typing import Final

from arcadia.common.v1 import access_pb2, limits_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from services.common.identity.policy import AccessRule, method_path

__all__ = ["MAX_BODY_BYTES", "MAX_MESSAGE_BYTES", "max_body_bytes", "message_limits"]

MAX_BODY_BYTES: Final = 64 * 1024
"""The largest JSON body of a method that declares none."""

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
"""The largest message that a service takes: a batch of another service or a worker."""

MESSAGE_BYTES_A_BODY_BYTE: Final = 6
"""How far a message may outgrow the JSON that it was made of: `1,` in a list of a
`google.protobuf.Struct` becomes 11 bytes."""


def message_limits(services: Iterable[ServiceDescriptor]) -> dict[str, int]:
    """The largest request message of every RPC of `services` in bytes, by path."""
    return {
        method_path(method): _message_limit(method)
        for service in services
        for method in service.methods
    }


def max_body_bytes(options: MethodOptions) -> int:
    """The largest JSON body that a method declares or, without a declaration, the default."""
    # The stub types of an extension and of the options disagree; the runtime does not.
    declared: int = options.Extensions[limits_pb2.max_request_bytes]  # type: ignore[index]
    return declared or MAX_BODY_BYTES


def _message_limit(method: MethodDescriptor) -> int:
    options = method.GetOptions()
    if AccessRule.declared(options).access == access_pb2.ACCESS_INTERNAL:
        return MAX_MESSAGE_BYTES
    return min(max_body_bytes(options) * MESSAGE_BYTES_A_BODY_BYTE, MAX_MESSAGE_BYTES)

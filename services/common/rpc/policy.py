"""Which access each RPC grants, read from the option on its method in the proto."""

from collections.abc import Iterable, Mapping
from typing import Final

from arcadia.common.v1 import access_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from services.common.errors import PermissionDenied
from services.common.rpc.access import Caller

__all__ = ["STANDARD_METHODS", "UndeclaredAccess", "access_table", "authorise", "method_path"]

STANDARD_METHODS: Final[Mapping[str, access_pb2.Access]] = {
    "/grpc.health.v1.Health/Check": access_pb2.ACCESS_PUBLIC,
    "/grpc.health.v1.Health/Watch": access_pb2.ACCESS_PUBLIC,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": access_pb2.ACCESS_PUBLIC,
}
"""gRPC's own services, whose protos are not ours to annotate. The gateway shows neither."""


class UndeclaredAccess(Exception):
    """A method declares no access: the service must not start."""


def method_path(method: MethodDescriptor) -> str:
    """The path of an RPC on the wire: `/package.Service/Method`."""
    return f"/{method.containing_service.full_name}/{method.name}"


def access_table(services: Iterable[ServiceDescriptor]) -> dict[str, access_pb2.Access]:
    """The access of every RPC of `services`, by path.

    Raises UndeclaredAccess, naming every method that declares none.
    """
    table = dict(STANDARD_METHODS)
    for service in services:
        for method in service.methods:
            table[method_path(method)] = _declared(method)
    undeclared = [path for path, access in table.items() if not access]
    if undeclared:
        raise UndeclaredAccess(f"no access is declared for {', '.join(sorted(undeclared))}")
    return table


def _declared(method: MethodDescriptor) -> access_pb2.Access:
    options = method.GetOptions()
    # The stub types of an extension and of the options disagree; the runtime does not.
    access: access_pb2.Access = options.Extensions[access_pb2.access]  # type: ignore[index]
    return access


def authorise(caller: Caller, access: access_pb2.Access) -> None:
    """Lets a verified caller pass, or raises PermissionDenied.

    The kind of token was checked when it was verified: a service's token opens
    internal RPCs only, a user's all others.
    """
    if access == access_pb2.ACCESS_UNSPECIFIED:
        raise PermissionDenied("nobody may do this", reason="ACCESS_UNDECLARED")
    if access == access_pb2.ACCESS_OPERATOR and not caller.is_operator:
        raise PermissionDenied("only an operator may do this", reason="OPERATOR_ONLY")
    if access == access_pb2.ACCESS_TENANT:
        # Raises for a user without a tenant; asked here so that no handler can forget it.
        _ = caller.scope

"""The access and roles of each RPC, read from its method options."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from arcadia.common.v1 import access_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from services.common.errors import PermissionDenied
from services.common.identity.callers import Caller

__all__ = [
    "ANYBODY",
    "NOBODY",
    "PLATFORM",
    "AccessRule",
    "UndeclaredAccess",
    "access_table",
    "authorise",
    "method_path",
]

PLATFORM: Final = "platform-"
"""Prefix of operators' roles; all others are tenant roles."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """The access rule of an RPC."""

    access: access_pb2.Access
    platform_roles: frozenset[str] = frozenset()
    """Roles that act as an operator in it, besides `platform-admin`."""
    tenant_roles: frozenset[str] = frozenset()
    """Roles that a tenant's caller needs if tenant roles are enforced; empty if none."""
    programs: frozenset[str] = frozenset()
    """Programs that may call an internal RPC."""

    @classmethod
    def declared(cls, options: MethodOptions) -> Self:
        """The rule that the options of a method declare."""
        # The stub types of extensions and options differ; the runtime accepts it.
        access: access_pb2.Access = options.Extensions[access_pb2.access]  # type: ignore[index]
        roles: Sequence[access_pb2.Role] = options.Extensions[
            access_pb2.roles  # type: ignore[index]
        ]
        callers: Sequence[access_pb2.Program] = options.Extensions[
            access_pb2.callers  # type: ignore[index]
        ]
        slugs = frozenset(_slug(access_pb2.Role.Name(role)) for role in roles)
        platform = frozenset(slug for slug in slugs if slug.startswith(PLATFORM))
        programs = frozenset(_slug(access_pb2.Program.Name(each)) for each in callers)
        return cls(access, platform, slugs - platform, programs)


def _slug(name: str) -> str:
    """Converts `ROLE_PLATFORM_BILLING` to `platform-billing`."""
    return name.partition("_")[2].lower().replace("_", "-")


NOBODY: Final = AccessRule(access_pb2.ACCESS_UNSPECIFIED)
ANYBODY: Final = AccessRule(access_pb2.ACCESS_PUBLIC)

STANDARD_METHODS: Final[Mapping[str, AccessRule]] = {
    "/grpc.health.v1.Health/Check": ANYBODY,
    "/grpc.health.v1.Health/Watch": ANYBODY,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": ANYBODY,
}
"""gRPC's own services, whose protos we cannot annotate. The gateway exposes neither."""


class UndeclaredAccess(Exception):
    """A method declares no access, so the service must not start."""


def method_path(method: MethodDescriptor) -> str:
    """The path of an RPC on the wire: `/package.Service/Method`."""
    return f"/{method.containing_service.full_name}/{method.name}"


def access_table(services: Iterable[ServiceDescriptor]) -> dict[str, AccessRule]:
    """The access rule of every RPC of `services`, by path.

    Raises UndeclaredAccess with every method that declares no access.
    """
    table = dict(STANDARD_METHODS)
    for service in services:
        for method in service.methods:
            table[method_path(method)] = AccessRule.declared(method.GetOptions())
    undeclared = [path for path, rule in table.items() if not rule.access]
    if undeclared:
        raise UndeclaredAccess(f"no access is declared for {', '.join(sorted(undeclared))}")
    return table


def authorise(caller: Caller, rule: AccessRule, *, tenant_roles_enforced: bool = False) -> Caller:
    """Authorizes a verified caller for an RPC; acts as an operator if one of their roles allows it.

    The type of token was checked on verification: a service token is only for internal RPCs, a
    user's token for all others. Raises PermissionDenied if the rule does not permit it.
    """
    access = rule.access
    if access == access_pb2.ACCESS_UNSPECIFIED:
        raise PermissionDenied("nobody may do this", reason="ACCESS_UNDECLARED")
    if caller.is_service and caller.subject not in rule.programs:
        raise PermissionDenied(
            f"the program {caller.subject} may not call this", reason="PROGRAM_NOT_ALLOWED"
        )
    if not caller.is_operator and not caller.roles.isdisjoint(rule.platform_roles):
        caller = caller.as_operator()
    if caller.is_operator:
        return caller
    if access == access_pb2.ACCESS_OPERATOR:
        if any(role.startswith(PLATFORM) for role in caller.roles):
            raise _role_required(rule.platform_roles)
        raise PermissionDenied("only an operator may do this", reason="OPERATOR_ONLY")
    if access == access_pb2.ACCESS_TENANT:
        # Raises for a user without a tenant; checked here so that no handler can forget it.
        _ = caller.scope
        # A caller with a platform role writes by that role, or as a tenant's admin: a viewer
        # whose token has a tenant may not write. Neither may an API key without a role, because
        # keys are newer than roles.
        staff = any(role.startswith(PLATFORM) for role in caller.roles)
        if (
            (tenant_roles_enforced or staff or caller.key_id)
            and rule.tenant_roles
            and caller.roles.isdisjoint(rule.tenant_roles)
        ):
            raise _role_required(rule.tenant_roles | (rule.platform_roles if staff else set()))
    return caller


def _role_required(roles: frozenset[str]) -> PermissionDenied:
    named = " or ".join(sorted(roles)) or "platform-admin"
    return PermissionDenied(f"this needs the role {named}", reason="ROLE_REQUIRED")

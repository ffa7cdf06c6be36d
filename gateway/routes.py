"""The RPCs that the gateway exposes, and their HTTP routes, read from the descriptor set.

Everything is declared in the protos: the HTTP binding of a method (`google.api.http`), its access
(`arcadia.common.v1.access`) and, by its package, its service.

`python -m gateway.routes` prints the table in `tests/gateway/routes.golden`.
"""

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arcadia.common.v1 import access_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2

from services.common.identity.policy import AccessRule
from services.common.rpc.message_limits import max_body_bytes
from services.common.settings import Service

__all__ = [
    "ANY_SERVICE",
    "DESCRIPTORS",
    "Binding",
    "Rpc",
    "read_rpcs",
    "route_table",
    "transcoded_services",
]

DESCRIPTORS: Final = Path(__file__).resolve().parents[1] / "protos" / "gen" / "arcadia.binpb"
"""The descriptor set of all protos, written by `protos/generate.py`."""

ANY_SERVICE: Final = "any_service"
"""The cluster of RPCs that every service implements: the common packages."""

PACKAGE: Final = re.compile(r"arcadia\.(?P<owner>[a-z]+)\.v\d+")
VARIABLE: Final = re.compile(r"\{[a-z_.]+\}")


KEY_FIELD: Final = "request_id"
"""The request field with the idempotency key of a write (AIP-155)."""

KEYED_BY_CALLER: Final = frozenset({"/arcadia.catalog.v1.QuoteService/CreateQuote"})
"""Writes to which the gateway adds no key: without one a quote is priced and stored at a fraction
of the cost, and the gateway retries it only if it certainly did not arrive."""


@dataclass(frozen=True, slots=True)
class Binding:
    """An HTTP method and path under which an RPC is served as JSON."""

    http_method: str
    template: str
    """The path as in the proto, with variables such as `{id}`."""
    body: str
    """The request field for the body, `*` for all fields that are not in the path; or empty."""

    @property
    def path_regex(self) -> str:
        """Matches exactly the paths of the template; a variable is one segment."""
        literals = [re.escape(literal) for literal in VARIABLE.split(self.template)]
        return "[^/]+".join(literals)


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method of one of our services, as exposed by the gateway."""

    service: str
    """The full name, such as `arcadia.inventory.v1.InventoryService`."""
    name: str
    rule: AccessRule
    cluster: str
    """The service that implements it, or `any_service`."""
    streaming: bool
    """Whether the response is a stream."""
    keyed: bool
    """Whether it is a write with an idempotency key."""
    bindings: tuple[Binding, ...]
    max_body_bytes: int
    """The maximum request body in bytes, as declared in the proto."""
    request: str
    """The full name of the request message, with a leading dot as in descriptors."""

    @property
    def path(self) -> str:
        """Its gRPC path."""
        return f"/{self.service}/{self.name}"

    @property
    def gets_key(self) -> bool:
        """Whether the gateway adds an idempotency key to calls without one."""
        return self.keyed and self.path not in KEYED_BY_CALLER

    @property
    def repeats_only_unsent(self) -> bool:
        """Whether the gateway retries a call only if it certainly did not arrive."""
        return self.keyed and not self.gets_key

    @property
    def public(self) -> bool:
        """Whether it requires no token."""
        return self.rule.access == access_pb2.ACCESS_PUBLIC

    @property
    def shown(self) -> bool:
        """Whether the gateway exposes it: all RPCs except internal ones."""
        return self.rule.access not in {access_pb2.ACCESS_UNSPECIFIED, access_pb2.ACCESS_INTERNAL}


def read_rpcs(descriptors: Path = DESCRIPTORS) -> tuple[Rpc, ...]:
    """All RPCs of ours in a descriptor set, sorted by path.

    Raises ValueError for a package without a service.
    """
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes())
    keyed = {
        f".{file.package}.{message.name}"
        for file in files.file
        for message in file.message_type
        if any(field.name == KEY_FIELD for field in message.field)
    }
    found = [rpc for file in files.file for rpc in _rpcs_of(file, keyed)]
    return tuple(sorted(found, key=lambda rpc: rpc.path))


def transcoded_services(rpcs: Sequence[Rpc]) -> tuple[str, ...]:
    """The services with at least one exposed RPC."""
    return tuple(sorted({rpc.service for rpc in rpcs if rpc.shown}))


def route_table(rpcs: Sequence[Rpc]) -> str:
    """The RPCs as text, one line per HTTP binding; `-` for gRPC only."""
    lines: list[tuple[str, str]] = []
    for rpc in rpcs:
        what = f"{rpc.path[1:]} {_who(rpc.rule)}{' stream' if rpc.streaming else ''}"
        lines += [(f"{b.template} {b.http_method}", what) for b in rpc.bindings] or [("-", what)]
    # By path, so that routes of the same resource are together; gRPC-only RPCs last.
    lines.sort(key=lambda line: (line[0] == "-", line))
    return "".join(f"{_method_first(route)} -> {what}\n" for route, what in lines)


def _who(rule: AccessRule) -> str:
    """The access and roles, such as `tenant (admin) platform-billing`."""
    access = access_pb2.Access.Name(rule.access).removeprefix("ACCESS_").lower()
    tenant = [f"({' '.join(sorted(rule.tenant_roles))})"] if rule.tenant_roles else []
    return " ".join([access, *tenant, *sorted(rule.platform_roles), *sorted(rule.programs)])


def _method_first(route: str) -> str:
    template, _, http_method = route.partition(" ")
    return f"{http_method} {template}" if http_method else template


def _rpcs_of(file: descriptor_pb2.FileDescriptorProto, keyed: Collection[str]) -> Iterator[Rpc]:
    for service in file.service:
        for method in service.method:
            yield Rpc(
                service=f"{file.package}.{service.name}",
                name=method.name,
                rule=AccessRule.declared(method.options),
                cluster=_cluster(file.package),
                streaming=method.server_streaming,
                keyed=method.input_type in keyed,
                bindings=tuple(_bindings(method.options.Extensions[annotations_pb2.http])),
                max_body_bytes=max_body_bytes(method.options),
                request=method.input_type,
            )


def _bindings(rule: http_pb2.HttpRule) -> Iterator[Binding]:
    pattern = rule.WhichOneof("pattern")
    if pattern == "custom":
        yield Binding(rule.custom.kind, rule.custom.path, rule.body)
    elif pattern is not None:
        yield Binding(pattern.upper(), getattr(rule, pattern), rule.body)
    for additional in rule.additional_bindings:
        yield from _bindings(additional)


def _cluster(package: str) -> str:
    matched = PACKAGE.fullmatch(package)
    owner = matched["owner"] if matched else ""
    if owner == "common":
        return ANY_SERVICE
    if owner not in set(Service):
        raise ValueError(f"the package {package!r} belongs to no service")
    return owner


if __name__ == "__main__":
    sys.stdout.write(route_table(read_rpcs()))

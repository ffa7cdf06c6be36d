"""Which RPCs the gateway shows, and under which HTTP routes: read from the descriptor set.

All of it is declared in the protos: the HTTP binding of a method (`google.api.http`), its access
(`arcadia.common.v1.access`), and, by its package, who answers it. Nothing is listed twice.

`python -m gateway.routes` prints the table that `tests/gateway/routes.golden` holds.
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
"""The descriptor set of all our protos, as `protos/generate.py` writes it."""

ANY_SERVICE: Final = "any_service"
"""The cluster of what every service answers: the packages of the common ground."""

PACKAGE: Final = re.compile(r"arcadia\.(?P<owner>[a-z]+)\.v\d+")
VARIABLE: Final = re.compile(r"\{[a-z_.]+\}")


KEY_FIELD: Final = "request_id"
"""What a write that is done once for a key has in its request, after AIP-155."""

KEYED_BY_CALLER: Final = frozenset({"/arcadia.catalog.v1.QuoteService/CreateQuote"})
"""Writes that get no key of the gateway's: without one a quote is priced and kept at a fraction
of the cost, and the gateway repeats it only when it certainly did not arrive."""


@dataclass(frozen=True, slots=True)
class Binding:
    """An HTTP method and path under which an RPC is served as JSON."""

    http_method: str
    template: str
    """The path as the proto has it, with variables such as `{id}`."""
    body: str
    """The field of the request that the body is, `*` for all that the path leaves; or empty."""

    @property
    def path_regex(self) -> str:
        """Matches exactly the paths of the template; a variable is one segment."""
        literals = [re.escape(literal) for literal in VARIABLE.split(self.template)]
        return "[^/]+".join(literals)


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method of one of our services, as the gateway sees it."""

    service: str
    """The full name, such as `arcadia.inventory.v1.InventoryService`."""
    name: str
    rule: AccessRule
    cluster: str
    """The service that answers it, or `any_service`."""
    streaming: bool
    """Whether it answers with a stream."""
    keyed: bool
    """Whether it is a write that is done once for a key; the gateway gives one where none is."""
    bindings: tuple[Binding, ...]
    max_body_bytes: int
    """The largest body of a request, as its proto declares it."""
    request: str
    """The full name of its request, with a leading dot as descriptors have it."""

    @property
    def path(self) -> str:
        """Its path on the wire."""
        return f"/{self.service}/{self.name}"

    @property
    def gets_key(self) -> bool:
        """Whether the gateway names a call by a key of its own where the caller names none."""
        return self.keyed and self.path not in KEYED_BY_CALLER

    @property
    def repeats_only_unsent(self) -> bool:
        """Whether the gateway sends a call again only when it certainly did not arrive."""
        return self.keyed and not self.gets_key

    @property
    def public(self) -> bool:
        """Whether it needs no token."""
        return self.rule.access == access_pb2.ACCESS_PUBLIC

    @property
    def shown(self) -> bool:
        """Whether the gateway lets it through: all that is declared, except internal ones."""
        return self.rule.access not in {access_pb2.ACCESS_UNSPECIFIED, access_pb2.ACCESS_INTERNAL}


def read_rpcs(descriptors: Path = DESCRIPTORS) -> tuple[Rpc, ...]:
    """Every RPC of ours in a descriptor set, sorted by its path.

    Raises ValueError for a package that belongs to no service.
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
    """The services with at least one RPC that the gateway shows."""
    return tuple(sorted({rpc.service for rpc in rpcs if rpc.shown}))


def route_table(rpcs: Sequence[Rpc]) -> str:
    """The RPCs as text, a line for each HTTP binding; `-` for what gRPC alone reaches."""
    lines: list[tuple[str, str]] = []
    for rpc in rpcs:
        what = f"{rpc.path[1:]} {_who(rpc.rule)}{' stream' if rpc.streaming else ''}"
        lines += [(f"{b.template} {b.http_method}", what) for b in rpc.bindings] or [("-", what)]
    # By path, so that the routes of a thing stand together; what has none comes last.
    lines.sort(key=lambda line: (line[0] == "-", line))
    return "".join(f"{_method_first(route)} -> {what}\n" for route, what in lines)


def _who(rule: AccessRule) -> str:
    """Such as `tenant (admin) platform-billing`: who calls it, and as what."""
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

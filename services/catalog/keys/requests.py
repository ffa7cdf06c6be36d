"""Parsers of API key requests."""

from datetime import datetime, timedelta
from typing import Protocol

from arcadia.catalog.v1 import api_key_service_pb2 as pb
from arcadia.catalog.v1 import identity_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.catalog import requests
from services.catalog.keys.create import NewKey
from services.catalog.keys.rotate import Rotation
from services.catalog.keys.rules import DEFAULT_OVERLAP, MAX_OVERLAP, Powers
from services.common.errors import InvalidArgument
from services.common.identity.api_keys import PresentedKey
from services.common.identity.callers import Caller
from services.common.rpc.wire import instant_of

__all__ = ["new_key", "owner", "presented_key", "rotation"]

HASH_BYTES = 32
MAX_ROLES = 20


class Ending(Protocol):
    """A request with the end of a key."""

    @property
    def ends_at(self) -> Timestamp: ...

    def HasField(self, field_name: str) -> bool: ...


def new_key(request: pb.CreateApiKeyRequest, caller: Caller) -> NewKey:
    """The key to create, for the caller's own tenant unless they are an operator."""
    if len(request.roles) > MAX_ROLES:
        raise InvalidArgument("roles", f"has {len(request.roles)} entries, at most {MAX_ROLES}")
    powers = Powers(
        tenant_id=owner(request.tenant_id, caller),
        roles=frozenset(
            requests.line(f"roles[{position}]", role) for position, role in enumerate(request.roles)
        ),
        may_create_keys=request.may_create_keys,
    )
    return NewKey(requests.name("name", request.name), powers, _ends_at(request))


def owner(said: str, caller: Caller) -> str | None:
    """The tenant in the request, or the caller's own; None for the operator.

    Raises InvalidArgument if a tenant's caller names another tenant.
    """
    tenant = requests.line("tenant_id", said)
    own = caller.scope.tenant_id
    if own is None:
        return tenant or None
    if tenant and tenant != own:
        raise InvalidArgument("tenant_id", "is not your tenant", reason="FOREIGN_TENANT")
    return own


def rotation(request: pb.RotateApiKeyRequest) -> Rotation:
    """The rotation that a request asks for."""
    overlap = DEFAULT_OVERLAP
    if request.HasField("overlap_seconds"):
        overlap = timedelta(seconds=request.overlap_seconds)
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise InvalidArgument(
            "overlap_seconds",
            f"is not from 0 to {int(MAX_OVERLAP.total_seconds())}",
            reason="OUT_OF_RANGE",
        )
    return Rotation(requests.uuid_of("id", request.id), overlap, _ends_at(request))


def presented_key(request: identity_service_pb2.ResolveApiKeyRequest) -> PresentedKey:
    """The id and hash of a key presented to another service."""
    if len(request.secret_hash) != HASH_BYTES:
        raise InvalidArgument("secret_hash", f"is not {HASH_BYTES} bytes")
    return PresentedKey(requests.uuid_of("id", request.id), request.secret_hash)


def _ends_at(request: Ending) -> datetime | None:
    return instant_of(request.ends_at, "ends_at") if request.HasField("ends_at") else None

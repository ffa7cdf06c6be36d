"""Reads API keys and revoked tokens from the catalog, for the other services."""

from typing import TYPE_CHECKING, Any, Final, Protocol

from arcadia.catalog.v1 import identity_service_pb2 as pb
from arcadia.catalog.v1.identity_service_pb2_grpc import IdentityServiceStub

from services.common.errors import Unavailable
from services.common.identity.api_keys import EndedKey, PresentedKey, key_caller
from services.common.identity.callers import Caller
from services.common.identity.revocations import LiveRevocations, Revocation
from services.common.rpc.clients import answering, open_channel
from services.common.rpc.wire import instant_of
from services.common.settings import Service, Settings

if TYPE_CHECKING:
    from arcadia.catalog.v1.identity_service_pb2_grpc import IdentityServiceAsyncStub

__all__ = ["CatalogIdentity", "IdentitySource"]

WAIT_SECONDS: Final = 3.0

MAX_PAGES: Final = 100
"""Maximum calls for one list of revocations, which may change while it is read."""


class IdentitySource(Protocol):
    """The source of API keys and revoked tokens of a service.

    Both methods raise Unavailable if the source does not answer.
    """

    async def resolve_key(self, key: PresentedKey) -> Caller | EndedKey | None:
        """The caller of a key; None if the key is unknown or its secret is wrong."""
        ...

    async def live_revocations(self, known_version: str) -> LiveRevocations | None:
        """All revocations of unexpired tokens; None if the list has not changed."""
        ...


class CatalogIdentity:
    """The catalog as the source; create it inside the running event loop.

    Its channel lives as long as the process, and connects on first use.
    """

    def __init__(self, settings: Settings, *, caller: str) -> None:
        channel = open_channel(settings, Service.CATALOG, caller=caller)
        self._catalog: IdentityServiceAsyncStub = IdentityServiceStub(channel)

    async def resolve_key(self, key: PresentedKey) -> Caller | EndedKey | None:
        """The caller of a key; None if the key is unknown or its secret is wrong."""
        request = pb.ResolveApiKeyRequest(id=str(key.id), secret_hash=key.secret_hash)
        answer = await self._ask(self._catalog.ResolveApiKey, request)
        if answer.HasField("holder"):
            return _caller(key, answer.holder)
        if answer.HasField("former_holder"):
            return EndedKey(_caller(key, answer.former_holder))
        return None

    async def live_revocations(self, known_version: str) -> LiveRevocations | None:
        """All revocations of unexpired tokens; None if the list has not changed."""
        version = token = ""
        found: list[Revocation] = []
        for _ in range(MAX_PAGES):
            request = pb.GetLiveRevocationsRequest(known_version=known_version, page_token=token)
            answer = await self._ask(self._catalog.GetLiveRevocations, request)
            if token and answer.version != version:  # it changed: read it from its first page
                token, found = "", []
                continue
            if answer.version == known_version:
                return None
            version, token = answer.version, answer.next_page_token
            found += map(_revocation, answer.revocations)
            if not token:
                return LiveRevocations(version, tuple(found))
        raise Unavailable(
            "the list of revoked tokens changes while it is read", reason="IDENTITY_UNAVAILABLE"
        )

    async def _ask(self, method: Any, request: Any) -> Any:
        silence = "the catalog does not respond, so API keys and revocations are unknown"
        with answering(silence, "IDENTITY_UNAVAILABLE"):
            return await method(request, timeout=WAIT_SECONDS)


def _caller(key: PresentedKey, holder: pb.KeyHolder) -> Caller:
    return key_caller(
        key.id,
        holder.tenant_id or None,
        frozenset(holder.roles),
        may_create_keys=holder.may_create_keys,
        ends_at=instant_of(holder.ends_at, "ends_at"),
    )


def _revocation(message: pb.LiveRevocation) -> Revocation:
    return Revocation(
        message.tenant_id or None,
        message.subject or None,
        message.token_id or None,
        instant_of(message.revoked_at, "revoked_at").timestamp(),
    )

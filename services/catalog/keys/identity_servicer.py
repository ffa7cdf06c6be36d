"""IdentityService: the other services authenticate callers with it."""

from datetime import UTC, datetime
from operator import itemgetter
from uuid import UUID

from arcadia.catalog.v1 import identity_service_pb2 as pb
from arcadia.catalog.v1 import identity_service_pb2_grpc

from services.catalog.keys.identity import OwnIdentity
from services.catalog.keys.requests import presented_key
from services.common.identity.api_keys import EndedKey
from services.common.identity.callers import Caller
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size, timestamp

__all__ = ["IdentityServicer"]

PAGE_SIZE = 2_000
"""Revocations in one message, which then has about a megabyte."""


class IdentityServicer(identity_service_pb2_grpc.IdentityServiceServicer):
    """Returns API keys and revoked tokens."""

    def __init__(self, identity: OwnIdentity) -> None:
        self._identity = identity

    async def ResolveApiKey(
        self, request: pb.ResolveApiKeyRequest, context: Context
    ) -> pb.ResolveApiKeyResponse:
        """Returns the caller of an API key."""
        found = await self._identity.resolve_key(presented_key(request))
        if found is None:
            return pb.ResolveApiKeyResponse()
        if isinstance(found, EndedKey):
            return pb.ResolveApiKeyResponse(former_holder=_holder(found.caller))
        return pb.ResolveApiKeyResponse(holder=_holder(found))

    async def GetLiveRevocations(
        self, request: pb.GetLiveRevocationsRequest, context: Context
    ) -> pb.GetLiveRevocationsResponse:
        """Returns a page of the revocations of unexpired tokens."""
        size = internal_page_size(request.page_size, PAGE_SIZE, PAGE_SIZE)
        asked = page_request(request, ("live revocations",), UUID, size=size)
        version, found = await self._identity.live_page(
            "" if asked.after else request.known_version, after=asked.after, limit=asked.limit
        )
        page = asked.page(found, itemgetter(0))
        return pb.GetLiveRevocationsResponse(
            version=version,
            revocations=[
                pb.LiveRevocation(
                    tenant_id=each.tenant_id or "",
                    subject=each.subject or "",
                    token_id=each.token_id or "",
                    revoked_at=timestamp(datetime.fromtimestamp(each.revoked_at, UTC)),
                )
                for _, each in page.rows
            ],
            next_page_token=page.next_page_token,
        )


def _holder(caller: Caller) -> pb.KeyHolder:
    return pb.KeyHolder(
        tenant_id=caller.tenant_id or "",
        roles=sorted(caller.roles),
        may_create_keys=caller.may_create_keys,
        ends_at=timestamp(datetime.fromtimestamp(caller.expires_at, UTC)),
    )

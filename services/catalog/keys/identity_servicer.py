"""IdentityService: the other services authenticate callers with it."""

from datetime import UTC, datetime
from typing import Any

from arcadia.catalog.v1 import identity_service_pb2 as pb
from arcadia.catalog.v1 import identity_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog.keys.identity import OwnIdentity
from services.catalog.keys.requests import presented_key
from services.common.rpc.wire import timestamp

__all__ = ["IdentityServicer"]

Context = ServicerContext[Any, Any]


class IdentityServicer(identity_service_pb2_grpc.IdentityServiceServicer):
    """Returns API keys and revoked tokens."""

    def __init__(self, identity: OwnIdentity) -> None:
        self._identity = identity

    async def ResolveApiKey(
        self, request: pb.ResolveApiKeyRequest, context: Context
    ) -> pb.ResolveApiKeyResponse:
        """Returns the caller of an API key."""
        caller = await self._identity.resolve_key(presented_key(request))
        if caller is None:
            return pb.ResolveApiKeyResponse()
        return pb.ResolveApiKeyResponse(
            holder=pb.KeyHolder(
                tenant_id=caller.tenant_id or "",
                roles=sorted(caller.roles),
                may_create_keys=caller.may_create_keys,
                ends_at=timestamp(datetime.fromtimestamp(caller.expires_at, UTC)),
            )
        )

    async def GetLiveRevocations(
        self, request: pb.GetLiveRevocationsRequest, context: Context
    ) -> pb.GetLiveRevocationsResponse:
        """Returns all revocations of unexpired tokens."""
        found = await self._identity.live_revocations(request.known_version)
        if found is None:
            return pb.GetLiveRevocationsResponse(version=request.known_version)
        return pb.GetLiveRevocationsResponse(
            version=found.version,
            revocations=[
                pb.LiveRevocation(
                    tenant_id=each.tenant_id or "",
                    subject=each.subject or "",
                    token_id=each.token_id or "",
                    revoked_at=timestamp(datetime.fromtimestamp(each.revoked_at, UTC)),
                )
                for each in found.revocations
            ],
        )

"""TokenRevocationService: revokes tokens before they expire."""

from datetime import timedelta
from uuid import UUID

from arcadia.catalog.v1 import token_revocation_service_pb2 as pb
from arcadia.catalog.v1 import token_revocation_service_pb2_grpc

from services.catalog import requests
from services.catalog.keys.requests import owner
from services.catalog.revocations.revoke import revoke_tokens
from services.catalog.revocations.rules import Target
from services.catalog.revocations.store import list_revocations
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock

__all__ = ["TokenRevocationServicer"]


class TokenRevocationServicer(token_revocation_service_pb2_grpc.TokenRevocationServiceServicer):
    """Creates and lists revocations."""

    def __init__(self, database: Database, now: Clock, *, longest_life: timedelta) -> None:
        self._database = database
        self._now = now
        self._longest_life = longest_life

    @once
    async def RevokeTokens(
        self, session: WriteSession, request: pb.RevokeTokensRequest, context: Context
    ) -> pb.RevokeTokensResponse:
        """Revokes the matching tokens."""
        caller = current_caller()
        target = Target(
            tenant_id=owner(request.tenant_id, caller) or "",
            subject=requests.text("subject", request.subject),
            token_id=requests.text("token_id", request.token_id),
        )
        cause = requests.cause(request.reason, self._now())
        made = await revoke_tokens(session, caller, target, cause, longest_life=self._longest_life)
        return message_of(pb.RevokeTokensResponse, revocation=made)

    async def ListRevocations(
        self, request: pb.ListRevocationsRequest, context: Context
    ) -> pb.ListRevocationsResponse:
        """Lists the revocations of unexpired tokens."""
        scope = current_caller().scope
        tenant_id = requests.text("tenant_id", request.tenant_id)
        asked = page_request(request, ("token revocations", tenant_id), UUID)
        async with self._database.read(scope) as session:
            found = await list_revocations(
                session, scope, asked, tenant_id=tenant_id, now=self._now()
            )
        return page_message(pb.ListRevocationsResponse, found)

"""TokenRevocationService: revokes tokens before they expire."""

from datetime import timedelta
from typing import Any

from arcadia.catalog.v1 import token_revocation_service_pb2 as pb
from arcadia.catalog.v1 import token_revocation_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog import requests
from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.requests import owner
from services.catalog.revocations.revoke import revoke_tokens
from services.catalog.revocations.rules import Target, TokenRevocation
from services.catalog.revocations.store import list_revocations
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.rpc.requests import current_request_id
from services.common.values.clock import Clock

__all__ = ["TokenRevocationServicer"]

Context = ServicerContext[Any, Any]


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
        cause = Cause(
            actor=caller.subject,
            reason=requests.prose("reason", request.reason),
            request_id=current_request_id(),
            at=self._now(),
        )
        made = await revoke_tokens(session, caller, target, cause, longest_life=self._longest_life)
        return pb.RevokeTokensResponse(revocation=_message(made))

    async def ListRevocations(
        self, request: pb.ListRevocationsRequest, context: Context
    ) -> pb.ListRevocationsResponse:
        """Lists the revocations of unexpired tokens."""
        scope, size = current_caller().scope, page_size(request.page_size)
        tenant_id = requests.text("tenant_id", request.tenant_id)
        filters = ("token revocations", tenant_id)
        position = decode_token(request.page_token, filters, (str,))
        after = requests.uuid_of("page_token", position[0]) if position else None
        async with self._database.read(scope) as session:
            found = await list_revocations(
                session,
                scope,
                tenant_id=tenant_id,
                now=self._now(),
                after=after,
                limit=size + 1,
            )
        page, token = cut(found, size, filters, lambda one: (str(one.id),))
        return pb.ListRevocationsResponse(revocations=map(_message, page), next_page_token=token)


def _message(revocation: TokenRevocation) -> pb.TokenRevocation:
    target = revocation.target
    return message_of(
        pb.TokenRevocation,
        revocation,
        tenant_id=target.tenant_id,
        subject=target.subject,
        token_id=target.token_id,
    )

"""ApiKeyService: API keys of tenants and of the operator."""

from uuid import UUID

from arcadia.catalog.v1 import api_key_service_pb2 as pb
from arcadia.catalog.v1 import api_key_service_pb2_grpc

from services.catalog import requests
from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.create import create
from services.catalog.keys.messages import api_key_message
from services.catalog.keys.requests import new_key, rotation
from services.catalog.keys.revoke import revoke
from services.catalog.keys.rotate import rotate
from services.catalog.keys.rules import ApiKey, KeyStatus
from services.catalog.keys.store import list_keys, read_key
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.identity.api_keys import new_secret, written_key
from services.common.identity.callers import current_caller
from services.common.rpc.messages import page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock

__all__ = ["ApiKeyServicer"]


class ApiKeyServicer(api_key_service_pb2_grpc.ApiKeyServiceServicer):
    """Creates, lists, rotates and revokes API keys.

    The response stored for idempotent retries does not contain the secret, which is stored nowhere.
    """

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def CreateApiKey(
        self, request: pb.CreateApiKeyRequest, context: Context
    ) -> pb.CreateApiKeyResponse:
        """Creates a key and returns its secret, once."""
        written: list[str] = []
        answer = await self._create_once(request, written)
        answer.key = "".join(written)  # a retry wrote nothing
        return answer

    @once
    async def _create_once(
        self, session: WriteSession, request: pb.CreateApiKeyRequest, written: list[str]
    ) -> pb.CreateApiKeyResponse:
        caller, secret = current_caller(), new_secret()
        made = await create(session, caller, new_key(request, caller), secret, self._cause())
        written.append(written_key(made.id, secret))
        return pb.CreateApiKeyResponse(api_key=self._message(made))

    async def ListApiKeys(
        self, request: pb.ListApiKeysRequest, context: Context
    ) -> pb.ListApiKeysResponse:
        """Lists keys in the order of creation."""
        scope = current_caller().scope
        tenant_id = requests.text("tenant_id", request.tenant_id)
        status = requests.one_of("status", request.status, KeyStatus) if request.status else ""
        asked = page_request(request, ("api keys", tenant_id, status), UUID)
        async with self._database.read(scope) as session:
            found = await list_keys(
                session, scope, asked, tenant_id=tenant_id, status=status, now=self._now()
            )
        return page_message(pb.ListApiKeysResponse, found, self._message)

    async def GetApiKey(
        self, request: pb.GetApiKeyRequest, context: Context
    ) -> pb.GetApiKeyResponse:
        """Returns a key without its secret."""
        scope, key_id = current_caller().scope, requests.uuid_of("id", request.id)
        async with self._database.read(scope) as session:
            found = await read_key(session, scope, key_id)
        return pb.GetApiKeyResponse(api_key=self._message(found))

    async def RotateApiKey(
        self, request: pb.RotateApiKeyRequest, context: Context
    ) -> pb.RotateApiKeyResponse:
        """Rotates a key and returns its new secret, once."""
        written: list[str] = []
        answer = await self._rotate_once(request, written)
        answer.key = "".join(written)
        return answer

    @once
    async def _rotate_once(
        self, session: WriteSession, request: pb.RotateApiKeyRequest, written: list[str]
    ) -> pb.RotateApiKeyResponse:
        secret = new_secret()
        changed = await rotate(session, current_caller(), rotation(request), secret, self._cause())
        written.append(written_key(changed.id, secret))
        return pb.RotateApiKeyResponse(api_key=self._message(changed))

    @once
    async def RevokeApiKey(
        self, session: WriteSession, request: pb.RevokeApiKeyRequest, context: Context
    ) -> pb.RevokeApiKeyResponse:
        """Revokes a key and those that it created."""
        key_id, cause = requests.uuid_of("id", request.id), self._cause(request.reason)
        revoked, others = await revoke(session, current_caller(), key_id, cause)
        return pb.RevokeApiKeyResponse(api_key=self._message(revoked), created_keys_revoked=others)

    def _cause(self, reason: str = "") -> Cause:
        return requests.cause(reason, self._now())

    def _message(self, key: ApiKey) -> pb.ApiKey:
        return api_key_message(key, self._now())

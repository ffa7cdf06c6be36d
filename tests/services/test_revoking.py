"""Revoked keys and tokens are rejected by every service, and their streams end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import grpc
import jwt
import pytest
from arcadia.analytics.v1 import invoice_service_pb2
from arcadia.billing.v1 import balance_service_pb2
from arcadia.catalog.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    deployment_service_pb2,
    token_revocation_service_pb2,
    token_revocation_service_pb2_grpc,
)
from arcadia.inventory.v1 import inventory_service_pb2
from google.protobuf.message import Message

from services.common.db.database import Database
from services.common.identity.tokens import mint_user_token
from services.common.server import RunningServer, start
from services.common.settings import Service, Settings
from tests.inventory.account import reason_of
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.serving import DEFINITIONS
from tests.support.waiting import tries, until

READS: Final[dict[Service, tuple[str, Message]]] = {
    Service.INVENTORY: (
        "/arcadia.inventory.v1.InventoryService/ListResources",
        inventory_service_pb2.ListResourcesRequest(),
    ),
    Service.BILLING: (
        "/arcadia.billing.v1.BalanceService/ListBalances",
        balance_service_pb2.ListBalancesRequest(),
    ),
    Service.CATALOG: (
        "/arcadia.catalog.v1.DeploymentService/ListDeployments",
        deployment_service_pb2.ListDeploymentsRequest(),
    ),
    Service.ANALYTICS: (
        "/arcadia.analytics.v1.InvoiceService/ListInvoices",
        invoice_service_pb2.ListInvoicesRequest(),
    ),
}
"""A read of each service that an operator may make."""

WATCH: Final = "/arcadia.inventory.v1.InventoryService/WatchResourceEvents"


@dataclass
class House:
    """All four services, each of which learns of revocations as its process does."""

    settings: Settings
    running: dict[Service, RunningServer]
    channels: dict[Service, grpc.aio.Channel]

    def __post_init__(self) -> None:
        catalog = self.channels[Service.CATALOG]
        self.keys: api_key_service_pb2_grpc.ApiKeyServiceAsyncStub = (
            api_key_service_pb2_grpc.ApiKeyServiceStub(catalog)
        )
        self.tokens: token_revocation_service_pb2_grpc.TokenRevocationServiceAsyncStub = (
            token_revocation_service_pb2_grpc.TokenRevocationServiceStub(catalog)
        )
        self.admin = self.token("root")

    def token(self, subject: str, **claims: Any) -> str:
        return mint_user_token(
            self.settings, subject=subject, **{"roles": ["platform-admin"], **claims}
        )

    async def read(self, service: Service, token: str) -> str:
        """OK, or why a read of a service is refused."""
        path, request = READS[service]
        method: Any = self.channels[service].unary_unary(path)
        try:
            await method(request.SerializeToString(), metadata=bearer(token), timeout=30)
        except grpc.aio.AioRpcError as error:
            return reason_of(error)
        return "OK"

    async def everywhere(self, token: str) -> set[str]:
        return set(await asyncio.gather(*(self.read(service, token) for service in Service)))

    async def until_everywhere(self, token: str, expected: str) -> None:
        for _ in tries():
            if await self.everywhere(token) == {expected}:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not {expected} everywhere: {await self.everywhere(token)}")

    async def new_key(self, *roles: str) -> api_key_service_pb2.CreateApiKeyResponse:
        request = api_key_service_pb2.CreateApiKeyRequest(name="a program", roles=roles)
        return await self.keys.CreateApiKey(request, metadata=bearer(self.admin))

    async def revoke_key(self, key_id: str) -> None:
        request = api_key_service_pb2.RevokeApiKeyRequest(id=key_id)
        await self.keys.RevokeApiKey(request, metadata=bearer(self.admin))

    async def revoke_tokens(self, **said: str) -> None:
        request = token_revocation_service_pb2.RevokeTokensRequest(**said)
        await self.tokens.RevokeTokens(request, metadata=bearer(self.admin))

    async def open_watches(self, *tokens: str) -> list[asyncio.Task[str]]:
        """A watch stream for each token: how it ends. All are open when this returns."""
        streams = [self.watch(token) for token in tokens]
        for token in tokens:  # on the same connection, and so after the streams
            assert await self.everywhere(token) == {"OK"}
        assert not any(stream.done() for stream in streams)
        return streams

    def watch(self, token: str) -> asyncio.Task[str]:
        """An open watch stream; how it ends."""

        async def watched() -> str:
            method: Any = self.channels[Service.INVENTORY].unary_stream(WATCH)
            call = method(
                inventory_service_pb2.WatchResourceEventsRequest().SerializeToString(),
                metadata=bearer(token),
            )
            try:
                async for _ in call:
                    pass
            except grpc.aio.AioRpcError as error:
                return f"{error.code().name} {reason_of(error)}"
            return "ended"

        return asyncio.create_task(watched())


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


@pytest.fixture
async def house(fresh_settings: Callable[..., Settings]) -> AsyncIterator[House]:
    addresses = {f"{service}_address": f"127.0.0.1:{free_port()}" for service in Service}
    settings = fresh_settings(*Service, log_level="warning", **addresses)
    running: dict[Service, RunningServer] = {}
    databases: list[Database] = []
    for service in Service:
        databases.append(Database(settings.database_url(service), application_name=service))
        running[service] = await start(
            DEFINITIONS[service], settings, databases[-1], address=settings.address(service)
        )
    learning = [asyncio.create_task(each.revocations.run()) for each in running.values()]
    async with AsyncExitStack() as stack:
        channels = {
            service: await stack.enter_async_context(
                grpc.aio.insecure_channel(settings.address(service))
            )
            for service in Service
        }
        yield House(settings, running, channels)
    for task in learning:
        task.cancel()
    await asyncio.gather(*learning, return_exceptions=True)
    for each in running.values():
        each.stopping.set()
        await each.server.stop(None)
    for database in databases:
        await database.close()


async def test_a_key_works_in_every_service_until_it_is_revoked_and_its_stream_ends(
    house: House,
) -> None:
    made, other = await house.new_key("platform-viewer"), await house.new_key("platform-viewer")
    ended, goes_on = await house.open_watches(made.key, other.key)
    await house.revoke_key(made.api_key.id)
    await house.until_everywhere(made.key, "KEY_INVALID")
    assert await ended == "UNAUTHENTICATED KEY_INVALID"
    assert await house.everywhere(other.key) == {"OK"}
    assert not goes_on.done()
    goes_on.cancel()


@pytest.mark.parametrize(
    "named",
    [
        {"subject": "leaver"},
        {"tenant_id": "acme"},
        {"tenant_id": "acme", "subject": "leaver"},
        {"token_id": "the token's own"},
    ],
    ids=" ".join,
)
async def test_a_revoked_token_is_rejected_by_every_service_and_its_stream_ends(
    house: House, named: dict[str, str]
) -> None:
    token = house.token("leaver", tenant_id="acme")
    other = house.token("stayer", tenant_id="globex")
    if "token_id" in named:
        named = {"token_id": token_id_of(token)}
    ended, goes_on = await house.open_watches(token, other)
    await house.revoke_tokens(**named)
    await house.until_everywhere(token, "TOKEN_REVOKED")
    assert await ended == "UNAUTHENTICATED TOKEN_REVOKED"
    assert await house.everywhere(other) == {"OK"}
    assert not goes_on.done()
    goes_on.cancel()
    # Tokens say when they were issued in whole seconds: one of the next second is a new one.
    for _ in tries():
        if await house.everywhere(house.token("leaver", tenant_id="acme")) == {"OK"}:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("a token that was issued later is refused")


async def test_without_the_catalog_a_key_soon_opens_nothing_and_a_revoked_token_never(
    house: House,
) -> None:
    made, unused = await house.new_key("platform-viewer"), await house.new_key("platform-viewer")
    token, revoked = house.token("stayer"), house.token("leaver")
    assert await house.everywhere(made.key) == {"OK"}
    await house.revoke_tokens(subject="leaver")
    await house.until_everywhere(revoked, "TOKEN_REVOKED")
    await house.running[Service.CATALOG].server.stop(None)
    others = [service for service in Service if service is not Service.CATALOG]
    for service in others:
        assert await house.read(service, unused.key) == "IDENTITY_UNAVAILABLE"
        for _ in tries():
            if await house.read(service, made.key) != "OK":
                break
            await asyncio.sleep(0.1)
        assert await house.read(service, made.key) == "IDENTITY_UNAVAILABLE"
        assert await house.read(service, token) == "OK"
        assert await house.read(service, revoked) == "TOKEN_REVOKED"


def test_a_service_never_logs_a_key(fresh_settings: Callable[..., Settings]) -> None:
    port = free_port()
    settings = fresh_settings(
        Service.CATALOG, catalog_address=f"127.0.0.1:{port}", log_level="debug"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "services.catalog"],
        env={**environment_of(settings), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    path, request = READS[Service.CATALOG]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        grpc.channel_ready_future(channel).result(120)
        admin = mint_user_token(settings, subject="root", roles=["platform-admin"])
        keys: Any = api_key_service_pb2_grpc.ApiKeyServiceStub(channel)
        made = keys.CreateApiKey(
            api_key_service_pb2.CreateApiKeyRequest(name="x", roles=["platform-viewer"]),
            metadata=bearer(admin),
        )
        rotated = keys.RotateApiKey(
            api_key_service_pb2.RotateApiKeyRequest(id=made.api_key.id), metadata=bearer(admin)
        )

        def read(token: str) -> str:
            method: Any = channel.unary_unary(path)
            try:
                method(request.SerializeToString(), metadata=bearer(token))
            except grpc.RpcError as error:
                return str(error.code().name)
            return "OK"

        assert [read(made.key), read(rotated.key)] == ["OK", "OK"]
        assert read(made.key[:-1]) == "UNAUTHENTICATED"
        revoking = api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id)
        keys.RevokeApiKey(revoking, metadata=bearer(admin))
        until(lambda: read(made.key) == "UNAUTHENTICATED")
    os.kill(process.pid, signal.SIGTERM)
    logged, _ = process.communicate(timeout=120)
    assert "CreateApiKey" in logged
    assert "KEY_INVALID" in logged
    for key in (made.key, rotated.key):
        assert key.split("_")[2][:16] not in logged
    assert admin not in logged


def token_id_of(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["jti"])

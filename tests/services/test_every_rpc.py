"""Properties of every RPC of every service, on real servers with real databases."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from arcadia.common.v1 import access_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2 as standard_health
from grpc_health.v1 import health_pb2_grpc as standard_health_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

import services.analytics.__main__
import services.billing.__main__
import services.catalog.__main__
import services.inventory.__main__
from services.common.db.database import Database
from services.common.identity.policy import UndeclaredAccess, access_table, method_path
from services.common.identity.tokens import ServiceTokens, mint_service_token, mint_user_token
from services.common.server import RunningServer, ServiceDefinition, start
from services.common.settings import Service, Settings
from tests.support.databases import PostgresServer
from tests.support.environment import environment_of
from tests.support.ports import free_port

DEFINITIONS: dict[Service, ServiceDefinition] = {
    Service.INVENTORY: services.inventory.__main__.DEFINITION,
    Service.BILLING: services.billing.__main__.DEFINITION,
    Service.CATALOG: services.catalog.__main__.DEFINITION,
    Service.ANALYTICS: services.analytics.__main__.DEFINITION,
}

METHODS = [
    (service, method)
    for service, definition in DEFINITIONS.items()
    for described in definition.services()
    for method in described.methods
    if described.full_name != "arcadia.common.v1.HealthService"
]
EVERY_METHOD = pytest.mark.parametrize(
    ("service", "method"), METHODS, ids=[method.full_name for _, method in METHODS]
)

Token = str | Callable[[], str]
"""As it is, or how it is made: one that was made at the collection would grow old."""

SETTINGS = Settings()
OPERATOR = partial(mint_user_token, SETTINGS, subject="op", roles=["platform-admin"])
MEMBER = partial(mint_user_token, SETTINGS, subject="m", roles=["admin"], tenant_id="acme")
HOMELESS = partial(mint_user_token, SETTINGS, subject="h", roles=["member"])
WORKER = "a worker's, which lives for minutes: made for each call"
SERVICE_TOKENS = ServiceTokens(SETTINGS, "worker")

ALLOWED: dict[int, set[Token]] = {
    access_pb2.ACCESS_PUBLIC: {"", OPERATOR, MEMBER, HOMELESS, WORKER},
    access_pb2.ACCESS_AUTHENTICATED: {OPERATOR, MEMBER, HOMELESS},
    access_pb2.ACCESS_TENANT: {OPERATOR, MEMBER},
    access_pb2.ACCESS_OPERATOR: {OPERATOR},
    access_pb2.ACCESS_INTERNAL: {WORKER},
}
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}

OUR_FAULT = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    # Declared in a proto, and implemented nowhere.
    grpc.StatusCode.UNIMPLEMENTED,
}


@dataclass
class Served:
    running: RunningServer
    database: Database

    def channel(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.running.port}")


@pytest.fixture(scope="module")
async def served(postgres: PostgresServer) -> AsyncIterator[dict[Service, Served]]:
    """All four services, each on its own database."""
    running: dict[Service, Served] = {}
    names = {service: postgres.create(service) for service in Service}
    settings = postgres.settings(names)
    for service, definition in DEFINITIONS.items():
        database = Database(settings.database_url(service), application_name=service)
        server = await start(definition, settings, database, address="127.0.0.1:0")
        running[service] = Served(server, database)
    yield running
    for each in running.values():
        await each.running.server.stop(None)
        await each.database.close()
    for name in names.values():
        postgres.drop(name)


def bearer(token: Token) -> str:
    """The header's value, of a token that is made now."""
    if token is WORKER:
        return SERVICE_TOKENS.authorization()
    return f"Bearer {token if isinstance(token, str) else token()}"


async def status_of(served: Served, method: MethodDescriptor, token: Token) -> grpc.StatusCode:
    """The status that an empty call of a method ends with; streams are read to their first word."""
    metadata = [("authorization", bearer(token))] if token else []
    async with served.channel() as channel:
        path = method_path(method)
        # A watch has no end: what it answers until then is an answer too.
        call: dict[str, Any] = {
            "metadata": metadata,
            "timeout": 1 if method.server_streaming else 5,
        }
        requests: Any = iter([b""])
        try:
            if method.client_streaming and method.server_streaming:
                await channel.stream_stream(path)(requests, **call).read()
            elif method.client_streaming:
                await channel.stream_unary(path)(requests, **call)
            elif method.server_streaming:
                await cast("Any", channel.unary_stream(path))(b"", **call).read()
            else:
                await cast("Any", channel.unary_unary(path))(b"", **call)
        except grpc.aio.AioRpcError as error:
            if error.code() in REFUSED:
                _has_reason(error)
            return error.code()
    return grpc.StatusCode.OK


def _has_reason(error: grpc.aio.AioRpcError) -> None:
    status = rpc_status.from_call(cast("grpc.Call", error))
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.reason


@EVERY_METHOD
async def test_only_the_declared_callers_get_in(
    served: dict[Service, Served], service: Service, method: MethodDescriptor
) -> None:
    rule = access_table([method.containing_service])[method_path(method)]
    allowed = ALLOWED[rule.access]
    if rule.access == access_pb2.ACCESS_INTERNAL and "worker" not in rule.programs:
        allowed = set()
    for token in ("", "rubbish", OPERATOR, MEMBER, HOMELESS, WORKER):
        status = await status_of(served[service], method, token)
        assert (status not in REFUSED) == (token in allowed), (rule, token, status)


@EVERY_METHOD
async def test_a_service_token_opens_the_internal_rpcs_that_its_program_needs_and_no_others(
    served: dict[Service, Served], service: Service, method: MethodDescriptor
) -> None:
    rule = access_table([method.containing_service])[method_path(method)]
    if rule.access != access_pb2.ACCESS_INTERNAL:
        return
    assert rule.programs, "an internal RPC names the programs that call it"
    for program in (*Service, "worker", "usage-reporter", "stranger"):
        token = mint_service_token(SETTINGS, subject=program, now=time.time())
        status = await status_of(served[service], method, token)
        assert (status not in REFUSED) == (program in rule.programs), (rule, program, status)


@EVERY_METHOD
async def test_a_platform_role_opens_the_rpcs_that_name_it_and_no_others(
    served: dict[Service, Served], service: Service, method: MethodDescriptor
) -> None:
    rule = access_table([method.containing_service])[method_path(method)]
    if rule.access not in {access_pb2.ACCESS_OPERATOR, access_pb2.ACCESS_TENANT}:
        return
    for role in ("platform-billing", "platform-operations", "platform-viewer"):
        token = mint_user_token(SETTINGS, subject="staff", roles=[role])
        status = await status_of(served[service], method, token)
        assert (status not in REFUSED) == (role in rule.platform_roles), (rule, role, status)


@EVERY_METHOD
async def test_an_empty_request_is_never_an_error_of_ours(
    served: dict[Service, Served], service: Service, method: MethodDescriptor
) -> None:
    for token in (OPERATOR, MEMBER, WORKER):
        status = await status_of(served[service], method, token)
        assert status not in OUR_FAULT


def test_every_service_of_the_protos_is_served() -> None:
    declared = {
        f"arcadia.{path.parent.parent.name}.v1.{line.split()[1]}"
        for path in sorted(_protos())
        for line in path.read_text().splitlines()
        if line.startswith("service ")
    }
    answered = {
        described.full_name
        for definition in DEFINITIONS.values()
        for described in definition.services()
    }
    assert answered == declared


def _protos() -> Iterator[Path]:
    return (Path(__file__).parents[2] / "protos" / "arcadia").glob("*/v1/*.proto")


@pytest.mark.parametrize("service", list(Service))
async def test_reflection_lists_every_service(
    served: dict[Service, Served], service: Service
) -> None:
    async with served[service].channel() as channel:
        stub = cast("Any", reflection_pb2_grpc.ServerReflectionStub)(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]
    names = {each.name for each in answers[0].list_services_response.service}
    assert {each.full_name for each in DEFINITIONS[service].services()} < names
    assert "grpc.health.v1.Health" in names


async def test_the_standard_health_follows_the_database(
    postgres: PostgresServer, fresh_database: Callable[[Service], str]
) -> None:
    database = Database(fresh_database(Service.BILLING), application_name="billing")
    definition = DEFINITIONS[Service.BILLING]
    running = await start(definition, SETTINGS, database, address="127.0.0.1:0")
    served = Served(running, database)
    async with served.channel() as channel:
        stub = cast("Any", standard_health_grpc.HealthStub)(channel)
        request = standard_health.HealthCheckRequest()
        before = await stub.Check(request)
        watch = asyncio.create_task(running.watch.run())
        updates = stub.Watch(request)
        statuses = [before.status]
        async for update in updates:
            statuses.append(update.status)
            if update.status == standard_health.HealthCheckResponse.SERVING:
                break
        updates.cancel()
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    await running.server.stop(None)
    await database.close()
    assert statuses[0] == standard_health.HealthCheckResponse.NOT_SERVING
    assert statuses[-1] == standard_health.HealthCheckResponse.SERVING


async def test_a_service_refuses_to_start_when_a_method_declares_no_access(
    postgres: PostgresServer,
) -> None:
    database = Database(postgres.url("postgres"), application_name="billing")
    undeclared = ServiceDefinition(Service.BILLING, (cast("Any", standard_health.DESCRIPTOR),))
    undeclared_reflection = ServiceDefinition(
        Service.BILLING, (cast("Any", reflection_pb2.DESCRIPTOR),)
    )
    with pytest.raises(UndeclaredAccess, match="Health/Check"):
        await start(undeclared, SETTINGS, database, address="127.0.0.1:0")
    with pytest.raises(UndeclaredAccess, match="ServerReflectionInfo"):
        await start(undeclared_reflection, SETTINGS, database, address="127.0.0.1:0")
    await database.close()


def test_a_service_ends_quietly_on_sigterm_and_says_so(
    postgres: PostgresServer, fresh_settings: Callable[..., Settings]
) -> None:
    port = free_port()
    settings = fresh_settings(Service.CATALOG, catalog_address=f"127.0.0.1:{port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.catalog"],
        env={**environment_of(settings), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if '"health changed"' in line:
            break
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        health = cast("Any", standard_health_grpc.HealthStub)(channel)
        answer = health.Check(standard_health.HealthCheckRequest(), wait_for_ready=True)
    assert answer.status == standard_health.HealthCheckResponse.SERVING
    os.kill(process.pid, signal.SIGTERM)
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert '"stopped"' in rest
    assert all(line.startswith("{") for line in [*lines, *rest.splitlines()])


def test_a_service_says_that_its_port_is_taken(
    fresh_settings: Callable[..., Settings], served: dict[Service, Served]
) -> None:
    port = served[Service.CATALOG].running.port
    settings = fresh_settings(Service.CATALOG, catalog_address=f"127.0.0.1:{port}")
    finished = subprocess.run(
        [sys.executable, "-m", "services.catalog"],
        env=environment_of(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in finished.stderr + finished.stdout

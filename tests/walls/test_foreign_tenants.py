"""Every RPC of every service, called by a tenant for another tenant's objects: NOT_FOUND."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from arcadia.common.v1 import access_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sqlalchemy import text

import services.analytics.__main__
import services.billing.__main__
import services.catalog.__main__
import services.inventory.__main__
from services.common.db.database import Database
from services.common.identity.callers import ALL, Scope
from services.common.identity.policy import access_table, method_path
from services.common.server import ServiceDefinition, start
from services.common.settings import Service
from tests.support.databases import PostgresServer
from tests.walls import analytics, billing, catalog, inventory
from tests.walls.wall import INTRUDER, VICTIM, Planting, Token, Wall

DEFINITIONS: dict[Service, ServiceDefinition] = {
    Service.INVENTORY: services.inventory.__main__.DEFINITION,
    Service.BILLING: services.billing.__main__.DEFINITION,
    Service.CATALOG: services.catalog.__main__.DEFINITION,
    Service.ANALYTICS: services.analytics.__main__.DEFINITION,
}
WALLS: dict[Service, Wall] = {
    wall.service: wall for wall in (inventory.WALL, billing.WALL, catalog.WALL, analytics.WALL)
}
METHODS: dict[str, tuple[Service, MethodDescriptor, access_pb2.Access]] = {
    f"{described.name}/{method.name}": (
        service,
        method,
        access_table([described])[method_path(method)].access,
    )
    for service, definition in DEFINITIONS.items()
    for described in definition.services()
    for method in described.methods
}
ASKED = [(wall.service, name) for wall in WALLS.values() for name in wall.asked]
UNANSWERED = [(wall.service, name) for wall in WALLS.values() for name in sorted(wall.unanswered)]

TABLES = text("""
SELECT c.relname AS name, c.relrowsecurity AS walled, a.attname IS NOT NULL AS of_tenants
FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND c.relname <> 'alembic_version'
""")

STAGING = {"cloud_staged_items", "cloud_staged_lines"}
"""Written by COPY, which row-level security does not allow; they have no owner."""

STREAM_SECONDS = 1.0
"""How long an endless stream is read."""


def named(*access: access_pb2.Access) -> list[str]:
    """The RPCs with such an access."""
    return sorted(name for name, (*_, declared) in METHODS.items() if declared in access)


@dataclass(frozen=True)
class Outcome:
    """Everything that a caller learns from a call."""

    status: grpc.StatusCode
    reason: str
    answers: tuple[Message, ...]


@dataclass
class Served:
    """A running service with objects of two tenants."""

    planting: Planting
    ids: Any
    """Of the victim."""

    async def call(self, name: str, request: Message | None, token: Token) -> Outcome:
        """Calls an RPC; reads a stream to its end, or for a while if it has none."""
        _, method, _ = METHODS[name]
        content = b"" if request is None else request.SerializeToString()
        answers: list[Message] = []
        read = _class_of(method.output_type).FromString
        channel, path = self.planting.channel, method_path(method)
        try:
            if method.server_streaming:
                stream = cast("Any", channel.unary_stream(path, response_deserializer=read))
                async for answer in stream(content, metadata=token, timeout=STREAM_SECONDS):
                    answers.append(answer)  # noqa: PERF401 - kept when the time is up
            elif method.client_streaming:
                once = cast("Any", channel.stream_unary(path, response_deserializer=read))
                answers.append(await once(iter([content]), metadata=token, timeout=10))
            else:
                unary = cast("Any", channel.unary_unary(path, response_deserializer=read))
                answers.append(await unary(content, metadata=token, timeout=10))
        except grpc.aio.AioRpcError as error:
            return Outcome(error.code(), _reason(error), tuple(answers))
        return Outcome(grpc.StatusCode.OK, "", tuple(answers))


def _class_of(descriptor: Descriptor) -> Any:
    return message_factory.GetMessageClass(descriptor)


def _reason(error: grpc.aio.AioRpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    info = error_details_pb2.ErrorInfo()
    if status is not None and status.details:
        status.details[0].Unpack(info)
    return str(info.reason)


@pytest.fixture(scope="module")
async def served(postgres: PostgresServer) -> AsyncIterator[dict[Service, Served]]:
    """All services, each on its own database with objects of two tenants."""
    names = {service: postgres.create(service) for service in Service}
    settings = postgres.settings(names)
    made: dict[Service, Served] = {}
    servers = []
    # The catalog first, because analytics calls it.
    for service in (Service.CATALOG, *(one for one in DEFINITIONS if one != Service.CATALOG)):
        definition = DEFINITIONS[service]
        database = Database(settings.database_url(service), application_name=service)
        running = await start(definition, settings, database, address="127.0.0.1:0")
        servers.append(running.server)
        if service is Service.CATALOG:
            address = {"catalog_address": f"127.0.0.1:{running.port}"}
            settings = settings.model_copy(update=address)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
        planting = Planting(database, channel, settings)
        made[service] = Served(planting, await WALLS[service].plant(planting))
    yield made
    for server, each in zip(servers, made.values(), strict=True):
        await each.planting.channel.close()
        await server.stop(None)
        await each.planting.database.close()
    for name in names.values():
        await asyncio.to_thread(postgres.drop, name)


def test_every_rpc_that_a_tenant_may_call_is_declared_here() -> None:
    declared = {service: {*wall.asked, *wall.unanswered} for service, wall in WALLS.items()}
    callable_by_tenants: dict[Service, set[str]] = {service: set() for service in Service}
    for name in named(access_pb2.ACCESS_TENANT):
        callable_by_tenants[METHODS[name][0]].add(name)
    assert declared == callable_by_tenants
    assert not [wall.service for wall in WALLS.values() if wall.unanswered & set(wall.asked)]


@pytest.mark.parametrize(("service", "name"), ASKED, ids=[name for _, name in ASKED])
async def test_another_tenants_object_looks_like_a_missing_one(
    served: dict[Service, Served], service: Service, name: str
) -> None:
    here, ask = served[service], WALLS[service].asked[name]
    intruder = here.planting.member(INTRUDER)
    foreign = await here.call(name, ask(here.ids), intruder)
    absent = await here.call(name, ask(WALLS[service].absent), intruder)
    assert foreign == absent
    assert foreign.status is not grpc.StatusCode.PERMISSION_DENIED
    assert VICTIM not in str(foreign.answers)
    unfiltered = await here.call(name, None, intruder)
    assert VICTIM not in str(unfiltered.answers)


@pytest.mark.parametrize(("service", "name"), ASKED, ids=[name for _, name in ASKED])
async def test_the_tenant_itself_finds_it(
    served: dict[Service, Served], service: Service, name: str
) -> None:
    here, ask = served[service], WALLS[service].asked[name]
    own = await here.call(name, ask(here.ids), here.planting.member(VICTIM))
    assert own.status in {grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED}, own
    assert any(answer.ByteSize() for answer in own.answers)


async def test_rpcs_declared_unimplemented_are_unimplemented(served: dict[Service, Served]) -> None:
    for service, name in UNANSWERED:
        here = served[service]
        outcome = await here.call(name, None, here.planting.member(VICTIM))
        assert outcome.status is grpc.StatusCode.UNIMPLEMENTED, name


@pytest.mark.parametrize("name", named(access_pb2.ACCESS_OPERATOR))
async def test_an_operators_rpc_refuses_a_tenant_before_it_looks(
    served: dict[Service, Served], name: str
) -> None:
    here = served[METHODS[name][0]]
    outcome = await here.call(name, None, here.planting.member(INTRUDER))
    assert (outcome.status, outcome.reason) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "OPERATOR_ONLY",
    )
    assert outcome.answers == ()


@pytest.mark.parametrize("name", named(access_pb2.ACCESS_INTERNAL))
async def test_an_internal_rpc_refuses_a_tenant_before_it_looks(
    served: dict[Service, Served], name: str
) -> None:
    here = served[METHODS[name][0]]
    outcome = await here.call(name, None, here.planting.member(INTRUDER))
    assert outcome.status is grpc.StatusCode.UNAUTHENTICATED
    assert outcome.answers == ()


@pytest.mark.parametrize("service", Service)
async def test_every_table_hides_a_tenants_rows_from_another_and_all_from_nobody(
    served: dict[Service, Served], service: Service
) -> None:
    database = served[service].planting.database
    async with database.read(ALL) as session:
        tables = (await session.execute(TABLES)).all()
    assert {table.name for table in tables if not table.walled} <= STAGING
    planted = 0
    for table in [each for each in tables if each.of_tenants]:
        foreign = text(f"SELECT count(*) FROM {table.name} WHERE tenant_id = '{VICTIM}'")
        async with database.read(ALL) as session:
            planted += (await session.execute(foreign)).scalar_one()
        async with database.read(Scope(INTRUDER)) as session:
            assert (await session.execute(foreign)).scalar_one() == 0, table.name
        async with database.engine.connect() as unscoped:
            assert (await unscoped.execute(foreign)).scalar_one() == 0, table.name
    assert bool(planted) is bool(WALLS[service].asked)


@pytest.mark.parametrize("name", named(access_pb2.ACCESS_AUTHENTICATED, access_pb2.ACCESS_PUBLIC))
def test_public_rpcs_return_no_tenants_data(name: str) -> None:
    answered = _fields(METHODS[name][1].output_type, set())
    assert not answered & {"tenant_id", "deployment_id"}


def _fields(message: Descriptor, met: set[str]) -> set[str]:
    """The names of all fields of a message, and of the messages in it."""
    if message.full_name in met:
        return set()
    met.add(message.full_name)
    names = {field.name for field in message.fields}
    for field in message.fields:
        if field.message_type is not None:
            names |= _fields(field.message_type, met)
    return names

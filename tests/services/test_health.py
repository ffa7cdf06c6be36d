"""`GET /api/health`: the recently observed state of the system, without calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import psycopg
import pytest
from arcadia.common.v1 import health_pb2, health_pb2_grpc
from temporalio.api.taskqueue.v1 import TaskQueue as PolledQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest
from temporalio.client import Client

from contracts.flows import TaskQueue
from services.common.db.database import Database
from services.common.rpc.clients import connect
from services.common.server import RunningServer, start
from services.common.settings import Service, Settings
from tests.support.databases import PostgresServer
from tests.support.ports import free_port
from tests.support.serving import DEFINITIONS
from tests.support.waiting import tries


@dataclass
class House:
    """The services that run, each on its own database."""

    settings: Settings
    running: dict[Service, RunningServer]
    databases: dict[Service, Database]

    async def seen_by(self, service: Service) -> health_pb2.GetHealthResponse:
        """What a service tells after a look around."""
        watch = self.running[service].watch
        await watch.look_at_database()
        async with AsyncExitStack() as stack:
            peers = {
                peer: health_pb2_grpc.HealthServiceStub(
                    await stack.enter_async_context(connect(self.settings, peer, caller=service))
                )
                for peer in Service
                if peer is not service
            }
            temporal = await stack.enter_async_context(
                grpc.aio.insecure_channel(self.settings.temporal())
            )
            await watch.look_around(peers, temporal)
        return await self.told_by(service)

    async def told_by(self, service: Service) -> health_pb2.GetHealthResponse:
        """What a service tells of itself."""
        async with grpc.aio.insecure_channel(self.settings.address(service)) as channel:
            return await health_pb2_grpc.HealthServiceStub(channel).GetHealth(
                health_pb2.GetHealthRequest()
            )

    async def see_their_databases(self) -> None:
        for running in self.running.values():
            await running.watch.look_at_database()


@asynccontextmanager
async def house(settings: Settings, *services: Service) -> AsyncIterator[House]:
    running: dict[Service, RunningServer] = {}
    databases: dict[Service, Database] = {}
    for service in services:
        databases[service] = Database(settings.database_url(service), application_name=service)
        running[service] = await start(
            DEFINITIONS[service], settings, databases[service], address=settings.address(service)
        )
    try:
        yield House(settings, running, databases)
    finally:
        for service in services:
            await running[service].server.stop(None)
            await databases[service].close()


@pytest.fixture
def addresses() -> dict[str, str]:
    return {f"{service}_address": f"127.0.0.1:{free_port()}" for service in Service}


async def test_a_health_response_makes_no_calls(
    fresh_settings: Callable[..., Settings],
    addresses: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = fresh_settings(Service.CATALOG, **addresses)
    async with house(settings, Service.CATALOG) as alone:
        await alone.see_their_databases()

        def forbidden(*_: object, **__: object) -> None:
            raise AssertionError("the database was asked for an answer of health")

        for name in ("ping", "read", "single_read"):
            monkeypatch.setattr(alone.databases[Service.CATALOG], name, forbidden)
        answers = await asyncio.gather(*(alone.told_by(Service.CATALOG) for _ in range(50)))
        assert {answer.dependencies[0].status for answer in answers} == {"up"}


async def test_the_watcher_keeps_one_connection(
    fresh_settings: Callable[..., Settings],
    addresses: dict[str, str],
    postgres: PostgresServer,
) -> None:
    settings = fresh_settings(Service.CATALOG, **addresses)
    database = settings.database_url(Service.CATALOG).rpartition("/")[2]
    sessions = "SELECT array_agg(pid) FROM pg_stat_activity WHERE datname = %s"
    async with house(settings, Service.CATALOG) as alone:
        with psycopg.connect(postgres.admin_url, autocommit=True) as watching:
            await alone.see_their_databases()
            first = watching.execute(sessions, [database]).fetchone()
            for _ in range(10):
                await alone.see_their_databases()
            assert watching.execute(sessions, [database]).fetchone() == first
    assert first is not None
    assert len(first[0]) == 1


async def test_health_tells_of_every_service_and_of_temporal(
    fresh_settings: Callable[..., Settings], addresses: dict[str, str], temporal_address: str
) -> None:
    settings = fresh_settings(*Service, **addresses, TEMPORAL_ADDRESS=temporal_address)
    async with house(settings, *Service) as full:
        await full.see_their_databases()
        seen = await full.seen_by(Service.BILLING)
        assert {one.name: one.status for one in seen.services} == dict.fromkeys(Service, "ok")
        assert {one.name: one.status for one in seen.dependencies} == {
            "postgresql": "up",
            "temporal": "up",
        }
    gone = Service.CATALOG
    rest = [service for service in Service if service is not gone]
    down = settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    async with house(down, *rest) as some:
        await some.see_their_databases()
        seen = await some.seen_by(Service.BILLING)
    assert {one.name: one.status for one in seen.services} == dict.fromkeys(rest, "ok") | {
        gone: "down"
    }
    assert seen.status == "degraded"
    assert [one.status for one in seen.dependencies] == ["up", "down"]
    assert {one.status for one in seen.workers} == {"down"}


async def test_a_queue_is_up_while_a_worker_polls_it(
    fresh_settings: Callable[..., Settings], addresses: dict[str, str], temporal_address: str
) -> None:
    settings = fresh_settings(Service.BILLING, **addresses, TEMPORAL_ADDRESS=temporal_address)
    client = await Client.connect(temporal_address)
    poll = PollWorkflowTaskQueueRequest(
        namespace="default", task_queue=PolledQueue(name=TaskQueue.METERING), identity="a worker"
    )
    polling = asyncio.create_task(client.workflow_service.poll_workflow_task_queue(poll))
    async with house(settings, Service.BILLING) as alone:
        for _ in tries():
            seen = await alone.seen_by(Service.BILLING)
            workers = {one.name: one.status for one in seen.workers}
            if workers[TaskQueue.METERING] == "up":
                break
            await asyncio.sleep(0.1)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert list(workers) == list(TaskQueue)
    assert workers[TaskQueue.METERING] == "up"


async def test_health_tells_how_old_each_source_is(
    fresh_settings: Callable[..., Settings], addresses: dict[str, str], postgres: PostgresServer
) -> None:
    settings = fresh_settings(*Service, **addresses)
    database = settings.database_url(Service.BILLING).rpartition("/")[2]
    at = datetime.now(UTC) - timedelta(hours=3)
    with psycopg.connect(postgres.url(database), autocommit=True) as owner:
        owner.execute(
            "INSERT INTO cloud_history_walks (key, started_at, finished_at) VALUES ('w', %s, %s)",
            [at, at],
        )
    async with house(settings, *Service) as full:
        for service in Service:
            await full.seen_by(service)
        seen = await full.seen_by(Service.CATALOG)
    sources: dict[str, Any] = {source.name: source for source in seen.sources}
    assert list(sources) == [
        "resource_sync", "balance", "provider_bills", "daily_costs", "metering"
    ]  # fmt: skip  # a table
    bills = sources.pop("provider_bills")
    assert bills.last_at.ToDatetime(UTC) == at
    assert 3 * 3600 <= bills.age_seconds < 4 * 3600
    for never in sources.values():
        assert not never.HasField("last_at")
        assert not never.HasField("age_seconds")

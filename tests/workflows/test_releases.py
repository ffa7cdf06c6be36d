"""With versioning, a run stays on its release, and long-waiting runs move on."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import workflow
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from typer.testing import CliRunner

from cli.app import app
from contracts.flows import TaskQueue
from services.common.durable import connect
from services.common.settings import Settings
from services.common.version import version
from tests.support.waiting import tries
from workflows.durable.releases import Release, deployment_of, make_current, releases

PINNED, MOVING = TaskQueue.CLOUD_SYNC_FULL, TaskQueue.INVOICING


@workflow.defn
class Waits:
    """Until it is told to end."""

    def __init__(self) -> None:
        self._ends = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._ends)

    @workflow.signal
    def end(self) -> None:
        self._ends = True


@pytest.fixture
async def routed(temporal: Client, sync_temporal: str) -> Client:
    """A namespace of its own: what is routed by release there is so nowhere else."""
    namespace = f"releases-{uuid.uuid4().hex[:8]}"
    await temporal.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace, workflow_execution_retention_period=Duration(seconds=86_400)
        )
    )
    settings = Settings(TEMPORAL_ADDRESS=sync_temporal, TEMPORAL_NAMESPACE=namespace)
    client = await connect(settings)
    # Temporal's frontends learn of a new namespace in their time.
    await patiently(client.count_workflows)
    return client


async def patiently(ask: Callable[[], Awaitable[object]]) -> None:
    """Asks until Temporal does not refuse any more."""
    for _ in tries():
        try:
            await ask()
        except RPCError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("Temporal refuses")


def worker(client: Client, release: str, queue: TaskQueue) -> Worker:
    settings = Settings(release=release, worker_versioning=True)
    return Worker(
        client,
        task_queue=queue,
        workflows=[Waits],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=deployment_of(settings, queue),
        graceful_shutdown_timeout=timedelta(seconds=1),
    )


async def promoted(client: Client, release: str) -> None:
    """Makes a release current, once Temporal has seen its workers."""
    await patiently(lambda: make_current(client, release))


Handle = WorkflowHandle[Waits, None]


async def begun(client: Client, queue: TaskQueue) -> Handle:
    """A run that was taken up by a worker, and waits."""
    handle: Handle = await client.start_workflow(
        Waits.run, id=f"waits/{uuid.uuid4().hex}", task_queue=queue
    )
    for _ in tries():
        if await written_by(handle):
            return handle
        await asyncio.sleep(0.1)
    raise AssertionError("no worker takes it up")


async def written_by(handle: Handle) -> list[str]:
    """The releases that wrote the history, in order."""
    return [
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_task_completed_event_attributes")
    ]


async def ended(handle: Handle) -> list[str]:
    await handle.signal(Waits.end)
    await handle.result()
    return await written_by(handle)


async def test_a_run_ends_on_its_release_and_what_waits_for_weeks_on_the_current_one(
    routed: Client,
) -> None:
    assert await releases(routed) == []
    async with worker(routed, "1", PINNED), worker(routed, "1", MOVING):
        await promoted(routed, "1")
        stays, moves = await begun(routed, PINNED), await begun(routed, MOVING)
        async with worker(routed, "2", PINNED), worker(routed, "2", MOVING):
            await promoted(routed, "2")
            assert [one.name for one in await releases(routed)] == ["2", "1"]
            assert Release("2", "current") in await releases(routed)
            new = await begun(routed, PINNED)
            assert await ended(new) == ["2", "2"]
            assert await ended(stays) == ["1", "1"]
            assert await ended(moves) == ["1", "2"]


async def test_a_release_without_workers_is_not_promoted(
    routed: Client, sync_temporal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", sync_temporal)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", routed.namespace)

    def told(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["releases", *arguments])
        return result.exit_code, result.output

    assert "not routed" in (await asyncio.to_thread(told, "list"))[1]
    async with worker(routed, "1", PINNED):
        await promoted(routed, "1")
        code, said = await asyncio.to_thread(told, "promote", "0")
        assert code == 1
        assert "Temporal rejected the request" in said
        assert await asyncio.to_thread(told, "promote", "1") == (0, "New runs begin on 1.\n")
        assert (await asyncio.to_thread(told, "list"))[1] == "1  current\n"


def test_without_routing_a_worker_only_names_its_release() -> None:
    for queue in TaskQueue:
        plain = deployment_of(Settings(), queue)
        assert (plain.version.build_id, plain.use_worker_versioning) == (version(), False)
    assert deployment_of(Settings(release="2026-12"), PINNED).version.build_id == "2026-12"

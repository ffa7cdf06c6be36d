"""Temporal's test server, which skips time, and steps that fail on request."""

import asyncio
import sysconfig
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import temporalio.api.enums.v1 as enums
from temporalio import activity
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts.flows import OUTCOME, PERIOD, TaskQueue
from workflows.worker import WORKFLOW_RUNNER

__all__ = ["Script", "refused", "skipped", "skipping", "until_heard", "working"]

CANCELLED = "workflow_execution_cancel_requested_event_attributes"
TAKEN_UP = "workflow_task_completed_event_attributes"


def refused(reason: str) -> ApplicationError:
    """What no attempt of Temporal's own makes good."""
    return ApplicationError(reason, type="Refused", non_retryable=True)


@dataclass
class Script:
    """What the steps of a saga answer, and in which order they succeeded."""

    answers: dict[str, Any]
    """By the name of the activity."""
    failures: dict[str, list[ApplicationError]] = field(default_factory=dict)
    """What an activity fails with before it succeeds."""
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    """What an activity waits for before it fails or succeeds."""
    begun: list[str] = field(default_factory=list)
    """By the name of the activity, each try of it."""
    done: list[str] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    """The arguments of what succeeded, in the same order."""

    def activities(self) -> Sequence[Callable[..., Any]]:
        """For a worker."""
        return [self._activity(name) for name in self.answers]

    def _activity(self, name: str) -> Callable[..., Any]:
        @activity.defn(name=name)
        async def step(argument: Any) -> Any:
            self.begun.append(name)
            if name in self.held:
                await self.held[name].wait()
            if self.failures.get(name):
                raise self.failures[name].pop(0)
            self.done.append(name)
            self.told.append(argument)
            return self.answers[name]

        return step


@asynccontextmanager
async def skipping() -> AsyncIterator[Client]:
    """A client of a server whose time goes on when nothing is done."""
    async with skipped() as environment:
        yield environment.client


@asynccontextmanager
async def skipped() -> AsyncIterator[WorkflowEnvironment]:
    """The server of `skipping`, to let days pass."""
    program = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=pydantic_data_converter
    )
    async with environment:
        # It can be told of them, and not asked for those that it knows.
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={
                    one.name: enums.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
                    for one in (OUTCOME, PERIOD)
                },
            )
        )
        yield environment


@asynccontextmanager
async def working(
    client: Client, script: Script, queue: TaskQueue, *workflows: type
) -> AsyncIterator[None]:
    """Workers that take these steps; a resource is read, and notices posted, on other queues."""
    async with AsyncExitStack() as running:
        for name in {queue, TaskQueue.CLOUD_SYNC_FAST, TaskQueue.INVOICING}:
            worker = Worker(
                client,
                task_queue=name,
                workflows=workflows,
                activities=script.activities(),
                workflow_runner=WORKFLOW_RUNNER,
            )
            await running.enter_async_context(worker)
        yield


async def until_heard(handle: WorkflowHandle[Any, Any]) -> None:
    """Waits until a worker has taken up that the run is cancelled."""
    while True:
        events = (await handle.fetch_history()).events
        kinds = [event.WhichOneof("attributes") for event in events]
        if CANCELLED in kinds and TAKEN_UP in kinds[kinds.index(CANCELLED) :]:
            return
        await asyncio.sleep(0.02)

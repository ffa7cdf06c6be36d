"""What a durable flow is known by to those who start or signal it: services, schedules, the CLI.

They name a workflow and never import one; the workers define what it does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypedDict, TypeVar

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)

from contracts.queues import TaskQueue

__all__ = ["BY_HAND", "Flow", "Start", "start_flow"]

BY_HAND: Final = "manual"
"""What follows in the id of a run that an operator starts beside those of the schedule."""

Argument = TypeVar("Argument")


class StartOptions(TypedDict):
    """Options of a start, as clients and parent workflows take them."""

    id: str
    task_queue: str
    execution_timeout: timedelta | None
    search_attributes: TypedSearchAttributes
    static_summary: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow type, with the ids of its runs, where they run and for how long."""

    name: str
    """The workflow type."""
    prefix: str
    """What the ids of its runs begin with. Of one id only one run goes on at a time."""
    queue: TaskQueue
    timeout: timedelta | None
    """For a run and those that continue it; None for no limit. A last resort: steps have their
    own, shorter timeouts."""
    purpose: str
    """What it does, for the operators' documents and Temporal's UI."""
    key: str = ""
    """What follows the prefix in an id, in words, as in `<tenant>`."""
    started_by: str = ""
    """Who starts it, in words; empty where a schedule does."""

    def id(self, *key: str) -> str:
        """The id of the run on a business key; of the schedule's own run without one."""
        return "/".join((self.prefix, *key))

    def start(
        self,
        argument: Argument,
        *key: str,
        summary: str,
        attributes: Mapping[SearchAttributeKey[Any], Any] | None = None,
    ) -> "Start[Argument]":
        """The start of a run; search attributes without a value are left out."""
        pairs = [SearchAttributePair(name, value) for name, value in (attributes or {}).items()]
        found = TypedSearchAttributes([pair for pair in pairs if pair.value])
        return Start(self, self.id(*key), argument, summary, found)


@dataclass(frozen=True, slots=True)
class Start(Generic[Argument]):
    """A run to be started."""

    flow: Flow
    id: str
    argument: Argument
    summary: str
    """What it is about, in a line, for people who look at the Temporal UI."""
    attributes: TypedSearchAttributes
    """By what it is found there: ids and words, never a secret."""

    def options(self) -> StartOptions:
        """For a client or a parent workflow."""
        return {
            "id": self.id,
            "task_queue": self.flow.queue,
            "execution_timeout": self.flow.timeout,
            "search_attributes": self.attributes,
            "static_summary": self.summary,
        }


async def start_flow(
    client: Client,
    start: Start[Any],
    run: Callable[..., Any] | None = None,
    *,
    replace: bool = False,
    signal: str = "",
    signal_args: Sequence[Any] = (),
) -> WorkflowHandle[Any, Any]:
    """Starts a run, or finds the one that goes on under its id, and signals it.

    To replace is to terminate the one that goes on, and to start another in the same step. The
    workflow's `run` method tells of which type the result is. Raises RPCError.
    """
    policy = WorkflowIDConflictPolicy
    return await client.start_workflow(
        run or start.flow.name,
        start.argument,
        id_conflict_policy=policy.TERMINATE_EXISTING if replace else policy.USE_EXISTING,
        start_signal=signal or None,
        start_signal_args=signal_args,
        **start.options(),
    )

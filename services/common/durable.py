"""How a service has durable work done: it names a workflow, and never imports one.

The workers define what a workflow does; its name, its id and its one JSON argument are all
that a service knows of it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError

from services.common.errors import Unavailable
from services.common.settings import Settings

__all__ = ["Started", "Work", "WorkDesk", "temporal_down"]

CONNECT_SECONDS: Final = 5.0
WORD_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Work:
    """Work to be done: `id` says what it does, and is taken while it runs."""

    workflow: str
    id: str
    queue: str
    argument: Mapping[str, Any]
    summary: str
    """What it is about, in a line, for people who look at the Temporal UI."""
    timeout: timedelta
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By what it is found there: ids and words, never a secret."""


@dataclass(frozen=True, slots=True)
class Started:
    """A run of work."""

    workflow_id: str
    run_id: str


class WorkDesk:
    """Where work is handed in. Connects to Temporal when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None

    async def start(self, work: Work) -> Started:
        """Starts work, or finds the run of it that goes on.

        Raises Unavailable while Temporal does not answer.
        """
        handle = await self._start(work)
        return Started(work.id, handle.first_execution_run_id or handle.result_run_id or "")

    async def tell(self, work: Work, word: str) -> None:
        """Says a word to work that goes on, or starts it with the word.

        For what that work also reads by itself from time to time: while Temporal is down, the
        word is lost and the work is later, and the caller is not refused for it.
        """
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(WORD_SECONDS):
                await self._start(work, word)

    async def _start(self, work: Work, word: str = "") -> WorkflowHandle[Any, Any]:
        client = await self.client()
        pairs = [
            SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
            for name, value in work.attributes.items()
        ]
        try:
            return await client.start_workflow(
                work.workflow,
                dict(work.argument),
                id=work.id,
                task_queue=work.queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                execution_timeout=work.timeout,
                search_attributes=TypedSearchAttributes(pairs),
                static_summary=work.summary,
                start_signal=word or None,
            )
        except RPCError as error:
            raise temporal_down() from error

    async def client(self) -> Client:
        """The connection, for what is more than a start.

        Raises Unavailable while Temporal does not answer.
        """
        if self._client is None:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._client = await Client.connect(
                        self._settings.temporal(), namespace=self._settings.temporal_namespace
                    )
            except (RuntimeError, TimeoutError) as error:
                raise temporal_down() from error
        return self._client


def temporal_down() -> Unavailable:
    """What is raised for a call that Temporal did not answer."""
    return Unavailable("Temporal does not answer", reason="TEMPORAL_DOWN")

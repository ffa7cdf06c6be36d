"""The durable work that calls of this service start: named here, defined by the workers.

Services do not import workflows: a workflow is started by its name, with plain JSON.
"""

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio.client import WorkflowExecutionDescription, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError

from services.common import durable
from services.common.durable import WorkDesk, temporal_down
from services.common.errors import Unavailable
from services.common.settings import Settings
from services.common.values.periods import Period

__all__ = ["HandOverStart", "RollupStart", "Work", "rollup_workflow_id"]

QUEUE: Final = "invoicing"
ROLLUP: Final = "InvoiceRollup"
HAND_OVER: Final = "HandOver"
DECIDE: Final = "decide"
PERIOD: Final = SearchAttributeKey.for_keyword("ArcadiaPeriod")
ROLLUP_TIMEOUT: Final = timedelta(days=60)
"""A month that awaits approval for longer is started again."""

HAND_OVER_TIMEOUT: Final = timedelta(days=30)
LOOK: Final = "look"
WORD_SECONDS: Final = 2.0
"""Who pays does not wait for Temporal."""


@dataclass(frozen=True, slots=True)
class RollupStart:
    """What the roll-up of a month is started with, as the workflow reads it."""

    period: str
    """The month, by its first day."""
    force: bool = False
    approval_required: bool = False
    started_by: str = ""
    rollup_id: str = ""
    """Goes on with this one; opens one when empty."""


@dataclass(frozen=True, slots=True)
class HandOverStart:
    """What a hand-over is started with, as the workflow reads it."""

    invoice_id: str = ""
    rollup_id: str = ""


def rollup_workflow_id(period: Period) -> str:
    """As in `invoice-rollup/2026-04`: one a month runs at a time."""
    return f"invoice-rollup/{period.code}"


class Work:
    """Starts work at Temporal, to which it connects when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._desk = WorkDesk(settings)

    async def start_rollup(
        self, period: Period, start: RollupStart, *, replace: bool = False
    ) -> str:
        """Starts the roll-up of a month, or finds the one that runs; the id of its first run.

        To replace is to terminate the one that runs, and to start another in the same step.
        Raises Unavailable while Temporal does not answer.
        """
        handle = await self._rollup(period, start, decision="", replace=replace)
        description = await self._described(handle)
        return description.raw_description.workflow_execution_info.first_run_id

    async def decide(self, period: Period, start: RollupStart, decision: str) -> str:
        """Tells the work on a roll-up what was decided; starts it where it had ended.

        Answers the id of its first run. Raises Unavailable while Temporal does not answer.
        """
        handle = await self._rollup(period, start, decision=decision)
        description = await self._described(handle)
        return description.raw_description.workflow_execution_info.first_run_id

    async def hand_over(
        self, invoice_id: UUID, name: str, *, tenant_id: str, period: Period
    ) -> tuple[str, str]:
        """Starts the hand-over of an invoice, of its void or of a credit note of it.

        `name` is its number, as people know it. Finds the one that runs.

        Answers its workflow and run. Raises Unavailable while Temporal does not answer.
        """
        started = await self._desk.start(
            durable.Work(
                workflow=HAND_OVER,
                id=f"hand-over/{name}",
                queue=QUEUE,
                argument=asdict(HandOverStart(invoice_id=str(invoice_id))),
                summary=f"hand {name} to accounts receivable",
                timeout=HAND_OVER_TIMEOUT,
                attributes={"ArcadiaTenant": tenant_id, "ArcadiaPeriod": period.code},
            )
        )
        return started.workflow_id, started.run_id

    async def look_again(self, tenant_id: str) -> None:
        """Says to the work on a tenant that does not pay that something was settled.

        Nothing is lost when nobody hears it, because none is dunned or Temporal is down: that
        work looks by itself from time to time.
        """
        with suppress(Unavailable, RPCError, TimeoutError):
            async with asyncio.timeout(WORD_SECONDS):
                client = await self._desk.client()
                await client.get_workflow_handle(f"dunning/{tenant_id}").signal(LOOK)

    async def _rollup(
        self, period: Period, start: RollupStart, *, decision: str, replace: bool = False
    ) -> WorkflowHandle[object, object]:
        client = await self._desk.client()
        identifier = rollup_workflow_id(period)
        try:
            await client.start_workflow(
                ROLLUP,
                asdict(start),
                id=identifier,
                task_queue=QUEUE,
                id_conflict_policy=(
                    WorkflowIDConflictPolicy.TERMINATE_EXISTING
                    if replace
                    else WorkflowIDConflictPolicy.USE_EXISTING
                ),
                execution_timeout=ROLLUP_TIMEOUT,
                search_attributes=TypedSearchAttributes([SearchAttributePair(PERIOD, period.code)]),
                static_summary=f"invoices of {period.code}",
                start_signal=DECIDE if decision else None,
                start_signal_args=[decision] if decision else [],
            )
        except RPCError as error:
            raise temporal_down() from error
        return client.get_workflow_handle(identifier)

    async def _described(
        self, handle: WorkflowHandle[object, object]
    ) -> WorkflowExecutionDescription:
        try:
            return await handle.describe()
        except RPCError as error:
            raise temporal_down() from error

"""What metering and margin are started with, and under which ids."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)

from contracts.queues import TaskQueue
from contracts.search_attributes import PERIOD
from workflows.metering.margin_refresh import MarginRefresh
from workflows.metering.metering import Metering
from workflows.metering.payloads import (
    MarginInput,
    MarginResult,
    MeteringInput,
    MeteringResult,
)

__all__ = [
    "MARGIN_REFRESH_ID",
    "MARGIN_TIMEOUT",
    "METERING_ID",
    "METERING_TIMEOUT",
    "margin_refresh_id",
    "start_margin_refresh",
    "start_metering",
]

METERING_ID: Final = "metering"
METERING_TIMEOUT: Final = timedelta(hours=3)
MARGIN_REFRESH_ID: Final = "margin-refresh"
MARGIN_TIMEOUT: Final = timedelta(hours=12)


def margin_refresh_id(period: date) -> str:
    """The id of a month's refresh, as in `margin-refresh/2026-04`."""
    return f"{MARGIN_REFRESH_ID}/{period:%Y-%m}"


async def start_metering(
    client: Client, days: Sequence[date] = ()
) -> WorkflowHandle[Metering, MeteringResult]:
    """Meters days now (today and yesterday when none is named), or joins the run that does."""
    named = "+".join(day.isoformat() for day in days)
    return await client.start_workflow(
        Metering.run,
        MeteringInput(tuple(days), with_costs=True, last_month_too=False),
        id=f"{METERING_ID}/manual/{named}" if named else f"{METERING_ID}/manual",
        task_queue=TaskQueue.METERING,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=METERING_TIMEOUT,
        static_summary=f"meter {named or 'yesterday and today'}",
    )


async def start_margin_refresh(
    client: Client, period: date
) -> WorkflowHandle[MarginRefresh, MarginResult]:
    """Computes a month's margin now, or joins the run that does."""
    return await client.start_workflow(
        MarginRefresh.run,
        MarginInput(period),
        id=margin_refresh_id(period),
        task_queue=TaskQueue.METERING,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=MARGIN_TIMEOUT,
        search_attributes=TypedSearchAttributes([SearchAttributePair(PERIOD, f"{period:%Y-%m}")]),
        static_summary=f"compute the margin of {period:%Y-%m}",
    )

"""The steps of a roll-up, each an activity with its patience."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.invoicing import RollupInput
    from workflows.durable.timeouts import PROMPT, short, with_heartbeat
    from workflows.invoicing.activities.invoicing import InvoicingActivities
    from workflows.invoicing.payloads import (
        CheckOutcome,
        Freshness,
        IssueInput,
        IssueOutcome,
        PageInput,
        PageOutcome,
        Plan,
        RollupOpening,
        StatusInput,
    )

__all__ = [
    "begin",
    "check",
    "check_freshness",
    "close_metering",
    "discard",
    "draft_page",
    "issue",
    "move",
    "plan",
    "refresh_margin",
    "reopen_metering",
]

PATIENCE: Final = timedelta(hours=12)
"""For one step: a service may be away for a night."""

MARGIN_PATIENCE: Final = timedelta(minutes=10)


async def begin(request: RollupInput) -> str:
    """Opens the roll-up, or finds the one of this run; its id."""
    info = workflow.info()
    key = f"{info.workflow_id}/{info.first_execution_run_id}"
    return await workflow.execute_activity_method(
        InvoicingActivities.begin_rollup,
        RollupOpening(request, key),
        **short(PATIENCE, PROMPT),
        summary="open the roll-up",
    )


async def check_freshness(rollup_id: str) -> Freshness:
    """How fresh the inventory and the provider's bill are."""
    return await workflow.execute_activity_method(
        InvoicingActivities.check_freshness,
        rollup_id,
        schedule_to_close_timeout=PATIENCE,
        start_to_close_timeout=timedelta(minutes=2),
        retry_policy=PROMPT,
        summary="ask how fresh the inventory and the provider's bill are",
    )


async def close_metering(period: str) -> None:
    """Closes the month."""
    await workflow.execute_activity_method(
        InvoicingActivities.close_metering,
        period,
        **with_heartbeat(PATIENCE, PROMPT, each=timedelta(minutes=2)),
        summary="close the month: what comes later becomes an adjustment",
    )


async def reopen_metering(period: str) -> None:
    """Opens the month again."""
    await workflow.execute_activity_method(
        InvoicingActivities.reopen_metering,
        period,
        **with_heartbeat(PATIENCE, PROMPT, each=timedelta(minutes=2)),
        summary="open the month's metering again",
    )


async def plan(request: RollupInput, rollup_id: str) -> Plan:
    """Finds who is billable; the pages on which somebody waits."""
    return await workflow.execute_activity_method(
        InvoicingActivities.plan_rollup,
        replace(request, rollup_id=rollup_id),
        **with_heartbeat(PATIENCE, PROMPT),
        summary="find who is billable",
    )


async def draft_page(rollup_id: str, cursor: str) -> PageOutcome:
    """Quotes and drafts a page of tenants."""
    return await workflow.execute_activity_method(
        InvoicingActivities.draft_page,
        PageInput(rollup_id, cursor),
        **with_heartbeat(PATIENCE, PROMPT, each=timedelta(minutes=10)),
        summary=f"quote and draft page {cursor}",
    )


async def check(rollup_id: str) -> CheckOutcome:
    """Whether every draft adds up."""
    return await workflow.execute_activity_method(
        InvoicingActivities.check_rollup,
        rollup_id,
        **with_heartbeat(PATIENCE, PROMPT, each=timedelta(minutes=10)),
        summary="hold every draft against its lines and proofs",
    )


async def issue(rollup_id: str) -> IssueOutcome:
    """Issues all drafts, as of today."""
    return await workflow.execute_activity_method(
        InvoicingActivities.issue_invoices,
        IssueInput(rollup_id, workflow.now().date().isoformat()),
        **with_heartbeat(PATIENCE, PROMPT),
        summary="number and seal the drafts, a block at a time",
    )


async def discard(rollup_id: str) -> IssueOutcome:
    """Voids all drafts."""
    return await workflow.execute_activity_method(
        InvoicingActivities.discard_drafts,
        rollup_id,
        **with_heartbeat(PATIENCE, PROMPT),
        summary="void the drafts",
    )


async def refresh_margin(period: str) -> None:
    """Computes the month's margin anew."""
    await workflow.execute_activity_method(
        InvoicingActivities.refresh_margin,
        period,
        **with_heartbeat(MARGIN_PATIENCE, PROMPT, each=timedelta(minutes=5)),
        summary="compute the month's margin anew",
    )


async def move(rollup_id: str, status: str, reason: str = "") -> None:
    """Says where the roll-up stands."""
    await workflow.execute_activity_method(
        InvoicingActivities.set_status,
        StatusInput(rollup_id, status, reason),
        **short(PATIENCE, PROMPT),
        summary=f"the roll-up is {status.replace('_', ' ')}",
    )

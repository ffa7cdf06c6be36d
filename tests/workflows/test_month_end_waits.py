"""The month-end first checks the freshness of its sources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity

from contracts.flows import TaskQueue
from contracts.invoicing import RollupInput
from tests.workflows.skipping import Script, skipping, working
from workflows.invoicing.hand_over import HandOver
from workflows.invoicing.invoice_rollup import InvoiceRollup
from workflows.invoicing.payloads import (
    CheckOutcome,
    Freshness,
    HandOverResult,
    IssueOutcome,
    PageOutcome,
    Plan,
    RollupResult,
)

STALE = "droplet was last read completely at 2026-04-30 22:15 UTC"
NO_BILL = "the provider's bill of 2026-04 had not arrived: costs were not final"


@dataclass
class Month(Script):
    """The steps of a month's end; the inventory is stale at the first looks."""

    stale_looks: int = 0
    looks: list[str] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        """For a worker."""

        @activity.defn(name="check_freshness")
        async def check_freshness(rollup_id: str) -> Freshness:
            self.looks.append(rollup_id)
            stale = (STALE,) if len(self.looks) <= self.stale_looks else ()
            return Freshness(stale, (NO_BILL,))

        return [*super().activities(), check_freshness]


async def rolled_up(stale_looks: int, patience_minutes: int) -> tuple[Month, RollupResult]:
    answers = {
        "begin_rollup": "one", "close_metering": None, "plan_rollup": Plan(),
        "check_rollup": CheckOutcome(PageOutcome()), "issue_invoices": IssueOutcome(),
        "refresh_margin": None, "set_status": None, "hand_over_pending": HandOverResult(),
    }  # fmt: skip  # a table
    month = Month(answers, stale_looks=stale_looks)
    request = RollupInput(period="2026-04-01", metering_patience_minutes=patience_minutes)
    async with (
        skipping() as client,
        working(client, month, TaskQueue.INVOICING, InvoiceRollup, HandOver),
    ):
        result = await client.execute_workflow(
            InvoiceRollup.run, request, id=f"rollup/{uuid4()}", task_queue=TaskQueue.INVOICING
        )
    return month, result


@pytest.mark.parametrize(
    ("stale_looks", "patience_minutes", "looks", "notes"),
    [
        (0, 360, 1, (NO_BILL,)),
        (3, 360, 4, (NO_BILL,)),
        (99, 60, 7, (STALE, NO_BILL)),
        (99, 0, 1, (STALE, NO_BILL)),
    ],
    ids=["fresh", "waited for", "patience ends", "by hand"],
)
async def test_a_stale_inventory_is_waited_for_and_then_reported(
    stale_looks: int, patience_minutes: int, looks: int, notes: tuple[str, ...]
) -> None:
    month, result = await rolled_up(stale_looks, patience_minutes)
    assert len(month.looks) == looks
    assert result.notes == notes
    assert month.done.index("close_metering") > month.done.index("begin_rollup")

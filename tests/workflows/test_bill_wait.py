"""Tenants that wait for the provider's bill are taken up when it is there."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from contracts.flows import TaskQueue
from contracts.invoicing import RollupInput, invoice_rollup
from tests.workflows.skipping import Script, refused, skipped, working
from workflows.invoicing.bill_wait import BillWait
from workflows.invoicing.hand_over import HandOver
from workflows.invoicing.invoice_rollup import InvoiceRollup
from workflows.invoicing.payloads import (
    BillState,
    CheckOutcome,
    Freshness,
    HandOverResult,
    IssueOutcome,
    PageOutcome,
    Plan,
)
from workflows.metering.metering import MarginRefresh
from workflows.metering.payloads import AttributedCosts

MAX_HOURS = 48


@dataclass
class Month(Script):
    """A month's end of two tenants, of which one waits until the bill is attributed."""

    incomplete_looks: int = 0
    looks: int = 0
    checks: int = 0

    def activities(self) -> Sequence[Callable[..., Any]]:
        """For a worker."""

        @activity.defn(name="check_bill")
        async def check_bill(period: str) -> BillState:
            if self.failures.get("check_bill"):
                raise self.failures["check_bill"].pop(0)
            self.looks += 1
            complete = self.looks > self.incomplete_looks
            return BillState(complete, complete and "attribute_costs" in self.done)

        @activity.defn(name="check_rollup")
        async def check_rollup(rollup_id: str) -> CheckOutcome:
            self.checks += 1
            waits = "attribute_costs" not in self.done
            return CheckOutcome(PageOutcome(1, waiting_count=int(waits)))

        @activity.defn(name="refresh_margin")
        async def refresh_margin(period: str) -> Any:
            return (1, 1) if activity.info().workflow_type == "MarginRefresh" else None

        return [*super().activities(), check_bill, check_rollup, refresh_margin]


def month(incomplete_looks: int = 0) -> Month:
    answers = {
        "begin_rollup": "one", "close_metering": None, "plan_rollup": Plan(),
        "check_freshness": Freshness(), "issue_invoices": IssueOutcome(), "set_status": None,
        "hand_over_pending": HandOverResult(), "attribute_costs": AttributedCosts(),
    }  # fmt: skip  # a table
    return Month(answers, incomplete_looks=incomplete_looks)


async def rolled_up(
    end: Month, and_then: Callable[[Client], Awaitable[None]] | None = None
) -> list[str]:
    """Rolls the month up, and again when the bill is there; the notes of the first roll-up."""
    start = invoice_rollup(RollupInput(period="2026-04-01"))
    flows = (InvoiceRollup, HandOver, BillWait, MarginRefresh)
    async with (
        skipped() as environment,
        working(environment.client, end, TaskQueue.METERING, *flows),
    ):
        first = await environment.client.start_workflow(
            InvoiceRollup.run, start.argument, id=start.id, task_queue=start.flow.queue
        )
        notes = (await first.result()).notes
        for _ in range(MAX_HOURS):
            if end.done.count("issue_invoices") == 2:
                break
            with suppress(RPCError):  # on a busy machine the steps of an hour may take longer
                await environment.sleep(timedelta(hours=1))
        if and_then is not None:
            await and_then(environment.client)
    return list(notes)


async def test_the_wait_attributes_the_bill_and_rolls_the_month_up_again() -> None:
    end = month(incomplete_looks=5)
    notes = await rolled_up(end)

    assert notes == ["1 tenants wait for the provider's bill"]
    assert (end.looks, end.done.count("attribute_costs")) == (7, 1)
    assert (end.checks, end.done.count("issue_invoices")) == (2, 2)


async def test_a_bill_that_cannot_be_attributed_now_is_tried_again() -> None:
    end = month()
    end.failures["attribute_costs"] = [refused("billing is down")]
    await rolled_up(end)

    assert end.begun.count("attribute_costs") == 2
    assert end.checks == 2


async def test_a_wait_that_cannot_look_at_the_bill_goes_on() -> None:
    end = month()
    end.failures["check_bill"] = [refused("billing is down")] * 3
    await rolled_up(end)

    assert (end.failures["check_bill"], end.checks) == ([], 2)

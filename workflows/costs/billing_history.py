"""Walks the billing history, then starts an ingest per pending invoice."""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.costs import HistoryInput, InvoiceIngestInput, invoice_ingest
    from contracts.flows import OUTCOME
    from workflows.costs.activities.bills import BillActivities
    from workflows.costs.invoice_ingest import InvoiceIngest
    from workflows.costs.payloads import HistoryCursor, HistoryResult, PendingPlace
    from workflows.durable.reasons import final_failure
    from workflows.durable.timeouts import short, with_heartbeat

from workflows.durable.saga import on_failure

__all__ = ["BillingHistory"]

WALK: Final = with_heartbeat(timedelta(hours=3))

MAX_INGESTS_AT_ONCE: Final = 3
"""Concurrent ingests, which share one token's rate limit."""

MAX_DETAILS: Final = 15_000


@workflow.defn
class BillingHistory:
    """Started by its schedule. A failed invoice does not stop the others."""

    def __init__(self) -> None:
        self._walk = HistoryCursor()
        self._ingested: list[str] = []
        self._running: list[str] = []
        self._failed: list[str] = []

    @workflow.query
    def progress(self) -> HistoryResult:
        """What is known so far."""
        return HistoryResult(
            self._walk, tuple(self._ingested), tuple(self._running), tuple(self._failed)
        )

    @workflow.run
    async def run(self, request: HistoryInput) -> HistoryResult:
        """The outcome of every pending invoice. Fails at the end if one failed."""
        await self._walk_history(request)
        turns = asyncio.Semaphore(MAX_INGESTS_AT_ONCE)
        token = ""
        while True:
            page = await short(timedelta(minutes=30)).run(
                BillActivities.list_pending,
                PendingPlace(token),
                "list pending invoices",
            )
            await asyncio.gather(*(self._ingest(invoice, turns) for invoice in page.invoices))
            token = page.next_page_token
            if not token:
                break
        workflow.upsert_search_attributes(
            [OUTCOME.value_set("failed" if self._failed else "completed")]
        )
        if self._failed:
            raise final_failure(
                "InvoicesFailed", f"{len(self._failed)} failed: {self._failed[0]}", self.progress()
            )
        return self.progress()

    async def _walk_history(self, request: HistoryInput) -> None:
        """If the walk fails, invoices that were pending before it are still ingested."""
        with on_failure(lambda reason: self._failed.append(f"billing history: {reason}")):
            self._walk = await WALK.run(
                BillActivities.walk_history, request, "record the billing history"
            )
        self._show()

    async def _ingest(self, invoice: InvoiceIngestInput, turns: asyncio.Semaphore) -> None:
        async with turns:
            with on_failure(lambda why: self._failed.append(f"{invoice.invoice_uuid}: {why}")):
                try:
                    result = await workflow.execute_child_workflow(
                        InvoiceIngest.run,
                        invoice,
                        # Ingest pending invoices even if the walk failed.
                        parent_close_policy=ParentClosePolicy.ABANDON,
                        **invoice_ingest(invoice).options(),
                    )
                except WorkflowAlreadyStartedError:
                    self._running.append(invoice.invoice_uuid)
                else:
                    self._ingested.append(result.in_words())
        self._show()

    def _show(self) -> None:
        lines = [f"- history: {self._walk.in_words()}"]
        lines += [f"- {line}" for line in self._ingested]
        lines += [f"- {uuid}: already being ingested" for uuid in self._running]
        lines += [f"- failed: {line}" for line in self._failed]
        workflow.set_current_details("\n".join(lines)[:MAX_DETAILS])

"""Ingests one invoice: stages both forms, replaces, reconciles and matches its lines.

The run id contains the invoice, so it never runs twice at the same time.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.costs import CostRematchInput, InvoiceIngestInput
    from contracts.flows import OUTCOME, PERIOD, RESIDUAL
    from services.common.values.money import dollars
    from workflows.costs.activities.bills import MatchActivities
    from workflows.costs.activities.ingesting import IngestActivities
    from workflows.costs.payloads import (
        CompletedIngest,
        CostRematchResult,
        FailIngestInput,
        IngestInput,
        InvoiceIngestResult,
    )
    from workflows.durable.reasons import final_failure, reason_of
    from workflows.durable.timeouts import short, with_heartbeat

__all__ = ["CostRematch", "InvoiceIngest"]

STEP: Final = with_heartbeat(timedelta(hours=6))
"""Timeout of a step: a file of millions of lines, or a provider outage."""
CALL: Final = short(timedelta(minutes=30))
FAILED: Final = "failed"


@workflow.defn
class InvoiceIngest:
    """Started as `invoice-ingest/<the provider's UUID>`."""

    @workflow.run
    async def run(self, request: InvoiceIngestInput) -> InvoiceIngestResult:
        """The outcome of the invoice.

        A failed ingest keeps the lines of the last successful one.
        """
        ingest_id = await CALL.run(IngestActivities.begin_ingest, request, "begin the ingest")
        ingest = IngestInput(ingest_id, request)
        try:
            done = await self._ingest(ingest)
        except (asyncio.CancelledError, FailureError) as error:
            reason = reason_of(error) or "cancelled"
            failing = CALL.run(
                IngestActivities.fail_ingest,
                FailIngestInput(ingest_id, reason),
                "mark the ingest as failed; earlier lines are kept",
            )
            await asyncio.shield(failing)
            workflow.upsert_search_attributes([OUTCOME.value_set(FAILED)])
            if is_cancelled_exception(error):
                raise
            raise final_failure("IngestFailed", reason) from error
        workflow.upsert_search_attributes(
            [
                OUTCOME.value_set(done.outcome),
                RESIDUAL.value_set(done.residual_usd),
                PERIOD.value_set(done.period),
            ]
        )
        matched = await STEP.run(
            MatchActivities.match_invoice,
            replace(request, unless_matched=True),
            "match the lines that are not matched yet",
        )
        result = InvoiceIngestResult(request.invoice_uuid, done, matched)
        workflow.set_current_details(result.in_words())
        return result

    async def _ingest(self, ingest: IngestInput) -> CompletedIngest:
        upload = await STEP.run(IngestActivities.upload_csv, ingest, "stage the CSV form")
        workflow.set_current_details(
            f"{upload.row_count:,} lines, USD {dollars(upload.amount_usd)}."
        )
        await STEP.run(
            IngestActivities.record_items, ingest, "stage the JSON form, which has the resource ids"
        )
        return await STEP.run(
            IngestActivities.complete_ingest,
            ingest,
            "replace the lines and reconcile them with summary and history",
        )


@workflow.defn
class CostRematch:
    """Started by an operator as `cost-rematch/<invoice, month or all>`."""

    @workflow.run
    async def run(self, request: CostRematchInput) -> CostRematchResult:
        """The match counts of each invoice."""
        told: list[str] = []
        for invoice in request.invoices:
            counts = await STEP.run(
                MatchActivities.match_invoice,
                invoice,
                f"match the lines of {invoice.period or invoice.invoice_uuid}",
            )
            told.append(f"{invoice.period}: {counts.in_words()}")
            workflow.set_current_details("\n".join(f"- {line}" for line in told))
        return CostRematchResult(tuple(told))

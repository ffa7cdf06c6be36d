"""Matches the lines of invoices anew, one invoice after the other, without ingesting them."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.costs import CostRematchInput
    from workflows.costs.activities.matching import MatchActivities
    from workflows.costs.payloads import CostRematchResult
    from workflows.durable.timeouts import with_heartbeat

__all__ = ["CostRematch"]

PATIENCE: Final = timedelta(hours=6)


@workflow.defn
class CostRematch:
    """Started as `cost-rematch/<invoice, month or all>` by the call of an operator."""

    @workflow.run
    async def run(self, request: CostRematchInput) -> CostRematchResult:
        """How the lines of each invoice were matched."""
        told: list[str] = []
        for invoice in request.invoices:
            counts = await workflow.execute_activity_method(
                MatchActivities.match_invoice,
                invoice,
                **with_heartbeat(PATIENCE),
                summary=f"match the lines of {invoice.period or invoice.invoice_uuid}",
            )
            told.append(f"{invoice.period}: {counts.in_words()}")
            workflow.set_current_details("\n".join(f"- {line}" for line in told))
        return CostRematchResult(tuple(told))

"""The steps of the month-end roll-up, each one or more calls to the analytics service."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from arcadia.analytics.v1 import attribution_service_pb2 as margin
from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from arcadia.analytics.v1 import metering_service_pb2 as metering
from arcadia.analytics.v1 import rollups_pb2

from contracts.invoicing import RollupInput
from services.common.rpc.messages import message_of
from services.common.values.money import money_text, whole_cents
from workflows.durable.activities import service_activity
from workflows.durable.heartbeats import beating, reached_before
from workflows.invoicing.payloads import (
    BillState,
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

if TYPE_CHECKING:
    from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceAsyncStub
    from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceAsyncStub
    from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceAsyncStub

__all__ = ["InvoicingActivities"]

ANALYTICS: Final = "analytics"
PLANNED_A_CALL: Final = 10
ISSUED_A_CALL: Final = 1_000
PAGE_SECONDS: Final = 300.0
CALL_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class InvoicingActivities:
    """Uses the analytics service."""

    _steps: "InvoicingServiceAsyncStub"
    _meter: "MeteringServiceAsyncStub"
    _margins: "AttributionServiceAsyncStub"

    @service_activity(ANALYTICS)
    async def begin_rollup(self, opening: RollupOpening) -> str:
        """Opens the roll-up, or finds the one of this key; returns its id."""
        answer = await self._steps.BeginRollup(
            message_of(pb.BeginRollupRequest, opening.request, key=opening.key)
        )
        return answer.rollup.id

    @service_activity(ANALYTICS)
    async def check_freshness(self, rollup_id: str) -> Freshness:
        """The freshness of the inventory and of the provider's bill."""
        answer = await self._steps.CheckFreshness(
            pb.CheckFreshnessRequest(rollup_id=rollup_id), timeout=CALL_SECONDS
        )
        return Freshness(tuple(answer.stale), tuple(answer.unknown))

    @service_activity(ANALYTICS)
    async def check_bill(self, period: str) -> BillState:
        """What is known of the provider's bill of a month."""
        answer = await self._steps.CheckBill(
            pb.CheckBillRequest(period=period), timeout=CALL_SECONDS
        )
        return BillState(answer.complete, answer.attributed)

    @service_activity(ANALYTICS, heartbeat=True)
    async def close_metering(self, period: str) -> None:
        """Closes a month. Idempotent."""
        await self._meter.CloseMetering(
            metering.CloseMeteringRequest(period=period), timeout=CALL_SECONDS
        )

    @service_activity(ANALYTICS, heartbeat=True)
    async def reopen_metering(self, period: str) -> None:
        """Reopens a month."""
        await self._meter.ReopenMetering(
            metering.ReopenMeteringRequest(period=period), timeout=CALL_SECONDS
        )

    @service_activity(ANALYTICS)
    async def plan_rollup(self, request: RollupInput) -> Plan:
        """Plans tenants by page; returns the pages with tenants to draft."""
        token = reached_before(str) or ""
        cursors: list[str] = []
        tenants = 0
        async with beating(lambda: "" if cursors else token):
            while True:
                answer = await self._steps.PlanRollup(
                    pb.PlanRollupRequest(
                        rollup_id=request.rollup_id,
                        tenants_per_page=request.tenants_per_page,
                        page_size=PLANNED_A_CALL,
                        page_token=token,
                    ),
                    timeout=CALL_SECONDS,
                )
                cursors += answer.tenant_cursors
                tenants += answer.tenant_count
                token = answer.next_page_token
                if not token:
                    return Plan(tuple(cursors), tenants)

    @service_activity(ANALYTICS, heartbeat=True)
    async def draft_page(self, request: PageInput) -> PageOutcome:
        """Quotes and drafts a page of tenants."""
        answer = await self._steps.DraftInvoices(
            pb.DraftInvoicesRequest(rollup_id=request.rollup_id, tenant_cursor=request.cursor),
            timeout=PAGE_SECONDS,
        )
        return PageOutcome(
            answer.drafted_count,
            answer.skipped_count,
            answer.failed_count,
            answer.waiting_count,
        )

    @service_activity(ANALYTICS, heartbeat=True)
    async def check_rollup(self, rollup_id: str) -> CheckOutcome:
        """Checks that every draft adds up."""
        answer = await self._steps.CheckRollup(
            pb.CheckRollupRequest(rollup_id=rollup_id), timeout=PAGE_SECONDS
        )
        rollup = answer.rollup
        return CheckOutcome(
            PageOutcome(
                rollup.drafted_count,
                rollup.skipped_count,
                rollup.failed_count,
                rollup.waiting_count,
            ),
            tuple(map(_total, rollup.totals)),
            tuple(answer.differences),
            _unbilled(rollup.unbilled),
        )

    @service_activity(ANALYTICS)
    async def issue_invoices(self, request: IssueInput) -> IssueOutcome:
        """Issues drafts in blocks until none is left."""
        block = pb.IssueInvoicesRequest(
            rollup_id=request.rollup_id, limit=ISSUED_A_CALL, issued_on=request.issued_on
        )
        return await _block_by_block(self._steps.IssueInvoices, block, "issued_count")

    @service_activity(ANALYTICS)
    async def discard_drafts(self, rollup_id: str) -> IssueOutcome:
        """Voids drafts in blocks until none is left."""
        block = pb.DiscardDraftsRequest(rollup_id=rollup_id, limit=ISSUED_A_CALL)
        return await _block_by_block(self._steps.DiscardDrafts, block, "discarded_count")

    @service_activity(ANALYTICS)
    async def set_status(self, request: StatusInput) -> None:
        """Changes the status of the roll-up."""
        await self._steps.SetRollupStatus(
            message_of(pb.SetRollupStatusRequest, request, decided_by="")
        )

    @service_activity(ANALYTICS, heartbeat=True)
    async def refresh_margin(self, period: str) -> None:
        """Recomputes a month's margin."""
        await self._margins.RefreshMargin(
            margin.RefreshMarginRequest(period=period), timeout=PAGE_SECONDS
        )


async def _block_by_block(rpc: Any, block: Any, counted: str) -> IssueOutcome:
    """Calls the service for block after block until no draft is left."""
    outcome = reached_before(IssueOutcome) or IssueOutcome()
    async with beating(lambda: outcome):
        while True:
            answer = await rpc(block, timeout=CALL_SECONDS)
            done = outcome.done_count + getattr(answer, counted)
            outcome = IssueOutcome(done, answer.remaining_count)
            if not answer.remaining_count:
                return outcome


def _unbilled(total: rollups_pb2.UnbilledTotal) -> tuple[str, ...]:
    """The unbilled usage in words; empty if there is none."""
    if not total.usage_count:
        return ()
    # The value is exact; round it to minor units for the text.
    value = money_text(whole_cents(Decimal(total.value_cents)), total.currency)
    worth = f"worth {value} at the resource price"
    unpriced = f", {total.unpriced_count:,} of which have no price" if total.unpriced_count else ""
    told = (
        f"{total.deployment_count:,} deployments have unbilled usage:"
        f" {total.usage_count:,} daily usages {worth}{unpriced}"
    )
    return (told,)


def _total(total: rollups_pb2.CurrencyTotal) -> str:
    return money_text(total.total_cents, total.currency)

"""What the analytics know of unpaid invoices, and a dunning started for each tenant with one."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from temporalio import activity

from contracts.collections import DunningSweepInput, dunning
from contracts.flows import start_flow
from workflows.collections.payloads import Overdue, OverdueInput, SweepPlace
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before

if TYPE_CHECKING:
    from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceAsyncStub

__all__ = ["DunningActivities"]

SERVICE: Final = "analytics"
INVOICES_A_PAGE: Final = 500
STARTS_AT_ONCE: Final = 8


class DunningActivities:
    """Needs the analytics' stub."""

    def __init__(self, steps: "InvoicingServiceAsyncStub") -> None:
        self._steps = steps

    @activity.defn
    async def start_dunning(self, request: DunningSweepInput) -> int:
        """Starts what does not run yet; how many tenants are overdue."""
        with as_failures(SERVICE):
            place = reached_before(SweepPlace) or SweepPlace()
            async with beating(lambda: place):
                while True:
                    page = await self._steps.ListOverdueInvoices(
                        pb.ListOverdueInvoicesRequest(
                            due_before=request.today,
                            page_size=INVOICES_A_PAGE,
                            page_token=place.page_token,
                        )
                    )
                    # A tenant may be on more than one page: it is told once more, to no effect.
                    tenants = {invoice.tenant_id for invoice in page.invoices}
                    await _started(sorted(tenants), request)
                    place = SweepPlace(page.next_page_token, place.tenant_count + len(tenants))
                    if not place.page_token:
                        return place.tenant_count

    @activity.defn
    async def read_overdue(self, request: OverdueInput) -> Overdue:
        """What a tenant has not paid."""
        with as_failures(SERVICE):
            page = await self._steps.ListOverdueInvoices(
                pb.ListOverdueInvoicesRequest(
                    due_before=request.today, page_size=INVOICES_A_PAGE, tenant_id=request.tenant_id
                )
            )
        if not page.invoices:
            return Overdue()
        first = page.invoices[0]
        return Overdue(len(page.invoices), first.number, first.due_on)


async def _started(tenants: Iterable[str], request: DunningSweepInput) -> None:
    turns = asyncio.Semaphore(STARTS_AT_ONCE)

    async def start(tenant_id: str) -> None:
        async with turns:
            await start_flow(activity.client(), dunning(tenant_id, request.terms))

    await asyncio.gather(*map(start, tenants))

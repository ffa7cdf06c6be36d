"""Activities for balances, the billing history, pending invoices and matching."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from arcadia.billing.v1 import balance_service_pb2 as balance_pb
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb
from temporalio import activity

from contracts.costs import BalanceInput, HistoryInput, InvoiceIngestInput
from providers.digitalocean import billing as provider_billing
from providers.digitalocean.api.client import DigitalOcean
from services.common.rpc.messages import message_of
from workflows.costs.payloads import (
    HistoryCursor,
    MatchCounts,
    MatchCursor,
    PendingPage,
    PendingPlace,
)
from workflows.durable.activities import page_by_page, service_activity
from workflows.durable.counts import with_counts
from workflows.durable.heartbeats import beating, reached_before

if TYPE_CHECKING:
    from arcadia.billing.v1.balance_service_pb2_grpc import BalanceServiceAsyncStub
    from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub

__all__ = ["BillActivities", "MatchActivities"]

BILLING = "billing"
INVOICES_A_PAGE = 100
MAX_UNREADABLE_LISTED = 5
"""Maximum entries named in the result of a walk; the service lists all."""


@dataclass(frozen=True, slots=True)
class BillActivities:
    """Uses the provider's client and the billing service."""

    _provider: DigitalOcean
    _balances: "BalanceServiceAsyncStub"
    _ingest: "IngestServiceAsyncStub"

    @service_activity(BILLING, heartbeat=True)
    async def record_balance(self, request: BalanceInput) -> str:
        """Records a snapshot of the balance; returns this month's usage in USD."""
        balance = await provider_billing.balance(self._provider)
        await self._balances.RecordBalance(
            message_of(balance_pb.RecordBalanceRequest, balance, key=request.key)
        )
        return balance.month_to_date_usage

    @service_activity(BILLING, doing="reading the billing history", cursor=HistoryCursor)
    async def walk_history(self, request: HistoryInput) -> HistoryCursor:
        """Records the whole history, resuming from the cursor of an earlier attempt."""
        info = activity.info()
        cursor = reached_before(HistoryCursor) or HistoryCursor()
        walk_key = f"{info.workflow_id}/{info.workflow_run_id}"
        async with beating(lambda: cursor):
            months = await provider_billing.invoice_months(self._provider)
            pages = provider_billing.history_pages(self._provider, first=cursor.page)
            async for page in pages:
                cursor = await self._record(walk_key, page, months, cursor)
        return cursor

    @service_activity(BILLING, doing="listing pending invoices")
    async def list_pending(self, place: PendingPlace) -> PendingPage:
        """A page of the invoices that are not ingested, oldest first."""
        answer = await self._ingest.ListPendingInvoices(
            pb.ListPendingInvoicesRequest(page_size=INVOICES_A_PAGE, page_token=place.page_token)
        )
        return PendingPage(tuple(map(_due, answer.provider_invoices)), answer.next_page_token)

    async def _record(
        self,
        walk_key: str,
        page: provider_billing.HistoryPage,
        months: dict[str, str],
        cursor: HistoryCursor,
    ) -> HistoryCursor:
        ordinals, alike = _ordinals(page.entries, dict(cursor.alike))
        answer = await self._ingest.RecordBillingHistory(
            pb.RecordBillingHistoryRequest(
                entries=[
                    _entry(entry, ordinal, months)
                    for entry, ordinal in zip(page.entries, ordinals, strict=True)
                ],
                walk_key=walk_key,
                is_last_page=page.is_last,
            )
        )
        return replace(
            cursor,
            page=page.number + 1,
            discovered_count=cursor.discovered_count + answer.discovered_count,
            updated_count=cursor.updated_count + answer.updated_count,
            unchanged_count=cursor.unchanged_count + answer.unchanged_count,
            entry_count=cursor.entry_count + len(page.entries),
            unreadable=(*cursor.unreadable, *answer.unreadable)[:MAX_UNREADABLE_LISTED],
            unreadable_count=cursor.unreadable_count + len(answer.unreadable),
            alike=tuple(alike.items()),
        )


def _ordinals(
    entries: Sequence[provider_billing.HistoryEntry], met: dict[str, int]
) -> tuple[list[int], dict[str, int]]:
    """Numbers equal entries from 1; also returns the counts for the next page.

    Entries are ordered by time, so only those of the last entry's time can recur on that page.
    """
    ordinals = []
    for entry in entries:
        met[repr(entry)] = met.get(repr(entry), 0) + 1
        ordinals.append(met[repr(entry)])
    last = entries[-1].issued_at if entries else None
    lasting = {repr(entry) for entry in entries if entry.issued_at == last}
    return ordinals, {said: count for said, count in met.items() if said in lasting}


def _entry(
    entry: provider_billing.HistoryEntry, ordinal: int, months: dict[str, str]
) -> pb.HistoryEntry:
    period = months.get(entry.invoice_uuid, "")
    return message_of(pb.HistoryEntry, entry, period=period, ordinal=ordinal)


def _due(invoice: costs_pb2.ProviderInvoice) -> InvoiceIngestInput:
    return InvoiceIngestInput(invoice.id, invoice.invoice_uuid, invoice.period[:7])


LINES_A_PAGE: Final = 50_000
PAGE_SECONDS: Final = 600.0


class MatchActivities:
    """Uses the billing service's IngestService."""

    def __init__(self, ingest: "IngestServiceAsyncStub") -> None:
        self._ingest = ingest

    @service_activity("billing", doing="matching the lines")
    async def match_invoice(self, request: InvoiceIngestInput) -> MatchCounts:
        """Matches every line of an invoice, resuming from the cursor of an earlier attempt."""

        async def match(cursor: MatchCursor) -> MatchCursor:
            answer = await self._ingest.MatchLines(
                pb.MatchLinesRequest(
                    provider_invoice_id=request.provider_invoice_id,
                    page_size=LINES_A_PAGE,
                    page_token=cursor.page_token,
                    unless_matched=request.unless_matched,
                ),
                timeout=PAGE_SECONDS,
            )
            counts = with_counts(cursor.counts, answer.matching)
            return MatchCursor(answer.next_page_token, counts)

        return (await page_by_page(MatchCursor(), match)).counts

"""Has billing match an invoice's lines, page by page."""

from typing import TYPE_CHECKING, Final

from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb
from temporalio import activity

from contracts.costs import InvoiceIngestInput
from workflows.costs.payloads import MatchCounts, MatchCursor
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before

if TYPE_CHECKING:
    from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub

__all__ = ["MatchActivities"]

LINES_A_PAGE: Final = 50_000
PAGE_SECONDS: Final = 600.0

COUNTS: Final = tuple(MatchCounts.__dataclass_fields__)


class MatchActivities:
    """Needs the stub of the ingest."""

    def __init__(self, ingest: "IngestServiceAsyncStub") -> None:
        self._ingest = ingest

    @activity.defn
    async def match_invoice(self, request: InvoiceIngestInput) -> MatchCounts:
        """Matches every line of an invoice, from wherever an earlier attempt stood."""
        with as_failures("billing"):
            cursor = reached_before(MatchCursor) or MatchCursor()
            async with beating(lambda: cursor):
                while True:
                    answer = await self._match(request, cursor)
                    counts = _added(cursor.counts, answer.matching)
                    cursor = MatchCursor(answer.next_page_token, counts)
                    if not cursor.page_token:
                        return counts

    async def _match(
        self, request: InvoiceIngestInput, cursor: MatchCursor
    ) -> pb.MatchLinesResponse:
        return await self._ingest.MatchLines(
            pb.MatchLinesRequest(
                provider_invoice_id=request.provider_invoice_id,
                page_size=LINES_A_PAGE,
                page_token=cursor.page_token,
                unless_matched=request.unless_matched,
            ),
            timeout=PAGE_SECONDS,
        )


def _added(counts: MatchCounts, more: costs_pb2.MatchSummary) -> MatchCounts:
    return MatchCounts(**{name: getattr(counts, name) + getattr(more, name) for name in COUNTS})

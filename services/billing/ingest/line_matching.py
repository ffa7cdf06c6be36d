"""The part of IngestService that matches: lines page by page, daily costs as they come."""

from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb
from grpc.aio import ServicerContext
from sqlalchemy import Row

from services.billing.ingest.ingest_requests import uuid_of
from services.billing.ingest.inventory_lookup import InventoryLookup
from services.billing.ingest.rules.matching import MatchCounts
from services.billing.ingest.store.candidates import (
    add_candidates,
    daily_keys,
    forget_candidates,
    invoice_keys,
    is_prepared,
    mark_prepared,
    staged_keys,
)
from services.billing.ingest.store.headers import lock_invoice, read_invoice
from services.billing.ingest.store.ingests import OPEN, lock_ingest
from services.billing.ingest.store.matching import (
    last_row,
    match_daily_costs,
    match_lines,
    record_counts,
)
from services.billing.ingest.store.totals import refresh_totals
from services.common.db.database import Database, WriteSession
from services.common.errors import Aborted, FailedPrecondition, InvalidArgument, Unavailable
from services.common.rpc.access import current_caller
from services.common.rpc.paging import decode_token, encode_token
from services.common.values.periods import Period, month_of

__all__ = ["LineMatching", "match_message"]

LINES_A_PAGE: Final = 10_000
MOST_LINES: Final = 50_000
KEYS_A_PIECE: Final = 5_000
COUNTS: Final = tuple(MatchCounts.__dataclass_fields__)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Page:
    """The rows to match: after one, until one."""

    line_set: UUID
    after: int
    until: int


def match_message(counts: MatchCounts) -> costs_pb2.MatchSummary:
    """The proto of how lines were matched."""
    return costs_pb2.MatchSummary(**asdict(counts))


class LineMatching:
    """Part of the servicer of IngestService."""

    _database: Database
    _inventory: InventoryLookup

    async def MatchLines(  # noqa: N802
        self, request: pb.MatchLinesRequest, context: ServicerContext[Any, Any]
    ) -> pb.MatchLinesResponse:
        """Matches a page of an invoice's lines; the first one looks up what all of them name."""
        invoice_id = uuid_of("provider_invoice_id", request.provider_invoice_id)
        size = _page_size(request.page_size)
        filters = ("matching", str(invoice_id))
        position = decode_token(request.page_token, filters, (str, int))
        scope = current_caller().scope
        async with self._database.read(scope) as session:
            invoice = await read_invoice(session, invoice_id)
        if request.unless_matched and position is None and invoice.matched_at is not None:
            return pb.MatchLinesResponse(matching=match_message(_counted(invoice)))
        page = _page(invoice, position, size)
        async with self._database.write(scope) as session:
            if position is None:
                await forget_candidates(session, page.line_set)
            if not await is_prepared(session, page.line_set):
                await self._prepare(session, invoice, page.line_set)
        async with self._database.write(scope) as session:
            current = await lock_invoice(session, invoice_id)
            if current.ingest_id != page.line_set:
                raise _replaced()
            if not await is_prepared(session, page.line_set):
                raise Aborted(
                    "another run of the same lines ended meanwhile; again", reason="RUN_ENDED"
                )
            counts = await match_lines(session, page.line_set, _place(invoice, page))
            done = page.until >= await last_row(session, invoice.period, invoice_id)
            if done:
                await record_counts(session, invoice.period, invoice_id)
                await refresh_totals(session, invoice.period, invoice_id)
                await forget_candidates(session, page.line_set)
        token = "" if done else encode_token(filters, (str(page.line_set), page.until))
        return pb.MatchLinesResponse(matching=match_message(counts), next_page_token=token)

    async def prepare_staged(self, ingest_id: UUID) -> None:
        """Looks up what an ingest's staged lines name, so that they are written matched.

        While the inventory does not answer nothing is looked up: the lines are written as not
        matched yet, and MatchLines matches them later. Raises NotFound.
        """
        try:
            async with self._database.write(current_caller().scope) as session:
                ingest = await lock_ingest(session, ingest_id)
                if ingest.status != OPEN:
                    return
                await forget_candidates(session, ingest_id)
                async for keys in staged_keys(session, ingest_id, size=KEYS_A_PIECE):
                    await add_candidates(session, ingest_id, await self._inventory.candidates(keys))
                await mark_prepared(session, ingest_id)
        except Unavailable as unavailable:
            log.warning("lines are matched later", reason=unavailable.reason)

    async def match_span(self, session: WriteSession, scope: UUID, span: Period) -> MatchCounts:
        """Matches the daily costs of a span in the transaction that replaces them."""
        days = {"start": span.start, "end": span.end}
        async for keys in daily_keys(session, days, size=KEYS_A_PIECE):
            await add_candidates(session, scope, await self._inventory.candidates(keys))
        await mark_prepared(session, scope)
        counts = await match_daily_costs(session, scope, days)
        await forget_candidates(session, scope)
        return counts

    async def _prepare(self, session: WriteSession, invoice: Row[Any], scope: UUID) -> None:
        place = {"period": invoice.period, "invoice_id": invoice.id}
        async for keys in invoice_keys(session, place, size=KEYS_A_PIECE):
            await add_candidates(session, scope, await self._inventory.candidates(keys))
        await mark_prepared(session, scope)


def _counted(invoice: Row[Any]) -> MatchCounts:
    return MatchCounts(**{name: getattr(invoice, name) or 0 for name in COUNTS})


def _page_size(requested: int) -> int:
    if requested < 0:
        raise InvalidArgument("page_size", "must not be negative")
    return min(requested, MOST_LINES) if requested else LINES_A_PAGE


def _page(invoice: Row[Any], position: tuple[str, int] | None, size: int) -> _Page:
    if invoice.ingest_id is None or invoice.period is None:
        raise FailedPrecondition("the invoice was not ingested yet", reason="NOT_INGESTED")
    if position is None:
        return _Page(invoice.ingest_id, 0, size)
    line_set, after = uuid_of("page_token", position[0]), position[1]
    if line_set != invoice.ingest_id:
        raise _replaced()
    return _Page(line_set, after, after + size)


def _replaced() -> FailedPrecondition:
    return FailedPrecondition(
        "the lines were replaced meanwhile; their own ingest matches them",
        reason="LINES_REPLACED",
    )


def _place(invoice: Row[Any], page: _Page) -> dict[str, Any]:
    month = month_of(invoice.period)
    return {
        "period": invoice.period,
        "invoice_id": invoice.id,
        "after": page.after,
        "until": page.until,
        "month_start": month.start_at,
        "month_end": month.end_at,
    }

"""Matching lines with resources: an invoice's page by page, daily costs as they come."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from services.billing.ingest.inventory_lookup import InventoryLookup
from services.billing.ingest.rules.matching import Key, MatchCounts
from services.billing.ingest.rules.provider_invoices import ProviderInvoice
from services.billing.ingest.store.candidates import (
    add_candidates,
    daily_keys,
    forget_candidates,
    invoice_keys,
    is_prepared,
    mark_prepared,
    staged_keys,
)
from services.billing.ingest.store.headers import lock_invoice
from services.billing.ingest.store.ingests import OPEN, lock_ingest
from services.billing.ingest.store.matching import (
    last_row,
    match_daily_costs,
    match_lines,
    record_counts,
)
from services.billing.ingest.store.totals import refresh_totals
from services.common.db.database import WriteSession
from services.common.errors import Aborted, FailedPrecondition
from services.common.values.periods import Period

__all__ = ["LinePage", "match_page", "match_span", "page_of", "prepare_invoice", "prepare_staged"]

KEYS_A_PIECE: Final = 5_000


@dataclass(frozen=True, slots=True)
class LinePage:
    """The rows to match: after one, until one."""

    line_set: UUID
    after: int
    until: int


def page_of(invoice: ProviderInvoice, line_set: UUID | None, after: int, size: int) -> LinePage:
    """The page of an invoice's lines after a row of a set of them; None for the set that it has.

    Raises FailedPrecondition for an invoice without lines, and for a set that was replaced.
    """
    if invoice.ingest_id is None:
        raise FailedPrecondition("the invoice was not ingested yet", reason="NOT_INGESTED")
    if line_set not in (None, invoice.ingest_id):
        raise _replaced()
    return LinePage(invoice.ingest_id, after, after + size)


async def prepare_invoice(
    session: WriteSession, inventory: InventoryLookup, invoice: ProviderInvoice, page: LinePage
) -> None:
    """Looks up what an invoice's lines name, anew for the first page of them."""
    if page.after == 0:
        await forget_candidates(session, page.line_set)
    if invoice.period and not await is_prepared(session, page.line_set):
        keys = invoice_keys(session, invoice.period, invoice.id, size=KEYS_A_PIECE)
        await _prepare(session, inventory, page.line_set, keys)


async def prepare_staged(
    session: WriteSession, inventory: InventoryLookup, ingest_id: UUID
) -> None:
    """Looks up what an ingest's staged lines name, so that they are written matched.

    Raises NotFound.
    """
    ingest = await lock_ingest(session, ingest_id)
    if ingest.status == OPEN:
        await forget_candidates(session, ingest_id)
        keys = staged_keys(session, ingest_id, size=KEYS_A_PIECE)
        await _prepare(session, inventory, ingest_id, keys)


async def match_page(
    session: WriteSession, invoice_id: UUID, page: LinePage
) -> tuple[MatchCounts, bool]:
    """Matches a page of lines that are prepared; answers how, and whether it was the last.

    Raises FailedPrecondition when the lines were replaced, Aborted when another run of them ended.
    """
    invoice = await lock_invoice(session, invoice_id)
    if invoice.ingest_id != page.line_set or invoice.period is None:
        raise _replaced()
    if not await is_prepared(session, page.line_set):
        raise Aborted("another run of the same lines ended meanwhile; retry", reason="RUN_ENDED")
    period = invoice.period
    counts = await match_lines(
        session, page.line_set, period, invoice_id, after=page.after, until=page.until
    )
    done = page.until >= await last_row(session, period, invoice_id)
    if done:
        await record_counts(session, period, invoice_id)
        await refresh_totals(session, period, invoice_id)
        await forget_candidates(session, page.line_set)
    return counts, done


async def match_span(
    session: WriteSession, inventory: InventoryLookup, span: Period
) -> MatchCounts:
    """Matches the daily costs of a span in the transaction that replaces them."""
    scope = uuid4()
    await _prepare(session, inventory, scope, daily_keys(session, span, size=KEYS_A_PIECE))
    counts = await match_daily_costs(session, scope, span)
    await forget_candidates(session, scope)
    return counts


async def _prepare(
    session: WriteSession,
    inventory: InventoryLookup,
    scope: UUID,
    keys: AsyncGenerator[list[Key]],
) -> None:
    async with aclosing(keys):  # its cursor is closed before the transaction ends
        async for some in keys:
            await add_candidates(session, scope, await inventory.candidates(some))
    await mark_prepared(session, scope)


def _replaced() -> FailedPrecondition:
    return FailedPrecondition(
        "the lines were replaced meanwhile; their own ingest matches them",
        reason="LINES_REPLACED",
    )

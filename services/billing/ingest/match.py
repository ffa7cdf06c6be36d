"""Matches lines with resources: an invoice's lines by page, daily costs when ingested."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from arcadia.inventory.v1 import lookup_service_pb2 as pb
from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceStub

from contracts.providers import DIGITALOCEAN
from services.billing.ingest.rules.matching import (
    Candidate,
    Key,
    MatchCounts,
    NameHeld,
    OwnerSince,
)
from services.billing.ingest.rules.reconciling import ProviderInvoice, RunStatus
from services.billing.ingest.store import matching
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
from services.billing.ingest.store.ingests import lock_ingest
from services.billing.ingest.store.totals import refresh_totals
from services.common.db.database import WriteSession
from services.common.errors import Aborted, FailedPrecondition
from services.common.rpc.clients import answering, open_channel
from services.common.settings import Service, Settings
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub

__all__ = [
    "KEYS_A_CALL",
    "InventoryLookup",
    "LinePage",
    "match_page",
    "match_span",
    "page_of",
    "prepare_invoice",
    "prepare_staged",
]

KEYS_A_CALL: Final = 2_000
CALL_SECONDS: Final = 60.0
ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)


class InventoryLookup:
    """A client of the inventory, which connects on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stub: LookupServiceAsyncStub | None = None

    async def candidates(self, keys: list[Key]) -> list[Candidate]:
        """Every resource that may match one of the keys.

        Raises Unavailable if the inventory does not respond, because matches must be complete.
        """
        found: list[Candidate] = []
        for start in range(0, len(keys), KEYS_A_CALL):
            answer = await self._lookup(keys[start : start + KEYS_A_CALL])
            found += [_candidate(life) for one in answer.results for life in one.lifetimes]
        return found

    async def _lookup(self, keys: list[Key]) -> pb.LookupResourcesResponse:
        if self._stub is None:
            channel = open_channel(self._settings, Service.INVENTORY, caller=Service.BILLING)
            self._stub = LookupServiceStub(channel)
        request = pb.LookupResourcesRequest(
            provider=DIGITALOCEAN,
            keys=[
                pb.ResourceKey(kind=key.kind, provider_id=key.provider_id, name=key.name)
                for key in keys
            ],
        )
        with answering("the inventory does not respond", "INVENTORY_UNAVAILABLE"):
            return await self._stub.LookupResources(request, timeout=CALL_SECONDS)


def _candidate(life: pb.Lifetime) -> Candidate:
    lived_from = life.lived_from.ToDatetime(UTC)
    # A resource that may have existed earlier is a candidate for earlier bills too.
    begin = ALWAYS if life.begin_unknown else lived_from
    return Candidate(
        resource_id=UUID(life.resource_id),
        kind=life.kind,
        provider_id=life.provider_id,
        project_id=UUID(life.project_id) if life.project_id else None,
        project_name=life.project_name,
        region=life.region,
        lived_from=begin,
        lived_to=_end(life, "lived_to"),
        names=tuple(
            NameHeld(
                held.name.strip().lower(),
                begin if number == 0 else held.valid_from.ToDatetime(UTC),
                _end(held, "valid_to"),
            )
            for number, held in enumerate(life.names)
        ),
        owners=tuple(
            OwnerSince(
                owner.tenant_id or None,
                owner.deployment_id or None,
                begin if number == 0 else owner.valid_from.ToDatetime(UTC),
            )
            for number, owner in enumerate(life.ownership)
        ),
    )


def _end(span: pb.Lifetime | pb.NameSpan, field: str) -> datetime | None:
    if not span.HasField(field):
        return None
    ended: datetime = getattr(span, field).ToDatetime(UTC)
    return ended


KEYS_A_PIECE: Final = 5_000


@dataclass(frozen=True, slots=True)
class LinePage:
    """The rows to match, after one and up to one."""

    line_set: UUID
    after: int
    until: int


def page_of(invoice: ProviderInvoice, line_set: UUID | None, after: int, size: int) -> LinePage:
    """The page of an invoice's lines after a row of a line set; None for the current set.

    Raises FailedPrecondition for an invoice without lines, and for a replaced set.
    """
    if invoice.ingest_id is None:
        raise FailedPrecondition("the invoice was not ingested yet", reason="NOT_INGESTED")
    if line_set not in (None, invoice.ingest_id):
        raise _replaced()
    return LinePage(invoice.ingest_id, after, after + size)


async def prepare_invoice(
    session: WriteSession, inventory: InventoryLookup, invoice: ProviderInvoice, page: LinePage
) -> None:
    """Looks up the candidates of an invoice's lines; repeated for the first page."""
    if page.after == 0:
        await forget_candidates(session, page.line_set)
    if invoice.period and not await is_prepared(session, page.line_set):
        keys = invoice_keys(session, invoice.period, invoice.id, size=KEYS_A_PIECE)
        await _prepare(session, inventory, page.line_set, keys)


async def prepare_staged(
    session: WriteSession, inventory: InventoryLookup, ingest_id: UUID
) -> None:
    """Looks up the candidates of staged lines, so that lines are matched when written.

    Raises NotFound.
    """
    ingest = await lock_ingest(session, ingest_id)
    if ingest.status == RunStatus.OPEN:
        await forget_candidates(session, ingest_id)
        keys = staged_keys(session, ingest_id, size=KEYS_A_PIECE)
        await _prepare(session, inventory, ingest_id, keys)


async def match_page(
    session: WriteSession, invoice_id: UUID, page: LinePage
) -> tuple[MatchCounts, bool]:
    """Matches a prepared page of lines; returns the counts, and whether it was the last page.

    Raises FailedPrecondition if the lines were replaced, Aborted if another run of them ended.
    """
    invoice = await lock_invoice(session, invoice_id)
    if invoice.ingest_id != page.line_set or invoice.period is None:
        raise _replaced()
    if not await is_prepared(session, page.line_set):
        raise Aborted(
            "another run of the same lines ended in the meantime; retry", reason="RUN_ENDED"
        )
    period = invoice.period
    counts = await matching.match_lines(
        session, page.line_set, period, invoice_id, after=page.after, until=page.until
    )
    done = page.until >= await matching.last_row(session, period, invoice_id)
    if done:
        await matching.record_counts(session, period, invoice_id)
        await refresh_totals(session, period, invoice_id)
        await forget_candidates(session, page.line_set)
    return counts, done


async def match_span(
    session: WriteSession, inventory: InventoryLookup, span: Period
) -> MatchCounts:
    """Matches the daily costs of a span in the transaction that replaces them."""
    scope = uuid4()
    await _prepare(session, inventory, scope, daily_keys(session, span, size=KEYS_A_PIECE))
    counts = await matching.match_daily_costs(session, scope, span)
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
        "the lines were replaced in the meantime; their ingest matches them",
        reason="LINES_REPLACED",
    )

"""Reads all of a kind at the provider and records it: one pass, from wherever it stands."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog
from arcadia.inventory.v1 import resources_pb2
from arcadia.inventory.v1.sync_service_pb2 import (
    BeginSweepRequest,
    CompleteSweepRequest,
    CompleteSweepResponse,
    FailSweepRequest,
)
from temporalio import activity

from providers.digitalocean.pages import Page, ahead
from providers.digitalocean.sources import Sources
from services.common.requests import set_request_id
from workflows.activities.failures import as_failures
from workflows.activities.heartbeats import beating, reached_before
from workflows.activities.recording import Recording
from workflows.activities.sightings import Rows, rows_of
from workflows.payloads import (
    UNKNOWN_TOTAL,
    FailSweepInput,
    SweepCursor,
    SweepInput,
    SweepResult,
)

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["SweepActivities"]

log = structlog.get_logger()

RUNNING: Final = "running"
ROWS_A_SLICE: Final = 20
SHRANK: Final = "the listing became shorter while it was read: a row may have slipped past"


class SweepActivities:
    """Needs the provider's sources and the inventory's stub."""

    def __init__(self, sources: Sources, inventory: "SyncServiceAsyncStub") -> None:
        self._sources = sources
        self._inventory = inventory

    @activity.defn
    async def sweep_kind(self, request: SweepInput) -> SweepResult:
        """Makes one pass, or goes on with it where an earlier attempt was cut off."""
        with as_failures():
            set_request_id(activity.info().workflow_run_id)
            sweep = await self._begin(request)
            cursor = reached_before(SweepCursor) or SweepCursor(request.kind, sweep.id)
            if sweep.outcome != RUNNING:
                # An earlier attempt closed it, and its answer was lost.
                return await self._complete(cursor)
            rows = rows_of(request.provider, request.kind)
            cursor = await self._read_all(rows, cursor)
            if cursor.evidence.shrank:
                return await self._fail(cursor.sweep_id, SHRANK)
            unpriced = await self._sources.unpriced(request.kind, cursor.evidence.unpriced_sizes)
            return replace(await self._complete(cursor), unpriced_sizes=unpriced)

    @activity.defn
    async def fail_sweep(self, request: FailSweepInput) -> SweepResult:
        """Closes a pass that broke off, so that its run is recorded and it strikes nothing."""
        with as_failures():
            set_request_id(activity.info().workflow_run_id)
            sweep = await self._begin(request.sweep)
            return await self._fail(sweep.id, request.reason)

    async def _read_all(self, rows: Rows, cursor: SweepCursor) -> SweepCursor:
        """Reads and records every page from the cursor on; returns the cursor at the end."""

        async def record(messages: list[Any]) -> None:
            await rows.record(self._inventory, cursor.sweep_id, messages)

        source = self._sources.of(rows.listing)
        async with Recording(record, cursor) as recording, beating(lambda: recording.place):
            while cursor.query < source.query_count:
                listed = source.pages(cursor.query, cursor.page)
                async with aclosing(ahead(listed)) as pages:
                    async for page in pages:
                        messages = await _messages(rows, page)
                        cursor = _after(page, cursor, rows, rows.unpriced(messages))
                        await recording.add(messages, cursor)
                cursor = _after_query(cursor)
            await recording.finish()
        return cursor

    async def _begin(self, request: SweepInput) -> resources_pb2.Sweep:
        answer = await self._inventory.BeginSweep(
            BeginSweepRequest(
                provider=request.provider,
                kind=request.kind,
                key=request.key,
                run_id=activity.info().workflow_run_id,
            )
        )
        return answer.sweep

    async def _complete(self, cursor: SweepCursor) -> SweepResult:
        answer = await self._inventory.CompleteSweep(
            CompleteSweepRequest(
                sweep_id=cursor.sweep_id,
                reported_total=cursor.evidence.reported_total,
                scope_fingerprint=cursor.evidence.fingerprint,
            )
        )
        return _result(answer)

    async def _fail(self, sweep_id: str, reason: str) -> SweepResult:
        answer = await self._inventory.FailSweep(FailSweepRequest(sweep_id=sweep_id, reason=reason))
        last = answer.last_complete_at if answer.HasField("last_complete_at") else None
        return _result(CompleteSweepResponse(sweep=answer.sweep, last_complete_at=last))


async def _messages(rows: Rows, page: Page) -> list[Any]:
    """A page as it is sent, made in slices: in between, the next page is asked for."""
    messages: list[Any] = []
    for start in range(0, len(page.items), ROWS_A_SLICE):
        messages += map(rows.message, page.items[start : start + ROWS_A_SLICE])
        await asyncio.sleep(0)
    return messages


def _after(page: Page, cursor: SweepCursor, rows: Rows, unpriced: frozenset[str]) -> SweepCursor:
    """The cursor once this page is recorded, with what the page is evidence for."""
    evidence = cursor.evidence
    seen = {*evidence.fingerprint, *page.scopes}
    for row in page.items:
        seen |= rows.visible_scopes(row)
    total = UNKNOWN_TOTAL if page.total is None else page.total
    return replace(
        cursor,
        page=page.number + 1,
        read_count=cursor.read_count + len(page.items),
        evidence=replace(
            evidence,
            total=total,
            skipped_count=evidence.skipped_count + page.skipped_count,
            shrank=evidence.shrank or (evidence.total is not None and total < evidence.total),
            fingerprint=tuple(sorted(seen)),
            unpriced_sizes=tuple(sorted({*evidence.unpriced_sizes, *unpriced})),
        ),
    )


def _after_query(cursor: SweepCursor) -> SweepCursor:
    """The cursor once a query is through: the next one starts at its first page."""
    evidence = cursor.evidence
    unknown = UNKNOWN_TOTAL in (evidence.total, evidence.finished_total)
    finished = UNKNOWN_TOTAL if unknown else evidence.finished_total + (evidence.total or 0)
    return replace(
        cursor,
        query=cursor.query + 1,
        page=1,
        evidence=replace(evidence, finished_total=finished, total=None),
    )


def _result(answer: CompleteSweepResponse) -> SweepResult:
    sweep = answer.sweep
    log.info(
        "sweep closed",
        kind=sweep.kind,
        sweep_id=sweep.id,
        outcome=sweep.outcome,
        reason=sweep.reason,
        seen=sweep.seen_count,
    )
    return SweepResult(
        sweep_id=sweep.id,
        outcome=sweep.outcome,
        reason=sweep.reason,
        seen_count=sweep.seen_count,
        discovered_count=sweep.discovered_count,
        updated_count=sweep.updated_count,
        restored_count=sweep.restored_count,
        struck_count=sweep.struck_count,
        deleted_count=sweep.deleted_count,
        withheld_count=sweep.withheld_count,
        suspect_count=answer.suspect_count,
        last_complete_at=_to_the_minute(answer),
    )


def _to_the_minute(answer: CompleteSweepResponse) -> str:
    if not answer.HasField("last_complete_at"):
        return ""
    at: datetime = answer.last_complete_at.ToDatetime(UTC)
    return at.isoformat(timespec="minutes")

"""Reads and records a complete listing of a kind: one pass, resumable from its cursor."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog
from arcadia.inventory.v1 import resources_pb2
from arcadia.inventory.v1.sync_service_pb2 import (
    BeginSweepRequest,
    CompleteSweepRequest,
    CompleteSweepResponse,
    FailSweepRequest,
    LearnDeploymentsRequest,
)
from grpc.aio import AioRpcError
from temporalio import activity

from kinds.project import PROJECT
from kinds.unreadable import UnreadableRow
from providers.digitalocean.api.pages import Page, Prefetch
from providers.digitalocean.errors import AccessDenied
from providers.digitalocean.page_memory import PageMemory
from providers.digitalocean.sources import Source, Sources
from services.common.rpc.messages import message_of
from workflows.durable.activities import service_activity
from workflows.durable.heartbeats import beating, reached_before
from workflows.sync.activities.members import MEMBER_PAGES_AT_ONCE, MembersRecording
from workflows.sync.activities.page_recording import ListedPage, PageRecording
from workflows.sync.activities.recording import PAGES_AT_ONCE, Recording
from workflows.sync.activities.sightings import ResourceRows, Rows, rows_of, unreadable_message
from workflows.sync.payloads import (
    UNKNOWN_TOTAL,
    FailSweepInput,
    SweepCounts,
    SweepCursor,
    SweepInput,
    SweepResult,
)

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["SweepActivities"]

log = structlog.get_logger()

RUNNING: Final = "running"
FROZEN: Final = "frozen"
ROWS_A_SLICE: Final = 20
DEFERRED: Final = "deferred"
"""The outcome of a pass that is deferred: its kind is read with the members of projects."""

MAX_UNREADABLE: Final = 1000
"""Maximum unreadable rows; with more, the listing is broken and the sweep fails."""

COUNTS: Final = [one.name for one in fields(SweepCounts) if one.name.endswith("_count")]

SHRANK: Final = "the total decreased while the pages were read, so a row may have been missed"


class _Denied(Exception):
    """The token may not list the kind; the text names the missing permission."""


class SweepActivities:
    """Uses the provider's sources and the inventory service."""

    def __init__(self, sources: Sources, inventory: "SyncServiceAsyncStub") -> None:
        self._sources = sources
        self._inventory = inventory
        self._memory = PageMemory()

    @service_activity(doing="reading a kind", cursor=SweepCursor)
    async def sweep_kind(self, request: SweepInput) -> SweepResult:
        """Runs one pass, resuming from the cursor of an earlier attempt."""
        rows = rows_of(request.provider, request.kind)
        by_projects = self._sources.is_listed_by_projects(rows.listing)
        if by_projects and request.members == "later":
            return SweepResult("", DEFERRED)
        if request.sweep_id and activity.info().attempt == 1:
            cursor = SweepCursor(request.kind, request.sweep_id)
        else:
            sweep = await self._begin(request)
            cursor = reached_before(SweepCursor) or SweepCursor(request.kind, sweep.id)
            if sweep.outcome != RUNNING:
                # An earlier attempt closed it, and the response was lost.
                return await self._complete(cursor)
        members = None
        if by_projects and request.members == "along":
            members = MembersRecording(
                self._inventory, request.provider, request.projects_sweep_id, reads_along=True
            )
        learning = asyncio.create_task(self._learn_deployments(rows))
        try:
            cursor = await self._read_all(rows, cursor, members, one_by_one=request.one_by_one)
            is_learned = await learning
        except _Denied as error:
            closed = await self._fail(cursor.sweep_id, str(error), is_denied=True)
            if closed.outcome == FROZEN:
                return closed
            raise AccessDenied(str(error)) from None
        finally:
            # It is short, and cancelling it would cost the inventory a connection.
            await asyncio.gather(learning, return_exceptions=True)
        if cursor.unreadable_count > MAX_UNREADABLE:
            return await self._fail(cursor.sweep_id, _too_many(cursor))
        if cursor.evidence.shrank:
            return await self._fail(cursor.sweep_id, SHRANK)
        unpriced = await self._sources.unpriced(request.kind, cursor.evidence.unpriced_sizes)
        closed = await self._complete(cursor, deployments_are_learned=is_learned)
        result = replace(closed, unpriced_sizes=unpriced)
        return result if members is None else replace(result, members=members.cursor)

    @service_activity(doing="recording an interrupted read")
    async def fail_sweep(self, request: FailSweepInput) -> SweepResult:
        """Closes an interrupted pass, which strikes nothing."""
        sweep = await self._begin(request.sweep)
        return await self._fail(sweep.id, request.reason)

    async def _read_all(
        self,
        rows: Rows,
        cursor: SweepCursor,
        members: MembersRecording | None,
        *,
        one_by_one: bool,
    ) -> SweepCursor:
        """Reads and records every page from the cursor on; returns the final cursor.

        Stops early if too many rows are unreadable. Raises _Denied if the token may not read the
        first page.
        """
        start = cursor
        sending = PageRecording(rows, self._inventory, cursor.sweep_id, self._memory)
        source = self._sources.of(
            rows.listing, on_members=None if members is None else members.add_page
        )
        at_once = PAGES_AT_ONCE if members is None else MEMBER_PAGES_AT_ONCE
        at_once = 1 if one_by_one else at_once
        memory = self._memory if isinstance(rows, ResourceRows) else None
        pages = _pages(source, cursor, memory, at_once)
        to_inventory = Recording(sending.record, cursor, lambda listed: listed.page.is_known)
        async with (
            to_inventory as recording,
            members or nullcontext(),
            beating(lambda: recording.place),
        ):
            try:
                async with aclosing(pages):
                    async for page in pages:
                        if page is None:
                            cursor = _after_query(cursor)
                            continue
                        listed = await _listed(rows, page, cursor.query)
                        cursor = _after(listed, cursor)
                        if cursor.unreadable_count > MAX_UNREADABLE:
                            return cursor
                        await recording.add(listed, cursor)
            except AccessDenied as error:
                if cursor is not start:
                    raise
                raise _Denied(f"{error}; {rows.remedy}") from None
            await recording.finish()
            if members is not None:
                await members.finish()
        return cursor

    async def _begin(self, request: SweepInput) -> resources_pb2.Sweep:
        run_id = activity.info().workflow_run_id
        answer = await self._inventory.BeginSweep(
            message_of(BeginSweepRequest, request, run_id=run_id)
        )
        return answer.sweep

    async def _learn_deployments(self, rows: Rows) -> bool:
        """Whether the deployments in tags were resolved; otherwise closing the sweep does it."""
        if not isinstance(rows, ResourceRows) or not rows.kind.columns.tags:
            return True  # there are no tags
        try:
            await self._inventory.LearnDeployments(
                LearnDeploymentsRequest(provider=rows.provider, kind=rows.kind.name)
            )
        except AioRpcError as error:
            log.warning(
                "deployments of tags not resolved", kind=rows.kind.name, reason=error.details()
            )
            return False
        return True

    async def _complete(
        self, cursor: SweepCursor, *, deployments_are_learned: bool = False
    ) -> SweepResult:
        answer = await self._inventory.CompleteSweep(
            CompleteSweepRequest(
                sweep_id=cursor.sweep_id,
                reported_total=cursor.evidence.reported_total,
                scope_fingerprint=cursor.evidence.fingerprint,
                # The members of projects are read later.
                gives_claim_back=cursor.kind != PROJECT,
                deployments_are_learned=deployments_are_learned,
            )
        )
        return _result(answer)

    async def _fail(self, sweep_id: str, reason: str, *, is_denied: bool = False) -> SweepResult:
        request = FailSweepRequest(sweep_id=sweep_id, reason=reason, is_denied=is_denied)
        answer = await self._inventory.FailSweep(request)
        last = answer.last_complete_at if answer.HasField("last_complete_at") else None
        return _result(CompleteSweepResponse(sweep=answer.sweep, last_complete_at=last))


async def _pages(
    source: Source, cursor: SweepCursor, memory: PageMemory | None, at_once: int
) -> AsyncGenerator[Page | None, None]:
    """Yields the pages of all queries from the cursor on, and None at the end of each query.

    With concurrent reads, the first page of the next query is requested early.
    """
    turns = asyncio.Semaphore(at_once)

    def reading(query: int, first: int = 1) -> Prefetch[Page]:
        known = None if memory is None else memory.of(f"{cursor.kind} {query}")
        return Prefetch(source.pages(query, first, at_once=at_once, turns=turns, memory=known))

    following = None
    try:
        for query in range(cursor.query, source.query_count):
            pages = following or reading(query, cursor.page if query == cursor.query else 1)
            is_last = query + 1 == source.query_count
            following = None if is_last or at_once == 1 else reading(query + 1)
            async with aclosing(pages):
                async for page in pages:
                    yield page
            yield None
    finally:
        if following is not None:
            await following.aclose()


async def _listed(rows: Rows, page: Page, query: int) -> ListedPage:
    """Converts a page in slices, between which the next page is requested.

    Unreadable rows are included as such.
    """
    if page.known is not None:
        return ListedPage(
            page,
            page.row_count,
            scopes=page.known.scopes,
            unpriced_sizes=page.known.unpriced_sizes,
        )
    at = f"query {query + 1}, page {page.number}"
    messages: list[Any] = [
        unreadable_message(error, f"{at}, part {number}")
        for number, error in enumerate(page.unreadable, 1)
    ]
    readable: list[Any] = []
    scopes = set(page.scopes)
    for start in range(0, len(page.items), ROWS_A_SLICE):
        for number, row in enumerate(page.items[start : start + ROWS_A_SLICE], start + 1):
            scopes |= rows.visible_scopes(row)
            try:
                readable.append(rows.message(row))
            except UnreadableRow as error:
                messages.append(unreadable_message(error, f"{at}, row {number}"))
        await asyncio.sleep(0)
    return ListedPage(
        replace(page, items=[]),
        page.row_count,
        readable,
        messages,
        frozenset(scopes),
        rows.unpriced(readable),
    )


def _too_many(cursor: SweepCursor) -> str:
    return f"more than {MAX_UNREADABLE:,} rows of {cursor.kind} could not be read"


def _after(listed: ListedPage, cursor: SweepCursor) -> SweepCursor:
    """The cursor after this page, with its evidence."""
    page, evidence = listed.page, cursor.evidence
    total = UNKNOWN_TOTAL if page.total is None else page.total
    return replace(
        cursor,
        page=page.number + 1,
        read_count=cursor.read_count + listed.row_count,
        unreadable_count=cursor.unreadable_count + len(listed.unreadable),
        evidence=replace(
            evidence,
            total=total,
            skipped_count=evidence.skipped_count + page.skipped_count,
            shrank=evidence.shrank or (evidence.total is not None and total < evidence.total),
            fingerprint=tuple(sorted({*evidence.fingerprint, *listed.scopes})),
            unpriced_sizes=tuple(sorted({*evidence.unpriced_sizes, *listed.unpriced_sizes})),
        ),
    )


def _after_query(cursor: SweepCursor) -> SweepCursor:
    """The cursor after a query: the first page of the next one."""
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
    counts = {name: getattr(sweep, name) for name in COUNTS}
    return SweepResult(
        sweep.id,
        sweep.outcome,
        answer.suspect_count,
        reason=sweep.reason,
        last_complete_at=_to_the_minute(answer),
        **counts,
    )


def _to_the_minute(answer: CompleteSweepResponse) -> str:
    if not answer.HasField("last_complete_at"):
        return ""
    at: datetime = answer.last_complete_at.ToDatetime(UTC)
    return at.isoformat(timespec="minutes")

"""InvoicingService: the steps of the month's end, each of which may be sent again."""

from datetime import date
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from arcadia.analytics.v1 import invoicing_service_pb2_grpc
from arcadia.catalog.v1 import pricing_service_pb2 as pricing
from grpc.aio import ServicerContext

from services.analytics.catalog_client import billable_tenants
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.hand_over_steps import HandOverSteps
from services.analytics.invoicing.invoices.rules.states import Decision, Outcome, RollupStatus
from services.analytics.invoicing.invoices.store.issuing import (
    Issue,
    count_drafts,
    issue,
    next_drafts,
)
from services.analytics.invoicing.invoices.store.summing import differences_of
from services.analytics.invoicing.one_offs.store import release_one_off_lines
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.draft_page import PageDrafting
from services.analytics.invoicing.rollups.freshness import Sources
from services.analytics.invoicing.rollups.rollup_servicer import rollup_messages
from services.analytics.invoicing.rollups.store.drafts import void_drafts
from services.analytics.invoicing.rollups.store.planning import (
    BackdatedChange,
    backdated_cursor,
    close_plan,
    note_backdated_changes,
    outcomes_of_page,
    outcomes_of_tenants,
    plan_tenants,
    planned_pages,
    planned_tenants,
)
from services.analytics.invoicing.rollups.store.rollups import (
    Opening,
    begin_rollup,
    has_issued,
    keep_freshness,
    locked_rollup,
    move_rollup,
    read_rollup,
)
from services.analytics.invoicing.unbilled.find import UnbilledFinder
from services.analytics.invoicing.unbilled.store import keep_unbilled_total
from services.analytics.margin.store.months import mark_margin
from services.analytics.peers import asking
from services.analytics.usage.store.periods import release_adjustments
from services.common.db.database import Database
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.rpc.access import ALL
from services.common.rpc.paging import decode_token, encode_token
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import month_of, read_day, read_month

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["InvoicingServicer"]

Context = ServicerContext[Any, Any]

PLANNING: Final = "planning"
WAITING: Final = "waiting"
"""What a page token of a plan goes on with."""

TENANTS_A_PAGE: Final = 200
MOST_TENANTS_A_PAGE: Final = 1_000
PAGES_AN_ANSWER: Final = 200
MOST_PAGES_AN_ANSWER: Final = 1_000
ISSUED_AT_ONCE: Final = 1_000
MOST_ISSUED_AT_ONCE: Final = 5_000
MOST_RETRIED: Final = 1_000
LAST_PAGE: Final = 2**31 - 1


class InvoicingServicer(HandOverSteps, invoicing_service_pb2_grpc.InvoicingServiceServicer):
    """Drafts, checks and issues; called by workers."""

    def __init__(
        self,
        database: Database,
        catalog: "PricingServiceAsyncStub",
        sources: Sources,
        terms: Terms,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(database, clock)
        self._sources = sources
        self._catalog = catalog
        self._terms = terms
        self._unbilled = UnbilledFinder(database, catalog)
        self._pages = PageDrafting(database, catalog, tax_region=terms.tax_region)

    async def BeginRollup(  # noqa: N802
        self, request: pb.BeginRollupRequest, context: Context
    ) -> pb.BeginRollupResponse:
        """Opens a roll-up, or answers the one that was opened under its key."""
        opening = Opening(
            period=read_month(request.period, "period"),
            key=requests.required("key", request.key),
            force=request.force,
            approval_required=request.approval_required,
            started_by=requests.text("started_by", request.started_by),
        )
        if self._clock() < opening.period.end_at:
            raise InvalidArgument("period", "has not ended yet", reason="PERIOD_NOT_ENDED")
        async with self._database.write(ALL) as session:
            row = await begin_rollup(session, opening, self._clock())
            [message] = await rollup_messages(session, [row])
        return pb.BeginRollupResponse(rollup=message)

    async def CheckFreshness(  # noqa: N802
        self, request: pb.CheckFreshnessRequest, context: Context
    ) -> pb.CheckFreshnessResponse:
        """What is not fresh of that from which a month is metered; kept with the roll-up."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        async with self._database.read(ALL) as session:
            rollup = await read_rollup(session, rollup_id)
        found = await self._sources.freshness(month_of(rollup.period))
        async with self._database.write(ALL) as session:
            await keep_freshness(session, rollup_id, [*found.stale, *found.unknown])
        return pb.CheckFreshnessResponse(stale=found.stale, unknown=found.unknown)

    async def PlanRollup(  # noqa: N802
        self, request: pb.PlanRollupRequest, context: Context
    ) -> pb.PlanRollupResponse:
        """Keeps who is billable, page by page; then tells on which pages somebody waits."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        tenants = requests.page_limit(
            "tenants_per_page", request.tenants_per_page, TENANTS_A_PAGE, MOST_TENANTS_A_PAGE
        )
        pages = requests.page_limit(
            "page_size", request.page_size, PAGES_AN_ANSWER, MOST_PAGES_AN_ANSWER
        )
        async with self._database.read(ALL) as session:
            rollup = await read_rollup(session, rollup_id)
        if rollup.decision == Decision.UNDO:
            raise FailedPrecondition("the roll-up is being undone", reason="ROLLUP_UNDONE")
        filters = ("plan", str(rollup_id), tenants)
        kind, token, number = decode_token(request.page_token, filters, (str, str, int)) or (
            PLANNING,
            "",
            1,
        )
        if rollup.is_planned:
            # The token may be of the planning that ended with a lost answer.
            after = number if kind == WAITING else 0
            return await self._waiting_pages(rollup_id, filters, after=after, limit=pages)
        if not request.page_token:
            await self._note_backdated_changes()
        planned: dict[int, list[str]] = {}
        for _ in range(pages):
            planned[number], token = await billable_tenants(
                self._catalog, month_of(rollup.period), page_size=tenants, page_token=token
            )
            number += 1
            if not token:
                break
        async with self._database.write(ALL) as session:
            await plan_tenants(session, rollup_id, planned)
            if not token:
                orphans = await close_plan(session, rollup, per_page=tenants, at=self._clock())
                await release_adjustments(session, orphans)
                await release_one_off_lines(session, orphans)
        if token:
            # Cursors are told when all is planned: a page may still gain a tenant.
            following = encode_token(filters, (PLANNING, token, number))
            return pb.PlanRollupResponse(next_page_token=following)
        return await self._waiting_pages(rollup_id, filters, after=0, limit=pages)

    async def _note_backdated_changes(self) -> None:
        """Notes which closed months subscriptions were changed in since the last roll-up."""
        async with self._database.read(ALL) as session:
            after = await backdated_cursor(session)
        while True:
            request = pricing.ReadBackdatedChangesRequest(after=after)
            with asking(Service.CATALOG):
                answer = await self._catalog.ReadBackdatedChanges(request)
            if answer.cursor <= after:
                return
            changes = [
                BackdatedChange(
                    one.tenant_id, one.deployment_id, date.fromisoformat(one.effective_from)
                )
                for one in answer.changes
            ]
            async with self._database.write(ALL) as session:
                await note_backdated_changes(
                    session, changes, after=after, until=answer.cursor, at=self._clock()
                )
            after = answer.cursor

    async def _waiting_pages(
        self, rollup_id: UUID, filters: tuple[Any, ...], *, after: int, limit: int
    ) -> pb.PlanRollupResponse:
        """The pages on which a tenant waits to be drafted."""
        async with self._database.read(ALL) as session:
            rows = await planned_pages(session, rollup_id, after=after, limit=limit + 1)
        page = rows[:limit]
        return pb.PlanRollupResponse(
            tenant_cursors=[str(row.page) for row in page],
            tenant_count=sum(row.waiting for row in page),
            next_page_token=(
                encode_token(filters, (WAITING, "", page[-1].page)) if len(rows) > limit else ""
            ),
        )

    async def DraftInvoices(  # noqa: N802
        self, request: pb.DraftInvoicesRequest, context: Context
    ) -> pb.DraftInvoicesResponse:
        """Drafts a page, or these tenants. Sent again, it finds them drafted."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        if len(request.tenant_ids) > MOST_RETRIED:
            raise InvalidArgument("tenant_ids", f"must not be more than {MOST_RETRIED}")
        page = None if request.tenant_ids else _page(request.tenant_cursor)
        async with self._database.read(ALL) as session:
            rollup = await read_rollup(session, rollup_id)
            waiting = await planned_tenants(
                session, rollup_id, page=page, tenant_ids=request.tenant_ids
            )
        if waiting:
            await self._pages.draft(rollup, waiting, self._clock())
        async with self._database.read(ALL) as session:
            counts = (
                await outcomes_of_tenants(session, rollup_id, request.tenant_ids)
                if page is None
                else await outcomes_of_page(session, rollup_id, page)
            )
        return pb.DraftInvoicesResponse(
            drafted_count=counts.get(Outcome.DRAFTED, 0),
            skipped_count=counts.get(Outcome.SKIPPED, 0),
            failed_count=counts.get(Outcome.FAILED, 0),
        )

    async def CheckRollup(  # noqa: N802
        self, request: pb.CheckRollupRequest, context: Context
    ) -> pb.CheckRollupResponse:
        """Whether every draft adds up, and which usage is on none."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        async with self._database.read(ALL) as session:
            row = await read_rollup(session, rollup_id)
            differences = await differences_of(session, rollup_id)
        unbilled = await self._unbilled.total(ALL, month_of(row.period))
        async with self._database.write(ALL) as session:
            await keep_unbilled_total(session, rollup_id, unbilled)
            [message] = await rollup_messages(session, [await read_rollup(session, rollup_id)])
        return pb.CheckRollupResponse(rollup=message, differences=differences)

    async def IssueInvoices(  # noqa: N802
        self, request: pb.IssueInvoicesRequest, context: Context
    ) -> pb.IssueInvoicesResponse:
        """Issues the next drafts of a roll-up that is issuing."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        limit = requests.page_limit("limit", request.limit, ISSUED_AT_ONCE, MOST_ISSUED_AT_ONCE)
        how = Issue(
            issuer=self._terms.checked_issuer(),
            issued_on=read_day(request.issued_on, "issued_on"),
            due_after=self._terms.due_after,
            hand_over=self._terms.hand_over,
            at=self._clock(),
        )
        async with self._database.write(ALL) as session:
            rollup = await locked_rollup(session, rollup_id)
            approved = not rollup.approval_required or rollup.decision == Decision.APPROVE
            if rollup.status != RollupStatus.ISSUING or not approved:
                raise FailedPrecondition(
                    f"the roll-up is {rollup.status}: nothing is issued",
                    reason="ROLLUP_NOT_ISSUING",
                    metadata={"status": rollup.status},
                )
            issued = await issue(session, await next_drafts(session, rollup_id, limit), how)
            if issued:
                await mark_margin(session, month_of(rollup.period))
            left = await count_drafts(session, rollup_id)
        return pb.IssueInvoicesResponse(issued_count=issued, remaining_count=left)

    async def DiscardDrafts(  # noqa: N802
        self, request: pb.DiscardDraftsRequest, context: Context
    ) -> pb.DiscardDraftsResponse:
        """Voids the next drafts of the month whose roll-up is undone."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        limit = requests.page_limit("limit", request.limit, ISSUED_AT_ONCE, MOST_ISSUED_AT_ONCE)
        async with self._database.write(ALL) as session:
            rollup = await locked_rollup(session, rollup_id)
            if rollup.decision != Decision.UNDO:
                raise FailedPrecondition(
                    "nobody decided to undo this roll-up", reason="ROLLUP_NOT_UNDONE"
                )
            voided, left = await void_drafts(
                session,
                rollup.period,
                limit=limit,
                by=rollup.decided_by,
                reason=rollup.reason,
                at=self._clock(),
            )
            await release_adjustments(session, voided)
            await release_one_off_lines(session, voided)
        return pb.DiscardDraftsResponse(discarded_count=len(voided), remaining_count=left)

    async def SetRollupStatus(  # noqa: N802
        self, request: pb.SetRollupStatusRequest, context: Context
    ) -> pb.SetRollupStatusResponse:
        """Moves a roll-up on."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        status = requests.word("status", request.status, list(RollupStatus))
        reason = requests.text("reason", request.reason, 10_000)
        async with self._database.write(ALL) as session:
            if status == RollupStatus.UNDONE and await has_issued(session, rollup_id):
                raise FailedPrecondition(
                    "what was issued is not undone", reason="ROLLUP_NOT_UNDOABLE"
                )
            row = await move_rollup(
                session, rollup_id, RollupStatus(status), reason=reason, at=self._clock()
            )
            [message] = await rollup_messages(session, [row])
        return pb.SetRollupStatusResponse(rollup=message)


def _page(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdecimal() or not 0 < int(cursor[:12]) <= LAST_PAGE:
        raise InvalidArgument("tenant_cursor", "is not one of ours")
    return int(cursor)

"""InvoicingService: the steps of the month-end roll-up, each of which is idempotent."""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from arcadia.analytics.v1 import invoices_pb2, invoicing_service_pb2_grpc
from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing

from contracts.invoicing import RollupInput
from services.analytics.catalog_client import billable_tenants
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.issue import Issue, issue
from services.analytics.invoicing.invoices.messages import credit_note_message, invoice_message
from services.analytics.invoicing.invoices.record_attempt import record_attempt
from services.analytics.invoicing.invoices.rules.invoices import HandOver
from services.analytics.invoicing.invoices.rules.states import (
    Decision,
    HandedOver,
    HandOverStatus,
    Outcome,
    RollupStatus,
)
from services.analytics.invoicing.invoices.store import hand_overs, reading
from services.analytics.invoicing.invoices.store.issuing import count_drafts, next_drafts
from services.analytics.invoicing.invoices.store.settlements import read_credit_note
from services.analytics.invoicing.invoices.store.totals import differences_of
from services.analytics.invoicing.one_offs.store import release_one_off_lines
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.begin import begin_rollup
from services.analytics.invoicing.rollups.decide import move_rollup
from services.analytics.invoicing.rollups.draft_page import PageDrafting
from services.analytics.invoicing.rollups.freshness import Sources
from services.analytics.invoicing.rollups.rollup_messages import rollup_message
from services.analytics.invoicing.rollups.store import planning, rollups
from services.analytics.invoicing.rollups.store.drafts import void_drafts
from services.analytics.invoicing.rollups.store.planning import BackdatedChange
from services.analytics.invoicing.rollups.store.rebilled import read_bill, release_costs
from services.analytics.invoicing.unbilled.find import UnbilledFinder
from services.analytics.invoicing.unbilled.store import keep_unbilled_total
from services.analytics.margin.store.months import mark_margin
from services.analytics.peers import asking
from services.analytics.usage.store.periods import release_adjustments
from services.common.db.database import Database, ReadSession
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import ALL
from services.common.rpc.messages import message_of, messages_of, page_message
from services.common.rpc.paging import PageRequest, decode_token, encode_token, page_request
from services.common.rpc.wire import Context, internal_page_size
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import read_day, read_month

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["InvoicingServicer"]


PLANNING: Final = "planning"
WAITING: Final = "waiting"
"""The position in a plan's page token."""

TENANTS_A_PAGE: Final = 200
MAX_TENANTS_A_PAGE: Final = 1_000
PAGES_AN_ANSWER: Final = 200
MAX_PAGES_AN_ANSWER: Final = 1_000
ISSUED_AT_ONCE: Final = 1_000
MAX_ISSUED_AT_ONCE: Final = 5_000
MAX_RETRIED: Final = 1_000
MAX_PAGE: Final = 2**31 - 1


class InvoicingServicer(invoicing_service_pb2_grpc.InvoicingServiceServicer):
    """Drafts, checks, issues and hands over invoices; called by workers."""

    def __init__(
        self,
        database: Database,
        catalog: "PricingServiceAsyncStub",
        sources: Sources,
        terms: Terms,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sources = sources
        self._catalog = catalog
        self._terms = terms
        self._unbilled = UnbilledFinder(database, catalog)
        self._pages = PageDrafting(database, catalog, tax_region=terms.tax_region)

    async def BeginRollup(
        self, request: pb.BeginRollupRequest, context: Context
    ) -> pb.BeginRollupResponse:
        """Opens a roll-up, or returns the one that was opened under its key."""
        period = read_month(request.period, "period")
        key = requests.required("key", request.key)
        start = RollupInput(
            period=period.start.isoformat(),
            force=request.force,
            approval_required=request.approval_required,
            started_by=requests.text("started_by", request.started_by),
            without_bill=request.without_bill,
        )
        if self._clock() < period.end_at:
            raise InvalidArgument("period", "has not ended yet", reason="PERIOD_NOT_ENDED")
        async with self._database.write(ALL) as session:
            rollup = await begin_rollup(session, start, key, self._clock())
            return pb.BeginRollupResponse(rollup=await rollup_message(session, rollup))

    async def CheckFreshness(
        self, request: pb.CheckFreshnessRequest, context: Context
    ) -> pb.CheckFreshnessResponse:
        """Returns the stale sources of a month and stores them with the roll-up."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        async with self._database.read(ALL) as session:
            rollup = await rollups.read_rollup(session, rollup_id)
        found = await self._sources.freshness(rollup.month)
        async with self._database.write(ALL) as session:
            await rollups.save_freshness(session, rollup_id, [*found.stale, *found.unknown])
        return pb.CheckFreshnessResponse(stale=found.stale, unknown=found.unknown)

    async def PlanRollup(
        self, request: pb.PlanRollupRequest, context: Context
    ) -> pb.PlanRollupResponse:
        """Stores the billable tenants by page; once all are planned, returns the pages to draft."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        tenants = internal_page_size(
            request.tenants_per_page, TENANTS_A_PAGE, MAX_TENANTS_A_PAGE, "tenants_per_page"
        )
        pages = internal_page_size(request.page_size, PAGES_AN_ANSWER, MAX_PAGES_AN_ANSWER)
        async with self._database.read(ALL) as session:
            rollup = await rollups.read_rollup(session, rollup_id)
        if rollup.decision is Decision.UNDO:
            raise FailedPrecondition("the roll-up is being undone", reason="ROLLUP_UNDONE")
        filters = ("plan", str(rollup_id), tenants)
        kind, token, number = decode_token(request.page_token, filters, (str, str, int)) or (
            PLANNING,
            "",
            1,
        )
        if rollup.is_planned:
            # The token may be of a planning call whose response was lost.
            after = number if kind == WAITING else 0
            return await self._waiting_pages(rollup_id, filters, after=after, limit=pages)
        if not request.page_token:
            await self._note_backdated_changes()
        planned: dict[int, list[str]] = {}
        for _ in range(pages):
            planned[number], token = await billable_tenants(
                self._catalog, rollup.month, page_size=tenants, page_token=token
            )
            number += 1
            if not token:
                break
        async with self._database.write(ALL) as session:
            await planning.plan_tenants(session, rollup_id, planned)
            if not token:
                orphans = await planning.close_plan(
                    session, rollup, per_page=tenants, at=self._clock()
                )
                await release_adjustments(session, orphans)
                await release_one_off_lines(session, orphans)
                await release_costs(session, orphans, self._clock())
        if token:
            # Cursors are returned when all is planned: a page may still gain a tenant.
            following = encode_token(filters, (PLANNING, token, number))
            return pb.PlanRollupResponse(next_page_token=following)
        return await self._waiting_pages(rollup_id, filters, after=0, limit=pages)

    async def _note_backdated_changes(self) -> None:
        """Records the closed months in which subscriptions changed since the last roll-up."""
        async with self._database.read(ALL) as session:
            after = await planning.backdated_cursor(session)
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
                await planning.note_backdated_changes(
                    session, changes, after=after, until=answer.cursor, at=self._clock()
                )
            after = answer.cursor

    async def _waiting_pages(
        self, rollup_id: UUID, filters: tuple[Any, ...], *, after: int, limit: int
    ) -> pb.PlanRollupResponse:
        """Returns the pages with tenants to draft."""
        async with self._database.read(ALL) as session:
            found = await planning.planned_pages(session, rollup_id, after=after, limit=limit + 1)
        page = PageRequest(limit, filters, None).page(found, lambda one: (WAITING, "", one[0]))
        return message_of(
            pb.PlanRollupResponse,
            page,
            tenant_cursors=[str(number) for number, _ in page.rows],
            tenant_count=sum(waiting for _, waiting in page.rows),
        )

    async def DraftInvoices(
        self, request: pb.DraftInvoicesRequest, context: Context
    ) -> pb.DraftInvoicesResponse:
        """Drafts a page, or the given tenants. Idempotent."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        if len(request.tenant_ids) > MAX_RETRIED:
            raise InvalidArgument("tenant_ids", f"must not be more than {MAX_RETRIED}")
        page = None if request.tenant_ids else _page(request.tenant_cursor)
        async with self._database.read(ALL) as session:
            rollup = await rollups.read_rollup(session, rollup_id)
            waiting = await planning.planned_tenants(
                session, rollup_id, page=page, tenant_ids=request.tenant_ids
            )
        if waiting:
            await self._pages.draft(rollup, waiting, self._clock())
        async with self._database.read(ALL) as session:
            counts = (
                await planning.outcomes_of_tenants(session, rollup_id, request.tenant_ids)
                if page is None
                else await planning.outcomes_of_page(session, rollup_id, page)
            )
        return pb.DraftInvoicesResponse(
            drafted_count=counts.get(Outcome.DRAFTED, 0),
            skipped_count=counts.get(Outcome.SKIPPED, 0),
            failed_count=counts.get(Outcome.FAILED, 0),
            waiting_count=counts.get(Outcome.WAITING, 0),
        )

    async def CheckBill(
        self, request: pb.CheckBillRequest, context: Context
    ) -> pb.CheckBillResponse:
        """Whether the bill that tenants of a month wait for is complete and attributed."""
        period = read_month(request.period, "period")
        found = await self._sources.bill(period)
        async with self._database.read(ALL) as session:
            known = await read_bill(session, period)
        return pb.CheckBillResponse(
            complete=found.is_complete,
            attributed=known.is_complete and known.source_version == found.version,
        )

    async def CheckRollup(
        self, request: pb.CheckRollupRequest, context: Context
    ) -> pb.CheckRollupResponse:
        """Checks that every draft adds up, and computes unbilled usage."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        async with self._database.read(ALL) as session:
            rollup = await rollups.read_rollup(session, rollup_id)
            differences = await differences_of(session, rollup_id)
        unbilled = await self._unbilled.total(ALL, rollup.month)
        async with self._database.write(ALL) as session:
            await keep_unbilled_total(session, rollup_id, unbilled)
            message = await rollup_message(session, await rollups.read_rollup(session, rollup_id))
        return pb.CheckRollupResponse(rollup=message, differences=differences)

    async def IssueInvoices(
        self, request: pb.IssueInvoicesRequest, context: Context
    ) -> pb.IssueInvoicesResponse:
        """Issues the next drafts of a roll-up."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        limit = internal_page_size(request.limit, ISSUED_AT_ONCE, MAX_ISSUED_AT_ONCE, "limit")
        how = Issue(
            issuer=self._terms.checked_issuer(),
            issued_on=read_day(request.issued_on, "issued_on"),
            due_after=self._terms.due_after,
            hand_over=self._terms.hand_over,
            at=self._clock(),
        )
        async with self._database.write(ALL) as session:
            rollup = await rollups.locked_rollup(session, rollup_id)
            approved = not rollup.approval_required or rollup.decision is Decision.APPROVE
            if rollup.status is not RollupStatus.ISSUING or not approved:
                raise FailedPrecondition(
                    f"the roll-up is {rollup.status}, so it cannot issue invoices",
                    reason="ROLLUP_NOT_ISSUING",
                    metadata={"status": rollup.status},
                )
            issued = await issue(session, await next_drafts(session, rollup_id, limit), how)
            if issued:
                await mark_margin(session, rollup.month)
            left = await count_drafts(session, rollup_id)
        return pb.IssueInvoicesResponse(issued_count=issued, remaining_count=left)

    async def DiscardDrafts(
        self, request: pb.DiscardDraftsRequest, context: Context
    ) -> pb.DiscardDraftsResponse:
        """Voids the next drafts of a roll-up that is being undone."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        limit = internal_page_size(request.limit, ISSUED_AT_ONCE, MAX_ISSUED_AT_ONCE, "limit")
        async with self._database.write(ALL) as session:
            rollup = await rollups.locked_rollup(session, rollup_id)
            if rollup.decision is not Decision.UNDO:
                raise FailedPrecondition(
                    "no operator decided to undo this roll-up", reason="ROLLUP_NOT_UNDONE"
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
            await release_costs(session, voided, self._clock())
        return pb.DiscardDraftsResponse(discarded_count=len(voided), remaining_count=left)

    async def SetRollupStatus(
        self, request: pb.SetRollupStatusRequest, context: Context
    ) -> pb.SetRollupStatusResponse:
        """Changes the status of a roll-up."""
        rollup_id = requests.uuid_of("rollup_id", request.rollup_id)
        status = requests.word("status", request.status, list(RollupStatus))
        reason = requests.text("reason", request.reason, 10_000)
        async with self._database.write(ALL) as session:
            rollup = await move_rollup(
                session, rollup_id, RollupStatus(status), reason=reason, at=self._clock()
            )
            message = await rollup_message(session, rollup)
        return pb.SetRollupStatusResponse(rollup=message)

    async def ListPendingHandOvers(
        self, request: pb.ListPendingHandOversRequest, context: Context
    ) -> pb.ListPendingHandOversResponse:
        """Lists the undelivered hand-overs, an invoice before its corrections."""
        rollup_id = requests.uuid_or_none("rollup_id", request.rollup_id)
        invoice_id = requests.uuid_or_none("invoice_id", request.invoice_id)
        filters = ("pending_hand_overs", request.rollup_id, request.invoice_id)
        asked = page_request(request, filters, int)
        async with self._database.read(ALL) as session:
            found = await hand_overs.list_pending(
                session, asked, rollup_id=rollup_id, invoice_id=invoice_id
            )
            of_invoices = [
                one.invoice_id for one in found.rows if one.document is HandedOver.INVOICE
            ]
            invoices = await reading.read_invoices(session, of_invoices)
        messages = [invoice_message(one, operator=True) for one in invoices]
        return page_message(pb.ListPendingHandOversResponse, found, _pending, invoices=messages)

    async def GetHandOver(
        self, request: pb.GetHandOverRequest, context: Context
    ) -> pb.GetHandOverResponse:
        """Returns the document to hand over: an invoice with its lines, a credit note or a void."""
        async with self._database.read(ALL) as session:
            known = await _hand_over(session, request)
            invoice = await reading.read_invoice(session, ALL, known.invoice_id)
            lines = await reading.all_lines(session, known.invoice_id)
            answer = pb.GetHandOverResponse(
                invoice=invoice_message(invoice, operator=True),
                lines=messages_of(invoices_pb2.InvoiceLine, lines),
                document=known.document,
                status=known.status,
            )
            if known.credit_note_id is not None:
                note = await read_credit_note(session, ALL, known.credit_note_id)
                answer.credit_note.CopyFrom(credit_note_message(note, operator=True))
        return answer

    async def RecordHandOver(
        self, request: pb.RecordHandOverRequest, context: Context
    ) -> pb.RecordHandOverResponse:
        """Records the outcome of an attempt."""
        if request.attempt_count < 0:
            raise InvalidArgument("attempt_count", "must not be negative")
        status = requests.word("status", request.status, list(HandOverStatus))
        async with self._database.write(ALL) as session:
            known = await _hand_over(session, request)
            follows = await record_attempt(
                session,
                known,
                status=HandOverStatus(status),
                reference=requests.text("reference", request.reference),
                reason=requests.text("reason", request.reason),
                attempt_count=request.attempt_count,
                workflow_id=requests.text("workflow_id", request.workflow_id),
                run_id=requests.text("run_id", request.run_id),
                at=self._clock(),
            )
            invoice = await reading.read_invoice(session, ALL, known.invoice_id)
        return pb.RecordHandOverResponse(
            invoice=invoice_message(invoice, operator=True),
            follow_up=None if follows is None else _pending(follows),
        )

    async def ListOverdueInvoices(
        self, request: pb.ListOverdueInvoicesRequest, context: Context
    ) -> pb.ListOverdueInvoicesResponse:
        """Lists the issued invoices that were due before a day and are not paid."""
        due_before = read_day(request.due_before, "due_before")
        tenant_id = requests.text("tenant_id", request.tenant_id)
        asked = page_request(request, ("overdue_invoices", due_before, tenant_id), date, UUID)
        async with self._database.read(ALL) as session:
            found = await reading.list_overdue(session, due_before, asked, tenant_id=tenant_id)
        write = partial(invoice_message, operator=True)
        return page_message(pb.ListOverdueInvoicesResponse, found, write)


async def _hand_over(
    session: ReadSession, request: pb.GetHandOverRequest | pb.RecordHandOverRequest
) -> HandOver:
    """The hand-over that a request names by its id or by its invoice."""
    if request.id:
        if not request.id.isascii() or not request.id.isdecimal() or len(request.id) > 18:
            raise InvalidArgument("id", "is not the id of a hand-over")
        return await hand_overs.read_hand_over(session, int(request.id))
    invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
    invoice = await reading.read_invoice(session, ALL, invoice_id)
    if invoice.number is None:
        raise FailedPrecondition(
            f"the invoice is {invoice.status}: only an issued invoice is handed over",
            reason="INVOICE_NOT_ISSUED",
        )
    return await hand_overs.hand_over_of(session, invoice_id, HandedOver.INVOICE)


def _page(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdecimal() or not 0 < int(cursor[:12]) <= MAX_PAGE:
        raise InvalidArgument("tenant_cursor", "is not a cursor returned by PlanRollup")
    return int(cursor)


def _pending(known: HandOver) -> pb.PendingHandOver:
    return message_of(pb.PendingHandOver, known, id=str(known.id))

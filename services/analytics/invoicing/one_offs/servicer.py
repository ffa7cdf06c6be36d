"""OneOffService: lines that an operator adds, to the next invoice or to an immediate one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from arcadia.analytics.v1 import one_off_service_pb2 as pb
from arcadia.analytics.v1 import one_off_service_pb2_grpc

from services.analytics.deployments import DeploymentRef, Deployments, Known
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.messages import invoice_message
from services.analytics.invoicing.invoices.rules.states import OneOffStatus
from services.analytics.invoicing.invoices.store.reading import all_lines, read_invoice
from services.analytics.invoicing.one_offs import store
from services.analytics.invoicing.one_offs.rules import OneOff, one_off_parts
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.profiles.store import tax_regions, tax_rules_on
from services.analytics.invoicing.rollups.rules.drafting import (
    MAX_SUBTOTAL,
    CannotBill,
    Draft,
    assemble,
)
from services.analytics.invoicing.rollups.store.drafts import insert_drafts
from services.analytics.margin.store.months import mark_margin
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import ALL, current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock, utc_now
from services.common.values.money import currency_code
from services.common.values.periods import month_of

__all__ = ["OneOffServicer"]


MAX_LINES: Final = 500
MAX_DESCRIPTION: Final = 200


class OneOffServicer(one_off_service_pb2_grpc.OneOffServiceServicer):
    """Operators only."""

    def __init__(
        self, database: Database, deployments: Deployments, terms: Terms, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._deployments = deployments
        self._terms = terms
        self._clock = clock

    async def AddOneOffLine(
        self, request: pb.AddOneOffLineRequest, context: Context
    ) -> pb.AddOneOffLineResponse:
        """Adds a line to a tenant's next invoice."""
        line = OneOff(
            tenant_id=requests.required("tenant_id", request.tenant_id),
            deployment_id=requests.text("deployment_id", request.deployment_id),
            description=requests.required("description", request.description, MAX_DESCRIPTION),
            amount_cents=_amount("amount_cents", request.amount_cents),
            currency=currency_code("currency", request.currency),
            reason=requests.required("reason", request.reason),
            added_by=current_caller().subject,
            added_at=self._clock(),
        )
        [line] = await self._owned({"deployment_id": line})
        return await self._add(request, line)

    @once
    async def _add(
        self, session: WriteSession, request: pb.AddOneOffLineRequest, line: OneOff
    ) -> pb.AddOneOffLineResponse:
        line_id = await store.add_one_off_line(session, line)
        return message_of(pb.AddOneOffLineResponse, one_off_line=replace(line, id=line_id))

    async def ListOneOffLines(
        self, request: pb.ListOneOffLinesRequest, context: Context
    ) -> pb.ListOneOffLinesResponse:
        """One-off lines, newest first."""
        status = None
        if request.status:
            status = OneOffStatus(requests.word("status", request.status, list(OneOffStatus)))
        filters = ("one_off_lines", request.tenant_id, request.status)
        asked = page_request(request, filters, UUID)
        async with self._database.read(ALL) as session:
            tenant_id = requests.text("tenant_id", request.tenant_id)
            found = await store.list_one_off_lines(
                session, asked, tenant_id=tenant_id, status=status
            )
        return page_message(pb.ListOneOffLinesResponse, found)

    @once
    async def RemoveOneOffLine(
        self, session: WriteSession, request: pb.RemoveOneOffLineRequest, context: Context
    ) -> pb.RemoveOneOffLineResponse:
        """Removes a pending line."""
        line = await store.locked_one_off_line(session, requests.uuid_of("id", request.id))
        if line.status is not OneOffStatus.PENDING:
            raise FailedPrecondition(
                f"the line is {line.status}: only a pending one can be removed",
                reason="ONE_OFF_LINE_NOT_PENDING",
                metadata={"status": line.status, "invoice_id": str(line.invoice_id or "")},
            )
        removed = replace(
            line,
            status=OneOffStatus.REMOVED,
            removed_by=current_caller().subject,
            removed_at=self._clock(),
        )
        await store.remove_one_off_line(session, removed)
        return message_of(pb.RemoveOneOffLineResponse, one_off_line=removed)

    async def CreateOneOffInvoice(
        self, request: pb.CreateOneOffInvoiceRequest, context: Context
    ) -> pb.CreateOneOffInvoiceResponse:
        """Drafts an invoice of one-off lines."""
        return await self._create(request, await self._invoice_lines(request))

    @once
    async def _create(
        self,
        session: WriteSession,
        request: pb.CreateOneOffInvoiceRequest,
        lines: Sequence[OneOff],
    ) -> pb.CreateOneOffInvoiceResponse:
        draft = await self._draft(session, lines)
        made = await insert_drafts(session, None, draft.period.start, [draft], self._clock())
        [invoice_id] = made.values()
        await mark_margin(session, draft.period)
        invoice = await read_invoice(session, ALL, invoice_id)
        shown = await all_lines(session, invoice_id)
        return message_of(
            pb.CreateOneOffInvoiceResponse,
            invoice=invoice_message(invoice, operator=True),
            lines=shown,
        )

    async def _invoice_lines(self, request: pb.CreateOneOffInvoiceRequest) -> list[OneOff]:
        tenant_id = requests.required("tenant_id", request.tenant_id)
        currency = currency_code("currency", request.currency)
        reason = requests.required("reason", request.reason)
        if not request.lines:
            raise InvalidArgument("lines", "is required", reason="FIELD_REQUIRED")
        if len(request.lines) > MAX_LINES:
            raise InvalidArgument("lines", f"must not be more than {MAX_LINES}")
        said = {
            f"lines[{index}].deployment_id": (
                OneOff(
                    tenant_id=tenant_id,
                    deployment_id=requests.text(f"lines[{index}].deployment_id", one.deployment_id),
                    description=requests.required(
                        f"lines[{index}].description", one.description, MAX_DESCRIPTION
                    ),
                    amount_cents=_amount(f"lines[{index}].amount_cents", one.amount_cents),
                    currency=currency,
                    reason=reason,
                    added_by=current_caller().subject,
                    added_at=self._clock(),
                )
            )
            for index, one in enumerate(request.lines)
        }
        lines = await self._owned(said)
        if sum(line.amount_cents for line in lines) <= 0:
            raise InvalidArgument(
                "lines",
                "must add up to more than 0: to credit a tenant, create a credit note or add a"
                " line to its next invoice",
            )
        return lines

    async def _draft(self, session: WriteSession, lines: Sequence[OneOff]) -> Draft:
        tenant_id = lines[0].tenant_id
        today = self._clock().date()
        regions = await tax_regions(session, [tenant_id], self._terms.tax_region)
        rule = (await tax_rules_on(session, today)).get(regions[tenant_id])
        if rule is None:
            raise FailedPrecondition(
                f"no tax rule of {regions[tenant_id]} is in force today",
                reason="NO_TAX_RULE_IN_FORCE",
            )
        period = month_of(today)
        try:
            return assemble(tenant_id, period, one_off_parts(lines, period), rule)
        except CannotBill as refusal:
            raise InvalidArgument("lines", refusal.message, reason=refusal.reason) from refusal

    async def _owned(self, lines: Mapping[str, OneOff]) -> list[OneOff]:
        """The lines with the ids and names of their deployments, which must belong to the tenants.

        The keys are the request fields that name the deployments, for errors.
        """
        named = {
            field: DeploymentRef(line.tenant_id, line.deployment_id)
            for field, line in lines.items()
            if line.deployment_id
        }
        known = await self._deployments.known(named.values()) if named else {}
        return [
            _with_owner(field, line, known.get(named[field])) if field in named else line
            for field, line in lines.items()
        ]


def _with_owner(field: str, line: OneOff, known: Known | None) -> OneOff:
    """The line with its deployment. Raises InvalidArgument for a deployment of another tenant."""
    if known is None or known.tenant_id != line.tenant_id:
        raise InvalidArgument(
            field, f"{line.deployment_id!r} is not a deployment of {line.tenant_id}"
        )
    return replace(line, deployment_id=known.deployment_id, deployment_name=known.name)


def _amount(field: str, cents: int) -> int:
    if not cents:
        raise InvalidArgument(field, "must not be 0")
    if abs(cents) > MAX_SUBTOTAL:
        raise InvalidArgument(field, f"must be at most {MAX_SUBTOTAL} cents", reason="OUT_OF_RANGE")
    return cents

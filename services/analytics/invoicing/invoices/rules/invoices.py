"""Records of an invoice, its hand-over to accounts receivable, and its credit notes."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.analytics.invoicing.invoices.rules.lines import InvoiceLine
from services.analytics.invoicing.invoices.rules.numbering import invoice_number
from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    InvoiceKind,
    InvoiceStatus,
)
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period, month_of

__all__ = ["CreditNote", "CreditedLine", "HandOver", "Invoice"]


@dataclass(frozen=True, slots=True)
class HandOver:
    """The state of the hand-over of an invoice, a credit note or a void."""

    id: int
    document: HandedOver
    invoice_id: UUID
    credit_note_id: UUID | None
    status: HandOverStatus
    reference: str
    """The reference given by accounts receivable; empty until it is delivered."""
    attempt_count: int
    reason: str
    delivered_at: datetime | None
    workflow_id: str
    run_id: str
    started_at: datetime | None
    updated_at: datetime

    def check_not_delivered(self) -> None:
        """Raises FailedPrecondition if it was delivered already."""
        if self.status is HandOverStatus.DELIVERED:
            raise FailedPrecondition(
                f"it was delivered to accounts receivable already, as {self.reference}",
                reason="ALREADY_HANDED_OVER",
            )


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice without its lines. Amounts are in whole cents of the currency."""

    id: UUID
    tenant_id: str
    period: date
    """The first day of its month."""
    currency: str
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    tax_rule_id: UUID
    tax_label: str
    tax_rate_percent: Decimal
    line_count: int
    lines_hash: str
    proofs_hash: str
    created_at: datetime
    kind: InvoiceKind = InvoiceKind.MONTH
    status: InvoiceStatus = InvoiceStatus.DRAFT
    rollup_id: UUID | None = None
    number: int | None = None
    issuer: Party | None = None
    recipient: Party | None = None
    issued_on: date | None = None
    due_on: date | None = None
    chain_hash: str | None = None
    previous_chain_hash: str | None = None
    issued_at: datetime | None = None
    paid_on: date | None = None
    paid_at: datetime | None = None
    payment_reference: str = ""
    voided_at: datetime | None = None
    void_reason: str = ""
    purchase_order: str = ""
    """The purchase order in the tenant's billing profile at issue."""
    credited_in_full_at: datetime | None = None
    credited_cents: int = 0
    hand_over: HandOver | None = None
    void_hand_over: HandOver | None = None

    @property
    def month(self) -> Period:
        """The month billed."""
        return month_of(self.period)

    @property
    def title(self) -> tuple[str, ...]:
        """The parts of its file name: its number, or tenant and month of a draft.

        A month has one draft per currency; the end of the id distinguishes other drafts.
        """
        if self.number is not None:
            return (invoice_number(self.number),)
        draft = (self.status, self.tenant_id, self.month.code, self.currency)
        is_the_one = self.status is InvoiceStatus.DRAFT and self.kind is InvoiceKind.MONTH
        return draft if is_the_one else (*draft, self.id.hex[-6:])

    def check_status(self, *statuses: InvoiceStatus, reason: str) -> None:
        """Raises FailedPrecondition for an invoice in any other status."""
        if self.status not in statuses:
            raise FailedPrecondition(
                f"the invoice is {self.status}, not {' or '.join(statuses)}",
                reason=reason,
                metadata={"status": self.status},
            )


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """The amount of a line that a credit note credits, in whole cents."""

    credit_note_id: UUID
    note_position: int
    credited_cents: int
    line: InvoiceLine


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note of an issued invoice. Amounts are in whole cents of the currency."""

    id: UUID
    invoice_id: UUID
    tenant_id: str
    number: int
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    reason: str
    issued_by: str
    issued_at: datetime
    invoice_number: int
    hand_over: HandOver | None
    lines: tuple[CreditedLine, ...] = ()

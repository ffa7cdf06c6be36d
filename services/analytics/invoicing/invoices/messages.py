"""From rows of invoices and credit notes to protos."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from arcadia.analytics.v1 import billing_profile_service_pb2, invoices_pb2
from arcadia.common.v1 import runs_pb2

from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.invoices.rules.numbering import credit_note_number, invoice_number
from services.analytics.invoicing.invoices.rules.states import HandOverStatus
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.rpc.wire import timestamp
from services.common.values.money import plain
from services.common.values.periods import Period, month_of

__all__ = [
    "STANDING",
    "credit_note_message",
    "grouped",
    "invoice_message",
    "line_message",
    "line_of",
    "party_message",
    "party_of",
    "profile_message",
    "tax_rule_message",
]

STANDING: Final = (
    "status", "reference", "attempt_count", "reason", "delivered_at", "workflow_id", "run_id",
    "started_at", "updated_at",
)  # fmt: skip
"""The columns of a hand-over that its message shows."""

RUN_STATUS: Final = {
    HandOverStatus.PENDING: "running",
    HandOverStatus.DELIVERED: "completed",
    HandOverStatus.FAILED: "failed",
}


def invoice_message(row: Stored, *, operator: bool) -> invoices_pb2.Invoice:
    """The invoice of a row of `store.reading`; only operators are shown the work behind it."""
    period = month_of(row.period)
    return invoices_pb2.Invoice(
        id=str(row.id),
        tenant_id=row.tenant_id,
        period=period.start.isoformat(),
        period_end=period.end.isoformat(),
        number=invoice_number(row.number),
        status=row.status,
        subtotal_cents=row.subtotal_cents,
        tax_cents=row.tax_cents,
        total_cents=row.total_cents,
        currency=row.currency,
        issued_on=_day(row.issued_on),
        due_on=_day(row.due_on),
        tax_label=row.tax_label,
        tax_rate_percent=plain(row.tax_rate_percent),
        issuer=_party(row.issuer),
        recipient=_party(row.recipient),
        line_count=row.line_count,
        credited_cents=int(row.credited_cents),
        chain_hash=row.chain_hash or "",
        previous_chain_hash=row.previous_chain_hash or "",
        hand_over=_hand_over(row, operator=operator),
        created_at=timestamp(row.created_at),
        issued_at=timestamp(row.issued_at),
        paid_at=timestamp(row.paid_at),
        voided_at=timestamp(row.voided_at),
        kind=row.kind,
        credited_in_full_at=timestamp(row.credited_in_full_at),
        void_reason=row.void_reason,
        purchase_order=row.purchase_order or None,
        void_hand_over=_hand_over(row, operator=operator, of="void_hand_over"),
    )


def line_message(row: Stored) -> invoices_pb2.InvoiceLine:
    """The line of a row."""
    return invoices_pb2.InvoiceLine(
        id=str(row.id),
        position=row.position,
        kind=row.kind,
        resource_kind=row.resource_kind,
        description=row.description,
        qty=plain(row.qty),
        unit=row.unit,
        unit_price_cents=plain(row.unit_price_cents),
        amount_cents=row.amount_cents,
        meta=row.meta,
        deployment_id=row.deployment_id or "",
        service_start=row.service_start.isoformat(),
        service_end=row.service_end.isoformat(),
        dimensions=row.dimensions,
        price_base_qty=plain(row.price_base_qty),
        service_days=row.service_days,
    )


def line_of(row: Stored) -> Line:
    """The line of a row, as its hash is taken."""
    return Line(
        kind=row.kind,
        resource_kind=row.resource_kind,
        description=row.description,
        qty=row.qty,
        unit=row.unit,
        unit_price_cents=row.unit_price_cents,
        amount_cents=row.amount_cents,
        meta=row.meta,
        deployment_id=row.deployment_id,
        service=Period(row.service_start, row.service_end),
        dimensions=row.dimensions,
        price_base_qty=row.price_base_qty,
        service_days=row.service_days,
    )


def credit_note_message(
    row: Stored, lines: Iterable[Stored], *, operator: bool
) -> invoices_pb2.CreditNote:
    """The credit note of a row, with its lines; only operators are shown the work behind it."""
    return invoices_pb2.CreditNote(
        id=str(row.id),
        invoice_id=str(row.invoice_id),
        tenant_id=row.tenant_id,
        number=credit_note_number(row.number),
        subtotal_cents=row.subtotal_cents,
        tax_cents=row.tax_cents,
        total_cents=row.total_cents,
        currency=row.currency,
        reason=row.reason,
        lines=map(_credited_line, lines),
        issued_by=row.issued_by,
        issued_at=timestamp(row.issued_at),
        hand_over=_hand_over(row, operator=operator),
        invoice_number=invoice_number(row.invoice_number),
    )


def party_of(stored: Mapping[str, Any]) -> Party:
    """The party that an invoice keeps."""
    return Party(stored["name"], stored["abn"], tuple(stored["address_lines"]), stored["email"])


def party_message(party: Party) -> invoices_pb2.Party:
    """A party."""
    return invoices_pb2.Party(
        name=party.name, abn=party.abn, address_lines=party.address_lines, email=party.email
    )


def profile_message(row: Stored) -> billing_profile_service_pb2.BillingProfile:
    """The billing profile of a row."""
    party = Party(row.name, row.abn, tuple(row.address_lines), row.email)
    return billing_profile_service_pb2.BillingProfile(
        tenant_id=row.tenant_id,
        recipient=party_message(party),
        tax_region=row.tax_region,
        purchase_order=row.purchase_order,
        updated_at=timestamp(row.updated_at),
    )


def tax_rule_message(row: Stored) -> billing_profile_service_pb2.TaxRule:
    """The tax rule of a row."""
    return billing_profile_service_pb2.TaxRule(
        id=str(row.id),
        tax_region=row.tax_region,
        label=row.label,
        rate_percent=plain(row.rate_percent),
        effective_from=row.effective_from.isoformat(),
        effective_to=_day(row.effective_to),
    )


def _credited_line(row: Stored) -> invoices_pb2.InvoiceLine:
    line = line_message(row)
    line.position = row.note_position
    line.amount_cents = row.credited_cents
    return line


def _hand_over(
    row: Stored, *, operator: bool, of: str = "hand_over"
) -> invoices_pb2.HandOver | None:
    """The hand-over whose columns begin with `of`; None where there is none."""
    told = {name: getattr(row, f"{of}_{name}") for name in STANDING}
    if told["status"] is None:
        return None
    status = HandOverStatus(told["status"])
    run = runs_pb2.Run(
        workflow_id=told["workflow_id"],
        run_id=told["run_id"],
        status=RUN_STATUS.get(status, ""),
        reason=told["reason"],
        started_at=timestamp(told["started_at"]),
        finished_at=(
            timestamp(told["updated_at"])
            if status in (HandOverStatus.DELIVERED, HandOverStatus.FAILED)
            else None
        ),
    )
    return invoices_pb2.HandOver(
        status=status,
        reference=told["reference"],
        attempt_count=told["attempt_count"],
        # It may hold what accounts receivable answered: no tenant's business.
        reason=told["reason"] if operator else "",
        delivered_at=timestamp(told["delivered_at"]),
        run=run if operator and told["workflow_id"] else None,
    )


def _party(stored: Mapping[str, Any] | None) -> invoices_pb2.Party | None:
    return None if stored is None else party_message(party_of(stored))


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def grouped(rows: Sequence[Stored], key: str) -> dict[Any, list[Stored]]:
    """Rows by a column, each group in their order."""
    groups: dict[Any, list[Stored]] = {}
    for row in rows:
        groups.setdefault(getattr(row, key), []).append(row)
    return groups

"""Builds the document model of invoices, credit notes and void notices, as text for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson

from services.analytics.invoicing.invoices.document.annex import annex_of
from services.analytics.invoicing.invoices.document.formatting import (
    amount_in_words,
    day_text,
    days_text,
)
from services.analytics.invoicing.invoices.document.model import (
    DocumentParty,
    Fact,
    InvoiceDocument,
    Payment,
)
from services.analytics.invoicing.invoices.document.naming import NONE, Meter
from services.analytics.invoicing.invoices.document.sections import folded_note, sections_of
from services.analytics.invoicing.invoices.rules.invoices import CreditNote, Invoice
from services.analytics.invoicing.invoices.rules.lines import TAX, Line, Proof
from services.analytics.invoicing.invoices.rules.numbering import credit_note_number, invoice_number
from services.analytics.invoicing.invoices.rules.states import InvoiceKind, InvoiceStatus
from services.analytics.invoicing.profiles.rules.parties import Party, is_abn, is_tax_document
from services.analytics.usage.rules.figures import UsageByResource
from services.common.values.money import money_text, plain

__all__ = ["meters_in", "names_in", "view_of", "view_of_note", "view_of_void"]

MAX_CREDIT_NOTES: Final = 20
"""Maximum credit notes that an invoice lists individually."""

STAMPS: Final = {
    InvoiceStatus.DRAFT: "DRAFT",
    InvoiceStatus.PAID: "PAID",
    InvoiceStatus.VOID: "VOID",
}


def names_in(proofs: Sequence[Proof]) -> dict[str, str]:
    """The names of an invoice's deployments when it was drafted, by id."""
    return {one.deployment_id: one.deployment_name for one in proofs if one.deployment_name}


def meters_in(proofs: Sequence[Proof]) -> dict[str, Meter]:
    """The operator's meters that the inputs of proofs name, as they were then, by code."""
    return {
        code: Meter(one["name"], next(unit for unit, qty in one["units"].items() if qty == 1))
        for proof in proofs
        if '"meters":' in proof.inputs_json
        for code, one in orjson.loads(proof.inputs_json).get("meters", {}).items()
    }


def view_of(
    row: Invoice,
    lines: Sequence[Line],
    names: Mapping[str, str],
    *,
    meters: Mapping[str, Meter] = NONE,
    notes: Sequence[CreditNote] = (),
    used: UsageByResource | None = None,
    instructions: tuple[str, ...] = (),
) -> InvoiceDocument:
    """The document of an invoice with all its lines.

    `names` are its deployments' names, `meters` the operator's meters in its proofs, `notes` its
    credit notes in order, `used` the usage of its resources, `instructions` the payment
    instructions.
    """
    number = invoice_number(row.number) or "not issued"
    issuer, recipient = row.issuer or Party(""), row.recipient or Party(row.tenant_id)
    settled = (*_credits(notes, row.currency), *_payments(row, notes))
    due = _due_cents(row, notes)
    is_owed = row.status == InvoiceStatus.ISSUED and due > 0
    return InvoiceDocument(
        title="Tax invoice" if _is_tax_invoice(row, issuer, recipient) else "Invoice",
        number=number,
        dated=row.issued_on or row.created_at.date(),
        status=STAMPS.get(row.status, ""),
        facts=(Fact("Invoice number", number), *_order(row), *_dates(row), *_period(row)),
        about=folded_note(lines, number),
        currency=row.currency,
        issuer=_party(issuer),
        recipient=_party(recipient),
        tenant_id=row.tenant_id,
        sections=sections_of(lines, names, row.currency),
        totals=_totals(row, row, sign=1),
        total=Fact(f"Total {row.currency}", amount_in_words(row.total_cents, row.currency)),
        after_total=(*settled, _balance(due, row.currency)),
        payment=(
            Payment(money_text(due, row.currency), day_text(row.due_on), instructions, number)
            if is_owed
            else None
        ),
        chain_hash=row.chain_hash or "",
        remark=_remark(row),
        annex=annex_of(used, names, _month(row), meters) if used else None,
    )


def view_of_note(note: CreditNote, invoice: Invoice, names: Mapping[str, str]) -> InvoiceDocument:
    """The document of a credit note: the invoice it corrects, the credited lines and the reason."""
    number = credit_note_number(note.number)
    corrected = invoice_number(invoice.number)
    issuer = invoice.issuer or Party("")
    recipient = invoice.recipient or Party(note.tenant_id)
    lines = note.lines
    return InvoiceDocument(
        title="Adjustment note" if _is_taxed(note, issuer, recipient) else "Credit note",
        number=number,
        dated=note.issued_at.date(),
        facts=(
            Fact("Credit note number", number),
            Fact("Date of issue", day_text(note.issued_at.date())),
            Fact("Corrects invoice", corrected),
            Fact("Issued on", day_text(invoice.issued_on)),
            *_order(invoice),
            Fact("Currency", note.currency),
        ),
        about=(
            f"Credit note for invoice {corrected}: {note.reason}",
            *(
                ()
                if any(one.line.line.kind != TAX for one in lines)
                else ("Only tax is credited.",)
            ),
            *folded_note(lines, ""),
        ),
        currency=note.currency,
        issuer=_party(issuer),
        recipient=_party(recipient),
        tenant_id=note.tenant_id,
        sections=sections_of(lines, names, note.currency),
        totals=_totals(note, invoice, sign=-1),
        total=Fact(f"Credited {note.currency}", amount_in_words(-note.total_cents, note.currency)),
        headings=("Part", "Billed"),
    )


def view_of_void(row: Invoice, lines: Sequence[Line], names: Mapping[str, str]) -> InvoiceDocument:
    """The void notice of an invoice: its number, the date and the reason."""
    number = invoice_number(row.number)
    voided_on = (row.voided_at or row.created_at).date()
    return InvoiceDocument(
        title="Void notice",
        number=number,
        dated=voided_on,
        facts=(
            Fact("Void invoice", number),
            Fact("Issued on", day_text(row.issued_on)),
            Fact("Voided on", day_text(voided_on)),
            *_order(row),
            Fact("Currency", row.currency),
        ),
        about=(
            f"Invoice {number} is void: {row.void_reason}",
            "No amount is due. The voided charges were:",
            *folded_note(lines, ""),
        ),
        currency=row.currency,
        issuer=_party(row.issuer or Party("")),
        recipient=_party(row.recipient or Party(row.tenant_id)),
        tenant_id=row.tenant_id,
        sections=sections_of(lines, names, row.currency),
        totals=_totals(row, row, sign=1),
        total=Fact(f"Total {row.currency}", amount_in_words(row.total_cents, row.currency)),
        after_total=(
            Fact("Void", amount_in_words(-row.total_cents, row.currency)),
            Fact("Amount due", amount_in_words(0, row.currency)),
        ),
        chain_hash=row.chain_hash or "",
    )


def _party(party: Party) -> DocumentParty:
    called = "ABN" if is_abn(party.abn) else "Business number"
    lines = (*party.address_lines, party.email)
    number = f"{called} {party.abn}" if party.abn else ""
    return DocumentParty(party.name, number, tuple(line for line in lines if line))


def _is_tax_invoice(row: Invoice, issuer: Party, recipient: Party) -> bool:
    """The title: only an issued invoice that is not void can be a tax invoice."""
    is_standing = row.status in (InvoiceStatus.ISSUED, InvoiceStatus.PAID)
    return is_standing and _is_taxed(row, issuer, recipient)


def _is_taxed(of: Invoice | CreditNote, issuer: Party, recipient: Party) -> bool:
    return is_tax_document(
        issuer=issuer,
        recipient=recipient,
        account=of.tenant_id,
        currency=of.currency,
        tax_cents=of.tax_cents,
        total_cents=of.total_cents,
    )


def _dates(row: Invoice) -> tuple[Fact, ...]:
    if not row.issued_on:
        return ()
    return Fact("Date of issue", day_text(row.issued_on)), Fact("Due by", day_text(row.due_on))


def _remark(row: Invoice) -> str:
    """The extent to which the lines are taxed, which a tax invoice must state."""
    if not row.tax_cents:
        return ""
    return f"Line amounts exclude {row.tax_label}, which is charged on all lines."


def _order(row: Invoice) -> tuple[Fact, ...]:
    return (Fact("Purchase order", row.purchase_order),) if row.purchase_order else ()


def _period(row: Invoice) -> tuple[Fact, ...]:
    period = () if row.kind == InvoiceKind.ONE_OFF else (Fact("Billing period", _month(row)),)
    return *period, Fact("Currency", row.currency)


def _credits(notes: Sequence[CreditNote], currency: str) -> tuple[Fact, ...]:
    shown = [
        Fact(
            f"Credit note {credit_note_number(note.number)}, {day_text(note.issued_at.date())}",
            amount_in_words(-note.total_cents, currency),
        )
        for note in notes[:MAX_CREDIT_NOTES]
    ]
    if rest := notes[MAX_CREDIT_NOTES:]:
        left = -sum(note.total_cents for note in rest)
        shown.append(Fact(f"{len(rest):,} further credit notes", amount_in_words(left, currency)))
    return tuple(shown)


def _payments(row: Invoice, notes: Sequence[CreditNote]) -> tuple[Fact, ...]:
    if row.status != InvoiceStatus.PAID:
        return ()
    by = f" ({row.payment_reference})" if row.payment_reference else ""
    paid = amount_in_words(-_paid_cents(row, notes), row.currency)
    return (Fact(f"Paid on {day_text(row.paid_on or _paid_at(row).date())}{by}", paid),)


def _paid_cents(row: Invoice, notes: Sequence[CreditNote]) -> int:
    """A payment settles the amount due at that time: later credits were paid for too."""
    paid_at = _paid_at(row)
    credited = sum(note.total_cents for note in notes if note.issued_at <= paid_at)
    return row.total_cents - credited


def _paid_at(row: Invoice) -> datetime:
    return row.paid_at or row.created_at


def _due_cents(row: Invoice, notes: Sequence[CreditNote]) -> int:
    if row.status == InvoiceStatus.VOID:
        return 0
    paid = _paid_cents(row, notes) if row.status == InvoiceStatus.PAID else 0
    return row.total_cents - row.credited_cents - paid


def _balance(due: int, currency: str) -> Fact:
    if due < 0:
        return Fact("Balance in your favour", amount_in_words(-due, currency))
    return Fact("Amount due", amount_in_words(due, currency))


def _totals(of: Invoice | CreditNote, taxed: Invoice, *, sign: int) -> tuple[Fact, ...]:
    rate = f"{taxed.tax_label} {plain(taxed.tax_rate_percent)}%"
    return (
        Fact("Subtotal", amount_in_words(sign * of.subtotal_cents, of.currency)),
        Fact(rate, amount_in_words(sign * of.tax_cents, of.currency)),
    )


def _month(row: Invoice) -> str:
    return days_text(row.month.start, row.month.end)

"""What an invoice's document shows, as text that people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from services.analytics.invoicing.invoices.document.annex import Annex, annex_of
from services.analytics.invoicing.invoices.document.naming import grouped, line_name, unit_name
from services.analytics.invoicing.invoices.rules.invoices import CreditedLine, CreditNote, Invoice
from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, ONE_OFF, TAX, Line, Proof
from services.analytics.invoicing.invoices.rules.numbering import credit_note_number, invoice_number
from services.analytics.invoicing.invoices.rules.states import InvoiceKind, InvoiceStatus
from services.analytics.invoicing.invoices.rules.tax_invoices import is_tax_document
from services.analytics.invoicing.profiles.rules.abns import is_abn
from services.analytics.invoicing.profiles.rules.parties import Party
from services.analytics.usage.rules.figures import UsageByResource
from services.common.values.money import amount_text, money_text, plain

__all__ = [
    "MAX_LINES",
    "DocumentLine",
    "DocumentParty",
    "DocumentSection",
    "Fact",
    "InvoiceDocument",
    "Payment",
    "amount_in_words",
    "names_in",
    "view_of",
    "view_of_note",
    "view_of_void",
]

MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line, ready to be read."""

    description: str
    note: str
    """When it was used and what part of the month it is; empty for a plain line."""
    qty: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """The lines of a deployment, and what they come to."""

    title: str
    lines: tuple[DocumentLine, ...]
    subtotal: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value: a line at the head of a document, or of its totals."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DocumentParty:
    """Who bills, or who is billed."""

    name: str
    number: str
    """Of a register of businesses, with what it is called; empty for none."""
    lines: tuple[str, ...]
    """The address, and where to write to."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What is to be paid, by when and how."""

    amount: str
    by: str
    """The day on which it is due, as people read it."""
    instructions: tuple[str, ...]
    reference: str
    """What the payer quotes."""


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice, a credit note or the notice of a void, ready to be laid out."""

    title: str
    number: str
    dated: date
    """The date of the file: that of the issue, so that equal documents are equal files."""
    status: str
    """Shown as a stamp; empty for one that is simply to be paid."""
    facts: tuple[Fact, ...]
    """What stands beside the recipient; the number first."""
    about: tuple[str, ...]
    """What it is about: the period, the invoice that it corrects, and why."""
    currency: str
    issuer: DocumentParty
    recipient: DocumentParty
    tenant_id: str
    sections: tuple[DocumentSection, ...]
    totals: tuple[Fact, ...]
    """From the subtotal to the tax."""
    total: Fact
    after_total: tuple[Fact, ...]
    """What was credited and paid, and what is due."""
    payment: Payment | None
    """None where nothing is due."""
    chain_hash: str
    remark: str = ""
    """Below the lines: what their amounts are."""
    annex: Annex | None = None
    """What each resource used; None where nothing was metered."""
    headings: tuple[str, str] = ("Quantity", "Unit price")
    """Above the two columns between a line and its amount."""


ACCOUNT: Final = "Account"
"""Above the lines of the tenant as a whole."""

MAX_LINES: Final = 2_000
"""Of one document. One with more shows what each deployment comes to; the lines are in the file
that is attached to it."""

MAX_DEPLOYMENTS: Final = 2_000
"""Of those that are shown one by one."""

MAX_CREDIT_NOTES: Final = 20
"""Of those that an invoice lists one by one."""

STAMPS: Final = {
    InvoiceStatus.DRAFT: "DRAFT",
    InvoiceStatus.PAID: "PAID",
    InvoiceStatus.VOID: "VOID",
}


def names_in(proofs: Sequence[Proof]) -> dict[str, str]:
    """What the deployments of an invoice were called when it was made, by their ids."""
    return {one.deployment_id: one.deployment_name for one in proofs if one.deployment_name}


def view_of(
    row: Invoice,
    lines: Sequence[Line],
    names: Mapping[str, str],
    *,
    notes: Sequence[CreditNote] = (),
    used: UsageByResource | None = None,
    instructions: tuple[str, ...] = (),
) -> InvoiceDocument:
    """The document of an invoice with all its lines.

    `names` are those of its deployments, `notes` its credit notes from the first to the last,
    `used` what the resources of its deployments used, `instructions` how it is paid.
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
        about=_about(lines, names, number),
        currency=row.currency,
        issuer=_party(issuer),
        recipient=_party(recipient),
        tenant_id=row.tenant_id,
        sections=_sections(lines, names, row.currency),
        totals=_totals(row, row, sign=1),
        total=Fact(f"Total {row.currency}", amount_in_words(row.total_cents, row.currency)),
        after_total=(*settled, _balance(due, row.currency)),
        payment=(
            Payment(money_text(due, row.currency), _day(row.due_on), instructions, number)
            if is_owed
            else None
        ),
        chain_hash=row.chain_hash or "",
        remark=_remark(row),
        annex=annex_of(used, names, _month(row)) if used else None,
    )


def view_of_note(note: CreditNote, invoice: Invoice, names: Mapping[str, str]) -> InvoiceDocument:
    """The document of a credit note: what it takes back of which invoice, and why."""
    number = credit_note_number(note.number)
    corrected = invoice_number(invoice.number)
    issuer = invoice.issuer or Party("")
    recipient = invoice.recipient or Party(note.tenant_id)
    lines = note.lines
    is_adjustment = is_tax_document(
        issuer=issuer,
        recipient=recipient,
        account=note.tenant_id,
        currency=note.currency,
        tax_cents=note.tax_cents,
        total_cents=note.total_cents,
    )
    return InvoiceDocument(
        title="Adjustment note" if is_adjustment else "Credit note",
        number=number,
        dated=note.issued_at.date(),
        status="",
        facts=(
            Fact("Credit note number", number),
            Fact("Date of issue", _day(note.issued_at.date())),
            Fact("Corrects invoice", corrected),
            Fact("Issued on", _day(invoice.issued_on)),
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
            *_about(lines, names, ""),
        ),
        currency=note.currency,
        issuer=_party(issuer),
        recipient=_party(recipient),
        tenant_id=note.tenant_id,
        sections=_sections(lines, names, note.currency),
        totals=_totals(note, invoice, sign=-1),
        total=Fact(f"Credited {note.currency}", amount_in_words(-note.total_cents, note.currency)),
        after_total=(),
        payment=None,
        chain_hash="",
        headings=("Part", "Billed"),
    )


def view_of_void(row: Invoice, lines: Sequence[Line], names: Mapping[str, str]) -> InvoiceDocument:
    """The document that says that an invoice is void: which one, since when, and why."""
    number = invoice_number(row.number)
    voided_on = (row.voided_at or row.created_at).date()
    return InvoiceDocument(
        title="Void notice",
        number=number,
        dated=voided_on,
        status="",
        facts=(
            Fact("Void invoice", number),
            Fact("Issued on", _day(row.issued_on)),
            Fact("Voided on", _day(voided_on)),
            *_order(row),
            Fact("Currency", row.currency),
        ),
        about=(
            f"Invoice {number} is void: {row.void_reason}",
            "Nothing is owed of it. This is what it billed:",
            *_about(lines, names, ""),
        ),
        currency=row.currency,
        issuer=_party(row.issuer or Party("")),
        recipient=_party(row.recipient or Party(row.tenant_id)),
        tenant_id=row.tenant_id,
        sections=_sections(lines, names, row.currency),
        totals=_totals(row, row, sign=1),
        total=Fact(f"Total {row.currency}", amount_in_words(row.total_cents, row.currency)),
        after_total=(
            Fact("Void", amount_in_words(-row.total_cents, row.currency)),
            Fact("Amount due", amount_in_words(0, row.currency)),
        ),
        payment=None,
        chain_hash=row.chain_hash or "",
    )


def _party(party: Party) -> DocumentParty:
    called = "ABN" if is_abn(party.abn) else "Business number"
    lines = (*party.address_lines, party.email)
    number = f"{called} {party.abn}" if party.abn else ""
    return DocumentParty(party.name, number, tuple(line for line in lines if line))


def _is_tax_invoice(row: Invoice, issuer: Party, recipient: Party) -> bool:
    """A draft has no date of issue, and nobody claims tax back with a void invoice."""
    return row.status in (InvoiceStatus.ISSUED, InvoiceStatus.PAID) and is_tax_document(
        issuer=issuer,
        recipient=recipient,
        account=row.tenant_id,
        currency=row.currency,
        tax_cents=row.tax_cents,
        total_cents=row.total_cents,
    )


def _dates(row: Invoice) -> tuple[Fact, ...]:
    if not row.issued_on:
        return ()
    return Fact("Date of issue", _day(row.issued_on)), Fact("Due by", _day(row.due_on))


def _remark(row: Invoice) -> str:
    """To what extent the lines are taxed, which a tax invoice says."""
    if not row.tax_cents:
        return ""
    return f"Amounts of lines are without {row.tax_label}, which is charged on all of them."


def _order(row: Invoice) -> tuple[Fact, ...]:
    return (Fact("Purchase order", row.purchase_order),) if row.purchase_order else ()


def _period(row: Invoice) -> tuple[Fact, ...]:
    period = () if row.kind == InvoiceKind.ONE_OFF else (Fact("Billing period", _month(row)),)
    return *period, Fact("Currency", row.currency)


def _about(lines: Sequence[object], names: Mapping[str, str], number: str) -> tuple[str, ...]:
    """What is left out of a document that would be too long."""
    if len(lines) <= MAX_LINES:
        return ()
    where = f" All are in {number}.csv, attached to the PDF of this invoice." if number else ""
    return (f"Deployments are shown with the total of their lines, {len(lines):,} in all.{where}",)


def _credits(notes: Sequence[CreditNote], currency: str) -> tuple[Fact, ...]:
    shown = [
        Fact(
            f"Credit note {credit_note_number(note.number)}, {_day(note.issued_at.date())}",
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
    paid_on = row.paid_on or _paid_at(row).date()
    return (
        Fact(
            f"Paid on {_day(paid_on)}{by}",
            amount_in_words(-_paid_cents(row, notes), row.currency),
        ),
    )


def _paid_cents(row: Invoice, notes: Sequence[CreditNote]) -> int:
    """A payment settles what was due when it came: what is credited later was paid as well."""
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
    return _days(row.month.start, row.month.end)


def _days(start: date, end: date) -> str:
    """A half-open span of days: `1 to 30 April 2026`."""
    last = end - timedelta(days=1)
    if start == last:
        return _day(start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} to {_day(last)}"
    return f"{_day(start)} to {_day(last)}"


def amount_in_words(cents: Decimal | int, currency: str) -> str:
    """An amount as in `1,234.50`, with a true minus sign in front of a negative one."""
    return amount_text(cents, currency, minus=MINUS)


def _sections(
    lines: Sequence[Line | CreditedLine], names: Mapping[str, str], currency: str
) -> tuple[DocumentSection, ...]:
    by_deployment: dict[str | None, list[tuple[Line, int | None]]] = {}
    for one in lines:
        line, credited = (
            (one.line.line, one.credited_cents) if isinstance(one, CreditedLine) else (one, None)
        )
        if line.kind != TAX:
            by_deployment.setdefault(line.deployment_id, []).append((line, credited))
    sums = {
        deployment: sum(
            line.amount_cents if credited is None else -credited for line, credited in members
        )
        for deployment, members in by_deployment.items()
    }
    if len(lines) > MAX_LINES:
        counts = {deployment: len(members) for deployment, members in by_deployment.items()}
        return (_folded(sums, counts, names, currency),)
    return tuple(
        DocumentSection(
            title=_name(deployment, names),
            lines=tuple(
                _line(line, currency)
                if credited is None
                else _credited_line(line, credited, currency)
                for line, credited in members
            ),
            subtotal=amount_in_words(sums[deployment], currency),
        )
        for deployment, members in by_deployment.items()
    )


def _folded(
    sums: Mapping[str | None, int],
    counts: Mapping[str | None, int],
    names: Mapping[str, str],
    currency: str,
) -> DocumentSection:
    """A line for each deployment instead of its lines; the last one for all that are too many."""
    shown = [
        DocumentLine(
            _name(deployment, names),
            "",
            f"{counts[deployment]:,} {'line' if counts[deployment] == 1 else 'lines'}",
            "",
            amount_in_words(amount, currency),
        )
        for deployment, amount in list(sums.items())[:MAX_DEPLOYMENTS]
    ]
    if rest := list(sums.values())[MAX_DEPLOYMENTS:]:
        left = amount_in_words(sum(rest), currency)
        shown.append(DocumentLine(f"{len(rest):,} further deployments", "", "", "", left))
    total = amount_in_words(sum(sums.values()), currency)
    return DocumentSection(f"{len(sums):,} deployments", tuple(shown), total)


def _name(deployment: str | None, names: Mapping[str, str]) -> str:
    return names.get(deployment or "") or deployment or ACCOUNT


def _described(line: Line) -> str:
    return line_name(line.kind, line.resource_kind, line.description, line.meta)


def _line(line: Line, currency: str) -> DocumentLine:
    """As a person checks it: quantity times unit price is the amount, rounded half up."""
    is_part = line.unit == "day" and line.price_base_qty != 1
    qty = grouped(_exact_qty(line))
    price = amount_in_words(line.unit_price_cents, currency)
    if line.price_base_qty != 1:
        base = plain(line.price_base_qty)
        price = f"{price} / {grouped(base)} {unit_name(line.unit, base)}"
    unit = unit_name(line.unit, plain(line.price_base_qty) if is_part else qty)
    if is_part:
        qty = f"{qty} of {grouped(plain(line.price_base_qty))}"
    return DocumentLine(
        description=_described(line),
        note=_note(line),
        # A thousand tokens are a unit: its number is not the quantity's.
        qty=f"{qty} \N{MULTIPLICATION SIGN} {unit}" if unit[0].isdecimal() else f"{qty} {unit}",
        unit_price=price,
        amount=amount_in_words(line.amount_cents, currency),
    )


def _credited_line(line: Line, credited_cents: int, currency: str) -> DocumentLine:
    """What is taken back of a line: all of it, or a part of its amount."""
    return DocumentLine(
        description=_described(line),
        note=_note(line),
        qty="all" if credited_cents == line.amount_cents else "part",
        unit_price=amount_in_words(line.amount_cents, currency),
        amount=amount_in_words(-credited_cents, currency),
    )


def _exact_qty(line: Line) -> str:
    """The quantity; as a fraction where no decimal equals it."""
    exact: str = line.meta.get("exact_qty", "")
    return exact or plain(line.qty)


def _note(line: Line) -> str:
    told = []
    if line.kind == ADJUSTMENT:
        told.append(f"used {_days(line.service_start, line.service_end)}")
    elif line.service_days is not None and line.price_base_qty != 1:
        told.append(_days(line.service_start, line.service_end))
    if line.kind == ONE_OFF:
        told.append(line.meta.get("reason", ""))
    if line.dimensions:
        told.append(", ".join(f"{name} {value}" for name, value in sorted(line.dimensions.items())))
    proration = line.meta.get("proration", "")
    if proration and line.price_base_qty == 1:
        told.append(f"{proration} of the month")
    used, allowance = line.meta.get("used", ""), line.meta.get("allowance", "")
    if used:
        told.append(
            f"used {grouped(used)}" + (f", {grouped(allowance)} included" if allowance else "")
        )
    return "; ".join(told)


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""

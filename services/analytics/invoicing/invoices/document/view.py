"""What an invoice's document shows, as text that people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from services.analytics.invoicing.invoices.messages import party_of
from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, ONE_OFF, TAX
from services.analytics.invoicing.invoices.rules.numbering import credit_note_number, invoice_number
from services.analytics.invoicing.invoices.rules.states import InvoiceKind, InvoiceStatus
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.values.money import amount_text, plain
from services.common.values.periods import month_of

__all__ = [
    "DocumentLine",
    "DocumentSection",
    "Fact",
    "InvoiceDocument",
    "amount_in_words",
    "names_in",
    "view_of",
    "view_of_note",
    "view_of_void",
]


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
    """A line at the head of a document."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice, a credit note or the notice of a void, ready to be laid out."""

    title: str
    number: str
    status: str
    """Shown as a stamp; empty for one that is simply to be paid."""
    facts: tuple[Fact, ...]
    """What stands beside the recipient; the number first."""
    about: tuple[str, ...]
    """What it is about: the period, the invoice that it corrects, and why."""
    currency: str
    issuer: Party
    recipient: Party
    tenant_id: str
    sections: tuple[DocumentSection, ...]
    totals: tuple[Fact, ...]
    """From the subtotal to the tax."""
    total: Fact
    after_total: tuple[Fact, ...]
    """What was credited of it, and what is due."""
    chain_hash: str
    headings: tuple[str, str] = ("Quantity", "Unit price")
    """Above the two columns between a line and its amount."""


ACCOUNT: Final = "Account"
"""Above the lines of the tenant as a whole."""

STAMPS = {
    InvoiceStatus.DRAFT: "DRAFT",
    InvoiceStatus.PAID: "PAID",
    InvoiceStatus.VOID: "VOID",
}


def names_in(proofs: Sequence[Stored]) -> dict[str, str]:
    """What the deployments of an invoice were called when it was made, by their ids."""
    return {one.deployment_id: one.deployment_name for one in proofs if one.deployment_name}


def view_of(row: Stored, lines: Sequence[Stored], names: Mapping[str, str]) -> InvoiceDocument:
    """The document of an invoice with all its lines; `names` are those of its deployments."""
    credited = int(row.credited_cents)
    settled = row.status in (InvoiceStatus.PAID, InvoiceStatus.VOID)
    due = 0 if settled else row.total_cents - credited
    number = invoice_number(row.number) or "not issued"
    dates = (Fact("Date of issue", _day(row.issued_on)), Fact("Due by", _day(row.due_on)))
    return InvoiceDocument(
        # An Australian buyer claims the tax back with a document that says so.
        title="Tax invoice" if row.tax_cents else "Invoice",
        number=number,
        status=STAMPS.get(row.status, ""),
        facts=(
            Fact("Invoice number", number),
            *(dates if row.issued_on else ()),
            Fact("Currency", row.currency),
        ),
        about=() if row.kind == InvoiceKind.ONE_OFF else (f"For the period from {_month(row)}.",),
        currency=row.currency,
        issuer=party_of(row.issuer) if row.issuer else Party(""),
        recipient=party_of(row.recipient) if row.recipient else Party(row.tenant_id),
        tenant_id=row.tenant_id,
        sections=_sections(lines, names, row.currency),
        totals=_totals(row, row, sign=1),
        total=Fact(f"Total {row.currency}", amount_in_words(row.total_cents, row.currency)),
        after_total=(
            *([Fact("Credited", amount_in_words(-credited, row.currency))] if credited else []),
            Fact("Amount due", amount_in_words(due, row.currency)),
        ),
        chain_hash=row.chain_hash or "",
    )


def view_of_note(
    note: Stored, invoice: Stored, lines: Sequence[Stored], names: Mapping[str, str]
) -> InvoiceDocument:
    """The document of a credit note: what it takes back of which invoice, and why."""
    number = credit_note_number(note.number)
    corrected = invoice_number(invoice.number)
    credited = [line for line in lines if line.kind != TAX]
    return InvoiceDocument(
        title="Adjustment note" if note.tax_cents else "Credit note",
        number=number,
        status="",
        facts=(
            Fact("Credit note number", number),
            Fact("Date of issue", _day(note.issued_at.date())),
            Fact("Corrects invoice", corrected),
            Fact("Issued on", _day(invoice.issued_on)),
            Fact("Currency", note.currency),
        ),
        about=(
            f"Credit note for invoice {corrected}: {note.reason}",
            *(() if credited else ("Only tax is credited.",)),
        ),
        currency=note.currency,
        issuer=party_of(invoice.issuer),
        recipient=party_of(invoice.recipient),
        tenant_id=note.tenant_id,
        sections=_sections(lines, names, note.currency, credited=True),
        totals=_totals(note, invoice, sign=-1),
        total=Fact(f"Credited {note.currency}", amount_in_words(-note.total_cents, note.currency)),
        after_total=(),
        chain_hash="",
        headings=("Part", "Billed"),
    )


def view_of_void(row: Stored, lines: Sequence[Stored], names: Mapping[str, str]) -> InvoiceDocument:
    """The document that says that an invoice is void: which one, since when, and why."""
    number = invoice_number(row.number)
    return InvoiceDocument(
        title="Void notice",
        number=number,
        status="",
        facts=(
            Fact("Void invoice", number),
            Fact("Issued on", _day(row.issued_on)),
            Fact("Voided on", _day(row.voided_at.date())),
            Fact("Currency", row.currency),
        ),
        about=(
            f"Invoice {number} is void: {row.void_reason}",
            "Nothing is owed of it. This is what it billed:",
        ),
        currency=row.currency,
        issuer=party_of(row.issuer),
        recipient=party_of(row.recipient),
        tenant_id=row.tenant_id,
        sections=_sections(lines, names, row.currency),
        totals=_totals(row, row, sign=1),
        total=Fact(f"Total {row.currency}", amount_in_words(row.total_cents, row.currency)),
        after_total=(
            Fact("Void", amount_in_words(-row.total_cents, row.currency)),
            Fact("Amount due", amount_in_words(0, row.currency)),
        ),
        chain_hash=row.chain_hash or "",
    )


def _totals(of: Stored, taxed: Stored, *, sign: int) -> tuple[Fact, ...]:
    rate = f"{taxed.tax_label} {plain(taxed.tax_rate_percent)}%"
    return (
        Fact("Subtotal", amount_in_words(sign * of.subtotal_cents, of.currency)),
        Fact(rate, amount_in_words(sign * of.tax_cents, of.currency)),
    )


def _month(row: Stored) -> str:
    period = month_of(row.period)
    return f"{_day(period.start)} to {_day(period.end - timedelta(days=1))}"


def amount_in_words(cents: Decimal | int, currency: str) -> str:
    """An amount as in `1,234.50`, with a true minus sign in front of a negative one."""
    return amount_text(cents, currency, minus="\N{MINUS SIGN}")


def _sections(
    lines: Sequence[Stored], names: Mapping[str, str], currency: str, *, credited: bool = False
) -> tuple[DocumentSection, ...]:
    by_deployment: dict[str | None, list[Stored]] = {}
    for line in lines:
        if line.kind != TAX:
            by_deployment.setdefault(line.deployment_id, []).append(line)
    made = []
    for deployment, members in by_deployment.items():
        amounts = [-one.credited_cents if credited else one.amount_cents for one in members]
        made.append(
            DocumentSection(
                title=names.get(deployment or "") or deployment or ACCOUNT,
                lines=tuple(
                    _credited_line(one, currency) if credited else _line(one, currency)
                    for one in members
                ),
                subtotal=amount_in_words(sum(amounts), currency),
            )
        )
    return tuple(made)


def _line(line: Stored, currency: str) -> DocumentLine:
    """As a person checks it: quantity times unit price is the amount, rounded half up."""
    days = line.unit == "day" and line.price_base_qty != 1
    qty = _grouped(_exact_qty(line))
    unit = "days" if days else line.unit.replace("_", " ")
    price = amount_in_words(line.unit_price_cents, currency)
    if line.price_base_qty != 1:
        base = _grouped(plain(line.price_base_qty))
        price = f"{price} / {base} {unit}"
        if days:
            qty = f"{qty} of {base}"
    return DocumentLine(
        description=line.description,
        note=_note(line),
        # A thousand tokens are a unit: its number is not the quantity's.
        qty=f"{qty} \N{MULTIPLICATION SIGN} {unit}" if unit[0].isdecimal() else f"{qty} {unit}",
        unit_price=price,
        amount=amount_in_words(line.amount_cents, currency),
    )


def _credited_line(line: Stored, currency: str) -> DocumentLine:
    """What is taken back of a line: all of it, or a part of its amount."""
    whole = amount_in_words(line.amount_cents, currency)
    return DocumentLine(
        description=line.description,
        note=_note(line),
        qty="all" if line.credited_cents == line.amount_cents else "part",
        unit_price=whole,
        amount=amount_in_words(-line.credited_cents, currency),
    )


def _exact_qty(line: Stored) -> str:
    """The quantity; as a fraction where no decimal equals it."""
    exact: str = line.meta.get("exact_qty", "")
    return exact or plain(line.qty)


def _note(line: Stored) -> str:
    told = []
    if line.kind == ADJUSTMENT:
        told.append(f"used {_day(line.service_start)} to {_day(_last_day(line))}")
    elif line.service_days is not None and line.price_base_qty != 1:
        told.append(f"{_day(line.service_start)} to {_day(_last_day(line))}")
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
            f"used {_grouped(used)}" + (f", {_grouped(allowance)} included" if allowance else "")
        )
    return "; ".join(told)


def _last_day(line: Stored) -> date:
    end: date = line.service_end
    return end - timedelta(days=1)


def _grouped(number: str) -> str:
    """A decimal with its thousands set apart."""
    sign = "\N{MINUS SIGN}" if number.startswith("-") else ""
    whole, point, places = number.lstrip("-").partition(".")
    return f"{sign}{int(whole):,}{point}{places}" if whole.isdecimal() else number


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""

"""What an invoice's document shows, as text that people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from services.analytics.invoicing.lines import ADJUSTMENT, TAX
from services.analytics.invoicing.messages import party_of
from services.analytics.invoicing.numbering import invoice_number
from services.analytics.invoicing.parties import Party
from services.analytics.invoicing.states import InvoiceStatus
from services.analytics.invoicing.store.rows import Stored
from services.common.money import amount_text, plain
from services.common.periods import month_of

__all__ = ["DocumentLine", "DocumentSection", "InvoiceDocument", "amount_in_words", "view_of"]


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
class InvoiceDocument:
    """An invoice, ready to be laid out."""

    title: str
    number: str
    status: str
    """Shown as a stamp; empty for one that is simply to be paid."""
    issued_on: str
    due_on: str
    period: str
    currency: str
    issuer: Party
    recipient: Party
    tenant_id: str
    sections: tuple[DocumentSection, ...]
    subtotal: str
    tax_label: str
    tax: str
    total: str
    credited: str
    """What credit notes took back; empty when nothing."""
    due: str
    chain_hash: str


STAMPS = {
    InvoiceStatus.DRAFT: "DRAFT",
    InvoiceStatus.PAID: "PAID",
    InvoiceStatus.VOID: "VOID",
}


def view_of(row: Stored, lines: Sequence[Stored], names: Mapping[str, str]) -> InvoiceDocument:
    """The document of an invoice with all its lines; `names` are those of its deployments."""
    period = month_of(row.period)
    recipient = party_of(row.recipient) if row.recipient else Party(row.tenant_id)
    credited = int(row.credited_cents)
    settled = row.status in (InvoiceStatus.PAID, InvoiceStatus.VOID)
    return InvoiceDocument(
        # An Australian buyer claims the tax back with a document that says so.
        title="Tax invoice" if row.tax_cents else "Invoice",
        number=invoice_number(row.number) or "not issued",
        status=STAMPS.get(row.status, ""),
        issued_on=_day(row.issued_on),
        due_on=_day(row.due_on),
        period=f"{_day(period.start)} to {_day(period.end - timedelta(days=1))}",
        currency=row.currency,
        issuer=party_of(row.issuer) if row.issuer else Party(""),
        recipient=recipient,
        tenant_id=row.tenant_id,
        sections=_sections(lines, names, row.currency),
        subtotal=amount_in_words(row.subtotal_cents, row.currency),
        tax_label=f"{row.tax_label} {plain(row.tax_rate_percent)}%",
        tax=amount_in_words(row.tax_cents, row.currency),
        total=amount_in_words(row.total_cents, row.currency),
        credited=amount_in_words(-credited, row.currency) if credited else "",
        due=amount_in_words(0 if settled else row.total_cents - credited, row.currency),
        chain_hash=row.chain_hash or "",
    )


def amount_in_words(cents: Decimal | int, currency: str) -> str:
    """An amount as in `1,234.50`, with a true minus sign in front of a negative one."""
    return amount_text(cents, currency, minus="\N{MINUS SIGN}")


def _sections(
    lines: Sequence[Stored], names: Mapping[str, str], currency: str
) -> tuple[DocumentSection, ...]:
    by_deployment: dict[str, list[Stored]] = {}
    for line in lines:
        if line.kind != TAX:
            by_deployment.setdefault(line.deployment_id, []).append(line)
    return tuple(
        DocumentSection(
            title=names.get(deployment) or deployment,
            lines=tuple(_line(line, currency) for line in members),
            subtotal=amount_in_words(sum(line.amount_cents for line in members), currency),
        )
        for deployment, members in by_deployment.items()
    )


def _line(line: Stored, currency: str) -> DocumentLine:
    return DocumentLine(
        description=line.description,
        note=_note(line),
        qty=f"{_grouped(plain(line.qty))} {line.unit}",
        unit_price=amount_in_words(line.unit_price_cents, currency),
        amount=amount_in_words(line.amount_cents, currency),
    )


def _note(line: Stored) -> str:
    told = []
    if line.kind == ADJUSTMENT:
        told.append(f"used {_day(line.service_start)} to {_day(_last_day(line))}")
    proration = line.meta.get("proration", "")
    if proration:
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

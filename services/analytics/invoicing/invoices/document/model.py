"""A document, ready to be laid out: all of it is text that people read."""

from dataclasses import dataclass
from datetime import date

from services.analytics.invoicing.invoices.document.annex import Annex

__all__ = [
    "DocumentLine",
    "DocumentParty",
    "DocumentSection",
    "Fact",
    "InvoiceDocument",
    "Payment",
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

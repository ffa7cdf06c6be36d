"""The model of a document to render: everything in it is text for people."""

from dataclasses import dataclass
from datetime import date

from services.analytics.invoicing.invoices.document.annex import Annex

__all__ = ["DocumentLine", "DocumentParty", "DocumentSection", "Fact", "InvoiceDocument", "Payment"]


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line as printed."""

    description: str
    note: str
    """Service period and proration; empty for a line without either."""
    qty: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """The lines of a deployment and their total."""

    title: str
    lines: tuple[DocumentLine, ...]
    subtotal: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value, in the header of a document or in its totals."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DocumentParty:
    """The issuer or the recipient."""

    name: str
    number: str
    """Business number with its label, such as an ABN; empty for none."""
    lines: tuple[str, ...]
    """The address and the e-mail address, one line each."""


@dataclass(frozen=True, slots=True)
class Payment:
    """The amount due, the due date and the payment instructions."""

    amount: str
    by: str
    """Due date as text."""
    instructions: tuple[str, ...]
    reference: str
    """Payment reference."""


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice, a credit note or a void notice to render."""

    title: str
    number: str
    dated: date
    """Date of issue, used as the file's date so that equal documents give equal files."""
    facts: tuple[Fact, ...]
    """Facts beside the recipient; the number first."""
    about: tuple[str, ...]
    """The subject: the period, or the corrected invoice and the reason."""
    currency: str
    issuer: DocumentParty
    recipient: DocumentParty
    tenant_id: str
    sections: tuple[DocumentSection, ...]
    totals: tuple[Fact, ...]
    """Subtotal to tax."""
    total: Fact
    after_total: tuple[Fact, ...] = ()
    """Credits, payment and the amount due."""
    status: str = ""
    """Printed as a stamp; empty for an invoice that is open for payment."""
    payment: Payment | None = None
    """None if nothing is due."""
    chain_hash: str = ""
    remark: str = ""
    """Note below the lines about their amounts."""
    annex: Annex | None = None
    """Usage per resource; None if nothing was metered."""
    headings: tuple[str, str] = ("Quantity", "Unit price")
    """Headings of the two columns between a line and its amount."""

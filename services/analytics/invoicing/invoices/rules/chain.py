"""The chain of issued invoices: each one's hash holds the hash of the one before it."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from services.analytics.invoicing.invoices.rules.lines import canonical, digest
from services.analytics.invoicing.invoices.rules.states import InvoiceKind
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.values.money import plain

__all__ = ["BEGINNING", "Sealed", "chain_hash"]

BEGINNING: Final = "0" * 64
"""What stands before the first invoice."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """All that an issued invoice says; its own id and the instants are left out.

    What may change after the issue (whether it is paid or void) is no part of it.
    """

    number: int
    tenant_id: str
    period: date
    currency: str
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    tax_label: str
    tax_rate_percent: Decimal
    issuer: Party
    recipient: Party
    issued_on: date
    due_on: date
    lines_hash: str
    proofs_hash: str
    kind: str = InvoiceKind.MONTH
    """Part of the hash unless it is a month: the first links were made before there were others."""


def chain_hash(previous: str, invoice: Sealed) -> str:
    """The hash of an invoice as the next link of the chain, SHA-256 in lower-case hexadecimal."""
    content = asdict(invoice) | {
        "period": invoice.period.isoformat(),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "tax_rate_percent": plain(invoice.tax_rate_percent),
    }
    if invoice.kind == InvoiceKind.MONTH:
        del content["kind"]
    return digest(f"{previous}\n{canonical(content)}")

"""The chain of issued invoices: each one's hash holds the hash of the one before it."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

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
    purchase_order: str = ""
    """Part of the hash where there is one: the first links were made before it was kept."""


def chain_hash(previous: str, invoice: Sealed) -> str:
    """The hash of an invoice as the next link of the chain, SHA-256 in lower-case hexadecimal."""
    content = _content(invoice) | {
        "issuer": _content(invoice.issuer),
        "recipient": _content(invoice.recipient),
        "period": invoice.period.isoformat(),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "tax_rate_percent": plain(invoice.tax_rate_percent),
    }
    if invoice.kind == InvoiceKind.MONTH:
        del content["kind"]
    if not invoice.purchase_order:
        del content["purchase_order"]
    return digest(f"{previous}\n{canonical(content)}")


def _content(said: Sealed | Party) -> dict[str, Any]:
    """By the names of its fields. `asdict` copies each value, in ten times as long."""
    return {name: getattr(said, name) for name in _NAMES[type(said)]}


_NAMES: Final = {kind: tuple(one.name for one in fields(kind)) for kind in (Sealed, Party)}

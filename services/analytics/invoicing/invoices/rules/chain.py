"""The chain of issued invoices: each one's hash holds the hash of the one before it."""

from typing import Any, Final

from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.lines import canonical, digest
from services.analytics.invoicing.invoices.rules.states import InvoiceKind
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.values.money import plain

__all__ = ["BEGINNING", "chain_hash"]

BEGINNING: Final = "0" * 64
"""What stands before the first invoice."""

_SAID: Final = (
    "number", "tenant_id", "currency", "subtotal_cents", "tax_cents", "total_cents", "tax_label",
    "lines_hash", "proofs_hash",
)  # fmt: skip  # a table


def chain_hash(previous: str, invoice: Invoice) -> str:
    """The hash of an issued invoice as the next link, SHA-256 in lower-case hexadecimal.

    Of all that it says, but for its own id and the instants. What may change after the issue
    (whether it is paid or void) is no part of it.
    """
    content = {name: getattr(invoice, name) for name in _SAID} | {
        "issuer": _party(invoice.issuer),
        "recipient": _party(invoice.recipient),
        "period": str(invoice.period),
        "issued_on": str(invoice.issued_on),
        "due_on": str(invoice.due_on),
        "tax_rate_percent": plain(invoice.tax_rate_percent),
    }
    if invoice.kind is not InvoiceKind.MONTH:  # the first links were made before there were others
        content["kind"] = invoice.kind
    if invoice.purchase_order:  # nor did they keep one
        content["purchase_order"] = invoice.purchase_order
    return digest(f"{previous}\n{canonical(content)}")


def _party(party: Party | None) -> dict[str, Any]:
    if party is None:
        raise ValueError("an issued invoice says who bills whom")
    # `asdict` copies each value, in ten times as long.
    return {name: getattr(party, name) for name in ("name", "abn", "address_lines", "email")}

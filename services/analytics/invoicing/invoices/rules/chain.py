"""The hash chain of issued invoices: each hash includes the hash of the previous invoice."""

from typing import Any, Final

from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.states import InvoiceKind
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.values.canonical import canonical, digest
from services.common.values.money import plain

__all__ = ["BEGINNING", "chain_hash"]

BEGINNING: Final = "0" * 64
"""The previous hash of the first invoice."""

_HASHED: Final = (
    "number", "tenant_id", "currency", "subtotal_cents", "tax_cents", "total_cents", "tax_label",
    "lines_hash", "proofs_hash",
)  # fmt: skip  # a table


def chain_hash(previous: str, invoice: Invoice) -> str:
    """The hash of an issued invoice as the next link: SHA-256 in lower-case hexadecimal.

    It covers the whole content except the id and the timestamps. It excludes what can change after
    issue (paid, void).
    """
    content = {name: getattr(invoice, name) for name in _HASHED} | {
        "issuer": _party(invoice.issuer),
        "recipient": _party(invoice.recipient),
        "period": str(invoice.period),
        "issued_on": str(invoice.issued_on),
        "due_on": str(invoice.due_on),
        "tax_rate_percent": plain(invoice.tax_rate_percent),
    }
    if invoice.kind is not InvoiceKind.MONTH:  # the first links predate other kinds
        content["kind"] = invoice.kind
    if invoice.purchase_order:  # and they did not store one
        content["purchase_order"] = invoice.purchase_order
    return digest(f"{previous}\n{canonical(content)}")


def _party(party: Party | None) -> dict[str, Any]:
    if party is None:
        raise ValueError("an issued invoice says who bills whom")
    # `asdict` copies each value and takes ten times as long.
    return {name: getattr(party, name) for name in ("name", "abn", "address_lines", "email")}

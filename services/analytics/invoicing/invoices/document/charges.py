"""An invoice and its lines as JSON, on their way to the process that makes a file of them."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter

from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.lines import Line

__all__ = ["charges_of", "read_charges"]

CHARGES: Final[TypeAdapter[Any]] = TypeAdapter(tuple[Invoice, list[Line]])


def charges_of(invoice: Invoice, lines: Sequence[Line]) -> bytes:
    """The JSON of an invoice and its lines; decimals are exact."""
    return CHARGES.dump_json((invoice, list(lines)))


def read_charges(text: bytes | str) -> tuple[Invoice, list[Line]]:
    """The invoice and its lines."""
    invoice, lines = CHARGES.validate_json(text)
    return invoice, lines

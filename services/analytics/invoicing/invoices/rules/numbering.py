"""Formats and parses the numbers of invoices and credit notes."""

import re
from typing import Final

from services.common.errors import InvalidArgument

__all__ = ["credit_note_number", "invoice_number", "read_invoice_number"]

_INVOICE: Final = re.compile(r"INV-([0-9]{6,18})", re.ASCII)


def invoice_number(number: int | None) -> str:
    """An invoice number such as `INV-000042`; empty for a draft."""
    return "" if number is None else f"INV-{number:06d}"


def credit_note_number(number: int) -> str:
    """A credit note number such as `CN-000007`."""
    return f"CN-{number:06d}"


def read_invoice_number(text: str, field: str) -> int:
    """Parses an invoice number such as `INV-000042`. Raises InvalidArgument."""
    found = _INVOICE.fullmatch(text)
    if found is None:
        raise InvalidArgument(field, "is not an invoice's number as in INV-000042")
    return int(found[1])

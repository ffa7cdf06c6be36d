"""The numbers of invoices and credit notes, as people read them, and what files are called."""

import re
from datetime import date
from typing import Final
from uuid import UUID

from services.common.errors import InvalidArgument

__all__ = ["credit_note_number", "invoice_number", "invoice_title", "read_invoice_number"]

_INVOICE: Final = re.compile(r"INV-([0-9]{6,18})", re.ASCII)


def invoice_number(number: int | None) -> str:
    """As in `INV-000042`; empty for a draft, which has none."""
    return "" if number is None else f"INV-{number:06d}"


def invoice_title(
    invoice_id: UUID,
    number: int | None,
    *,
    status: str,
    kind: str,
    tenant_id: str,
    period: date,
    currency: str,
) -> tuple[str, ...]:
    """What its file is called, part by part: its number, else whose draft of which month it is.

    A month has one draft in a currency; of others the end of the id tells them apart.
    """
    if number is not None:
        return (invoice_number(number),)
    draft = (status, tenant_id, f"{period:%Y-%m}", currency)
    return draft if (status, kind) == ("draft", "month") else (*draft, invoice_id.hex[-6:])


def credit_note_number(number: int) -> str:
    """As in `CN-000007`."""
    return f"CN-{number:06d}"


def read_invoice_number(text: str, field: str) -> int:
    """The number that a caller wrote as in `INV-000042`. Raises InvalidArgument."""
    found = _INVOICE.fullmatch(text)
    if found is None:
        raise InvalidArgument(field, "is not an invoice's number as in INV-000042")
    return int(found[1])

"""Who bills and who is billed, and the tax that a region asks."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

__all__ = ["Party", "Recipient", "TaxRule"]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on an invoice; what is unknown is empty."""

    name: str
    abn: str = ""
    address_lines: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a tenant's invoices are made out, and the order that they quote."""

    party: Party
    purchase_order: str = ""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The tax of a region that is in force on the last day of a period."""

    id: UUID
    region: str
    label: str
    rate_percent: Decimal

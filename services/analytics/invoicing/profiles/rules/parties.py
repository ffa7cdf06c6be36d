"""Who bills and who is billed, and the tax that a region asks."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

__all__ = ["BillingProfile", "Party", "TaxRule"]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on an invoice; what is unknown is empty."""

    name: str
    abn: str = ""
    address_lines: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True)
class BillingProfile:
    """To whom the invoices of a tenant are made out, and where it is taxed."""

    tenant_id: str
    recipient: Party
    tax_region: str
    updated_at: datetime
    purchase_order: str
    """Which its invoices quote from the next issue on; empty for none."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The tax of a region from a day on, until and without another where there is one."""

    id: UUID
    tax_region: str
    label: str
    rate_percent: Decimal
    effective_from: date
    effective_to: date | None = None

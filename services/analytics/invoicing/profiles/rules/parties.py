"""Issuers and recipients, and the tax rules of regions."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

__all__ = ["BillingProfile", "Party", "TaxRule"]


@dataclass(frozen=True, slots=True)
class Party:
    """An issuer or recipient; unknown fields are empty."""

    name: str
    abn: str = ""
    address_lines: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True)
class BillingProfile:
    """The recipient of a tenant's invoices, and its tax region."""

    tenant_id: str
    recipient: Party
    tax_region: str
    updated_at: datetime
    purchase_order: str
    """Purchase order shown on invoices issued from now on; empty for none."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The tax of a region from a day on, up to the exclusive end if there is one."""

    id: UUID
    tax_region: str
    label: str
    rate_percent: Decimal
    effective_from: date
    effective_to: date | None = None

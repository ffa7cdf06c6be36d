"""Issuers and recipients, and the tax rules of regions."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from stdnum.au import abn

from services.common.errors import InvalidArgument

__all__ = ["BillingProfile", "Party", "TaxRule", "is_abn", "is_tax_document", "read_abn"]


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


def is_abn(text: str) -> bool:
    """Whether a text is an ABN with valid check digits."""
    return bool(abn.is_valid(text))


def read_abn(field: str, text: str) -> str:
    """Formats an ABN as printed, `51 824 753 556`; empty if empty.

    Raises InvalidArgument for invalid check digits.
    """
    if not text.strip():
        return ""
    if not is_abn(text):
        raise InvalidArgument(
            field,
            f"{text!r} is not an Australian business number: it must have eleven digits, with"
            " valid check digits",
            reason="MALFORMED_ABN",
        )
    return str(abn.format(text))


GST_CURRENCY: Final = "AUD"
BUYER_NAMED_FROM_CENTS: Final = 100_000
"""From AUD 1,000 including tax, a tax invoice must identify the buyer."""


def is_tax_document(
    *, issuer: Party, recipient: Party, account: str, currency: str, tax_cents: int,
    total_cents: int,
) -> bool:  # fmt: skip  # a table
    """Whether an issued document has all that a tax invoice or an adjustment note must show.

    A New Tax System (Goods and Services Tax) Act 1999, section 29-70(1) for tax invoices and
    29-75(1) for adjustment notes, and the Australian Taxation Office's page "Tax invoices"
    (ato.gov.au, Issuing tax invoices): the seller's identity and ABN, the date of issue, what was
    sold with its quantity and price, and the amount of GST; from AUD 1,000 on also the buyer's
    identity or ABN. Every document here shows date, lines and tax. An amount in another currency
    would also have to show its GST in AUD, which these do not.

    `account` is the tenant id: a buyer without any other name counts as not identified.
    """
    if not tax_cents or currency != GST_CURRENCY:
        return False
    if not issuer.name or not is_abn(issuer.abn):
        return False
    identified = recipient.name not in ("", account) or is_abn(recipient.abn)
    return identified or abs(total_cents) < BUYER_NAMED_FROM_CENTS

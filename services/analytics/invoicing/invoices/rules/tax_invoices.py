"""Decides whether a document may be titled a tax invoice or adjustment note (Australian law)."""

from typing import Final

from services.analytics.invoicing.profiles.rules.abns import is_abn
from services.analytics.invoicing.profiles.rules.parties import Party

__all__ = ["is_tax_document"]

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

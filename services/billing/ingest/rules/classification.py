"""Classifies a bill's line by its text: a resource, a shared cost, the account, tax or credit.

Products are declared with the kinds that they bill, the others in `ACCOUNT_PRODUCTS`. Names are
compared as a whole, so that `Droplet Backups` never matches `Droplets`. An unlisted product is
`unknown`: its lines are listed, and may still be matched by the provider's id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kinds import RESOURCE_KINDS

__all__ = [
    "ACCOUNT_PRODUCTS",
    "CLASSIFICATIONS",
    "PRODUCTS",
    "Judged",
    "Product",
    "judge",
    "judge_daily",
    "product_of",
]


CLASSIFICATIONS: Final = ("resource", "shared", "account", "tax", "credit", "unknown")


@dataclass(frozen=True, slots=True)
class Judged:
    """The classification of a line."""

    kind: str
    """The inventory kind that the product bills; empty for none."""
    classification: str
    """One of `CLASSIFICATIONS`."""
    is_overage: bool
    """Whether the invoice's summary counts it as overage."""
    resource_name: str
    """The name in the description, lower-case; empty without one."""


@dataclass(frozen=True, slots=True)
class Product:
    """The classification of a product."""

    kind: str
    classification: str = "resource"


ACCOUNT_PRODUCTS: Final[Mapping[str, Product]] = MappingProxyType(
    {
        "bandwidth": Product("", "shared"),
        "marketplace": Product("", "account"),
        "support": Product("", "account"),
        "premium support": Product("", "account"),
        "taxes": Product("", "tax"),
        "credits": Product("", "credit"),
        "credit": Product("", "credit"),
        "refunds": Product("", "credit"),
        "refund": Product("", "credit"),
        "adjustments": Product("", "credit"),
        "credits and adjustments": Product("", "credit"),
    }
)
"""Products that bill no kind of resource, by lower-case name."""

PRODUCTS: Final[Mapping[str, Product]] = MappingProxyType(
    dict(ACCOUNT_PRODUCTS)
    | {
        product.name: Product(kind.name, "shared" if kind.billing.is_shared else "resource")
        for kind in RESOURCE_KINDS.values()
        if kind.billing is not None
        for product in kind.billing.products
    }
)
"""By lower-case product name."""

TAX: Final = Product("", "tax")
UNKNOWN: Final = Product("", "unknown")

_TAX_NAME: Final = re.compile(r"(.* )?(tax|taxes|gst|hst|pst|qst|vat)( .*|/.*)?", re.ASCII)
"""Matches taxes by any country's name: `GST`, `Sales Tax`, `VAT (20%)`, `GST/HST`."""

SKUS: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: product.name
        for kind in RESOURCE_KINDS.values()
        if kind.billing is not None
        for product in kind.billing.products
        for word in product.skus
    }
    | {"BAND": "bandwidth"}
)
"""Products by the middle part of a SKU such as `1-DO-DROP-0011`."""

_BY_SKU: Final = {word: PRODUCTS[name] for word, name in SKUS.items()}

UNUSED_IP: Final = ("unused floating ip - ", "unused reserved ip - ")
OVERAGE: Final = " overage ("


def product_of(name: str) -> Product:
    """The classification of a product by name; `UNKNOWN` if it is not listed."""
    name = name.strip().lower()
    sold = PRODUCTS.get(name)
    if sold is None:
        return TAX if _TAX_NAME.fullmatch(name) else UNKNOWN
    return sold


def judge(
    product: str, group_description: str, description: str, category: str, *, is_credit: bool
) -> Judged:
    """Classifies a line; `is_credit` says that its amount is negative."""
    return _judged(product_of(product), description.lower(), is_credit=is_credit)


def judge_daily(description: str, group_description: str, sku: str, *, is_credit: bool) -> Judged:
    """Classifies a daily estimate by its SKU, because it has no product name.

    An unknown SKU gives an unknown product.
    """
    words = sku.upper().split("-")
    sold = _BY_SKU.get(words[2], UNKNOWN) if len(words) > 2 else UNKNOWN  # 1-DO-<what>-…
    return _judged(sold, description.lower(), is_credit=is_credit)


def _judged(sold: Product, words: str, *, is_credit: bool) -> Judged:
    if sold.classification == "tax":
        return Judged("", "tax", False, "")
    if is_credit or sold.classification == "credit":
        return Judged("", "credit", False, "")
    if OVERAGE in words:
        return Judged(sold.kind, "shared", True, "")
    if sold.classification != "resource":
        return Judged(sold.kind, sold.classification, False, "")
    return Judged(sold.kind, "resource", False, _name(words.rstrip()))


def _name(words: str) -> str:
    """The part before the last ` (size)`; a name may contain brackets itself."""
    for opening in UNUSED_IP:
        if words.startswith(opening):
            return words.removeprefix(opening).strip()
    name, bracket, rest = words.rpartition(" (")
    return name.strip() if bracket and rest.endswith(")") else words.strip()

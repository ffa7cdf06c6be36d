"""Classifies a bill's line by its text: a resource, a shared cost, the account, tax or credit.

Products are data: a new one is an entry in `PRODUCTS`. Names are compared as a whole, so that
`Droplet Backups` never matches `Droplets`. An unlisted product is `unknown`: its lines are listed,
and may still be matched by the provider's id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["CLASSIFICATIONS", "PRODUCTS", "Judged", "Product", "judge", "judge_daily", "product_of"]


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


PRODUCTS: Final[Mapping[str, Product]] = MappingProxyType(
    {
        "backups": Product("droplet"),
        "droplet backups": Product("droplet"),
        "droplet snapshots": Product("snapshot"),
        "droplets": Product("droplet"),
        "premium droplets": Product("droplet"),
        "gpu droplets": Product("droplet"),
        "custom images": Product("image"),
        "volumes": Product("volume"),
        "volume snapshots": Product("snapshot"),
        "snapshots": Product("snapshot"),
        "kubernetes clusters": Product("kubernetes_cluster"),
        "kubernetes control plane": Product("kubernetes_cluster"),
        "kubernetes": Product("kubernetes_cluster"),
        "load balancers": Product("load_balancer"),
        "database clusters": Product("database"),
        "databases": Product("database"),
        "managed databases": Product("database"),
        "app platform": Product("app"),
        "apps": Product("app"),
        "floating ips": Product("reserved_ip"),
        "reserved ips": Product("reserved_ip"),
        "reserved ipv6s": Product("reserved_ipv6"),
        "nat gateways": Product("nat_gateway"),
        "vpc nat gateways": Product("nat_gateway"),
        "vpc peerings": Product("vpc_peering"),
        "partner network connect": Product("partner_attachment"),
        "container registry": Product("container_registry"),
        "functions": Product("functions_namespace"),
        "nfs": Product("nfs_share"),
        "network file storage": Product("nfs_share"),
        "gradient ai": Product("gradient_agent"),
        "dedicated inference": Product("dedicated_inference"),
        "uptime": Product("uptime_check"),
        "spaces": Product("spaces_bucket", "shared"),
        "spaces subscription": Product("spaces_bucket", "shared"),
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
"""By lower-case product name.

A resource without a kind is matched by id only, because the inventory has no kind in which to look
up a name.
"""

TAX: Final = Product("", "tax")
UNKNOWN: Final = Product("", "unknown")

_TAX_NAME: Final = re.compile(r"(.* )?(tax|taxes|gst|hst|pst|qst|vat)( .*|/.*)?", re.ASCII)
"""Matches taxes by any country's name: `GST`, `Sales Tax`, `VAT (20%)`, `GST/HST`."""

SKUS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BACK": "droplet backups",
        "SNAP": "droplet snapshots",
        "DROP": "droplets",
        "GPUD": "gpu droplets",
        "CUST": "custom images",
        "VOLU": "volumes",
        "KUBE": "kubernetes clusters",
        "DOKS": "kubernetes clusters",
        "LOAD": "load balancers",
        "LBAA": "load balancers",
        "DATA": "database clusters",
        "DBAA": "database clusters",
        "APP": "app platform",
        "RESE": "reserved ips",
        "SPAC": "spaces",
        "BAND": "bandwidth",
        "REGI": "container registry",
        "RIP6": "reserved ipv6s",
        "FUNC": "functions",
        "NFS": "nfs",
        "NATG": "nat gateways",
        "PART": "partner network connect",
        "GRAD": "gradient ai",
        "DEDI": "dedicated inference",
        "UPTI": "uptime",
    }
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

"""What a line of a bill is about, by its words alone: a resource, everybody, tax or credit.

Products are data: a new one is a line in `PRODUCTS`. Their names are compared whole, so that
`Droplet Backups` and `Droplet Snapshots` are never taken for `Droplets`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["PRODUCTS", "Judged", "Product", "judge", "judge_daily"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the words of a line say."""

    kind: str
    """The kind of resource that the product bills, in the inventory's words; empty for none."""
    classification: str
    """`resource`, `shared`, `account`, `tax` or `credit`."""
    is_overage: bool
    """Whether it counts as overage in the invoice's summary."""
    resource_name: str
    """The name that the description gives, lower-case; empty where it gives none."""


@dataclass(frozen=True, slots=True)
class Product:
    """What the lines of a product bill."""

    kind: str
    classification: str = "resource"


PRODUCTS: Final[Mapping[str, Product]] = MappingProxyType(
    {
        "droplet backups": Product("droplet"),
        "droplet snapshots": Product("snapshot"),
        "droplets": Product("droplet"),
        "gpu droplets": Product("droplet"),
        "custom images": Product("image"),
        "volumes": Product("volume"),
        "volume snapshots": Product("snapshot"),
        "snapshots": Product("snapshot"),
        "kubernetes clusters": Product("kubernetes_cluster"),
        "kubernetes": Product("kubernetes_cluster"),
        "load balancers": Product("load_balancer"),
        "database clusters": Product("database"),
        "databases": Product("database"),
        "managed databases": Product("database"),
        "app platform": Product("app"),
        "apps": Product("app"),
        "floating ips": Product("reserved_ip"),
        "reserved ips": Product("reserved_ip"),
        "spaces": Product("spaces_bucket", "shared"),
        "spaces subscription": Product("spaces_bucket", "shared"),
        "bandwidth": Product("", "shared"),
        "taxes": Product("", "tax"),
        "tax": Product("", "tax"),
        "credits": Product("", "credit"),
        "credit": Product("", "credit"),
        "adjustments": Product("", "credit"),
        "credits and adjustments": Product("", "credit"),
    }
)
"""By the product's name, lower-case. What is not here is a charge of the account."""

ACCOUNT: Final = Product("", "account")

SKUS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BACK": "droplet backups",
        "SNAP": "droplet snapshots",
        "DROP": "droplets",
        "CUST": "custom images",
        "VOLU": "volumes",
        "KUBE": "kubernetes clusters",
        "LOAD": "load balancers",
        "DATA": "database clusters",
        "APP": "app platform",
        "RESE": "reserved ips",
        "SPAC": "spaces",
        "BAND": "bandwidth",
    }
)
"""The product that the middle of a SKU such as `1-DO-DROP-0011` names."""

_BY_SKU: Final = {word: PRODUCTS[name] for word, name in SKUS.items()}

UNUSED_IP: Final = ("unused floating ip - ", "unused reserved ip - ")
OVERAGE: Final = " overage ("


def judge(
    product: str, group_description: str, description: str, category: str, *, is_credit: bool
) -> Judged:
    """Judges a line; `is_credit` says that its amount is negative."""
    sold = PRODUCTS.get(product.strip().lower(), ACCOUNT)
    return _judged(sold, description.lower(), is_credit=is_credit)


def judge_daily(description: str, group_description: str, sku: str, *, is_credit: bool) -> Judged:
    """Judges a daily estimate, which names no product: its SKU does.

    A word of a SKU that is not known leaves a charge of the account.
    """
    words = sku.upper().split("-")
    sold = _BY_SKU.get(words[2], ACCOUNT) if len(words) > 2 else ACCOUNT  # 1-DO-<what>-…
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
    return Judged(sold.kind, "resource", False, _name(words))


def _name(words: str) -> str:
    """The part before the last ` (size)`: a name may itself have brackets in it."""
    for opening in UNUSED_IP:
        if words.startswith(opening):
            return words.removeprefix(opening).strip()
    name, bracket, rest = words.rpartition(" (")
    return name.strip() if bracket and rest.endswith(")") else words.strip()

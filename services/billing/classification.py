"""What a line of a bill is about, by its words alone: a resource, everybody, tax or credit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Judged", "judge"]


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


KINDS: Final[Mapping[str, str]] = {
    "droplets": "droplet",
    "droplet backups": "droplet",
    "droplet snapshots": "snapshot",
    "custom images": "image",
    "volumes": "volume",
    "volume snapshots": "snapshot",
    "kubernetes clusters": "kubernetes_cluster",
    "load balancers": "load_balancer",
    "database clusters": "database",
    "app platform": "app",
    "floating ips": "reserved_ip",
}
"""Products that bill one resource a line."""


def judge(
    product: str, group_description: str, description: str, category: str, *, is_credit: bool
) -> Judged:
    """Judges a line; `is_credit` says that its amount is negative."""
    words = product.lower()
    if words == "taxes":
        return Judged("", "tax", False, "")
    if is_credit or words == "credits":
        return Judged("", "credit", False, "")
    if " overage (" in description.lower():
        return Judged("", "shared", True, "")
    kind = KINDS.get(words)
    if kind is None:
        return Judged("", "account", False, "")
    return Judged(kind, "resource", False, description.partition(" (")[0].lower())

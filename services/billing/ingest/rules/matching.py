"""The ladder by which a line finds its resource, as declarations; `store/ladder.py` is its SQL.

1. `provider_id`: the provider's own id, where the invoice's JSON form carries one, whatever the
   product is called. Of several kinds that share the id, those that the product bills go first.
2. `name`: kind and name, as the resource was called within the span that was billed. The name is
   what stands before the last ` (size)`, or all of it: both are looked for.
3. `group_project`: the group that the line names (a node's cluster), within its project.

The first rung that finds anything decides: one resource is matched, several are ambiguous
and match nothing. A resource counts only when its life overlaps the billed span. A resource
that was found gone lived on for a while after its last sighting; an id is proof enough to
allow for that, a name is not.

A tax is never matched. A credit, a shared cost or a charge of the account is matched by an id
alone: then it is that resource's.

A resource that changed hands within the billed span is shared between its owners by the whole
seconds that each had it. The shares add up exactly to the line (largest remainders, at the
scale of the amount), and are those by which the margin attributes the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

__all__ = [
    "ALSO_NAMES",
    "BY_ID_ONLY",
    "GROUP_KINDS",
    "KIND_OF_RESOURCE",
    "KNOWN_BY_ID",
    "LEAST_PLACES",
    "NAMES_A_RESOURCE",
    "UNSEEN_END",
    "Candidate",
    "Key",
    "MatchCounts",
    "NameHeld",
    "OwnerSince",
]

ALSO_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "kubernetes_cluster": ("droplet",),
        "image": ("snapshot",),
        "snapshot": ("image",),
        "database": ("database_replica",),
        "gradient_agent": ("dedicated_inference",),
        "reserved_ip": ("reserved_ipv6",),
    }
)
"""Kinds that lines of a kind may name beside their own: a cluster's nodes are droplets, and
replicas are billed as the databases that they are."""

KNOWN_BY_ID: Final = frozenset({"droplet", "volume", "snapshot", "load_balancer", "database"})
"""Kinds whose ids on a bill are the inventory's. Of these a line with an id that the inventory
never saw is not matched by name: it bills something else that had the same name."""

GROUP_KINDS: Final = frozenset({"kubernetes_cluster", "database"})
"""Kinds that a line's group names."""

NAMES_A_RESOURCE: Final = frozenset({"resource", "unknown"})
"""Classifications of lines that should have a resource: without one they are unmatched."""

MATCH_STATES: Final = ("matched", "ambiguous", "unmatched", "not_applicable")
MATCH_RUNGS: Final = ("provider_id", "name", "group_project")
"""The steps by which a line is matched, the surest first."""

BY_ID_ONLY: Final = frozenset({"credit", "shared", "account"})
"""Classifications of lines that have a resource only where an id names it. A credit with an id
that is not known is unmatched; the others are of no resource then."""

KIND_OF_RESOURCE: Final = frozenset({"unknown", "credit", "account"})
"""Classifications of lines whose product tells no kind: they take that of their resource."""

LEAST_PLACES: Final = 6
"""Digits after the point to which a shared line is split, in USD; more where it has more."""

UNSEEN_END: Final = timedelta(days=1)
"""For so long a resource found gone may have lived after its last sighting."""


@dataclass(frozen=True, slots=True)
class Key:
    """What resources are looked up by: an id of any kind, else a kind and a name."""

    kind: str
    provider_id: str
    name: str


@dataclass(frozen=True, slots=True)
class NameHeld:
    """A name, and the half-open span in which it held; the end is None while it holds."""

    name_key: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class OwnerSince:
    """An owner from an instant on; None for none."""

    tenant_id: str | None
    deployment_id: str | None
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resource that a line may bill, as the inventory knows it."""

    resource_id: UUID
    kind: str
    provider_id: str
    project_id: UUID | None
    project_name: str
    lived_from: datetime
    lived_to: datetime | None
    names: tuple[NameHeld, ...]
    owners: tuple[OwnerSince, ...]
    region: str = ""
    """Its slug; empty where the resource is in none."""


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """How lines were matched: by rung, and those that were not."""

    provider_id_count: int = 0
    name_count: int = 0
    group_project_count: int = 0
    ambiguous_count: int = 0
    unmatched_count: int = 0
    not_applicable_count: int = 0

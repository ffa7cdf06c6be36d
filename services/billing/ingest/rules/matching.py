"""The steps that match a line with its resource, as data; their SQL is `store/match_sql.py`.

1. `provider_id`: the provider's id, if the JSON form of the invoice has one, for any product. If
several kinds share the id, those that the product bills have precedence.
2. `name`: kind and name, at the time of the billed span. The name is the part before the last `
(size)` or the whole text; both are looked up.
3. `group_project`: the group in the line (a node's cluster), within its project.

The first rung with a result decides: one resource is a match, several are ambiguous and match
nothing. A resource counts only if its lifetime overlaps the billed span. A resource may have
existed for a while after its last sighting; a match by id allows for that, a match by name does
not.

A tax is never matched. A credit, a shared cost or a charge of the account is matched by id only.

If a resource changed owners within the billed span, the line is shared between them by whole
seconds. The shares add up exactly to the line (largest remainders, at the scale of the amount), and
the margin attributes the line by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from kinds import RESOURCE_KINDS
from kinds.billing import Billing

__all__ = [
    "ALSO_NAMES",
    "BILLED",
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

BILLED: Final[Mapping[str, Billing]] = MappingProxyType(
    {name: kind.billing for name, kind in RESOURCE_KINDS.items() if kind.billing is not None}
)
"""How each kind is billed."""

ALSO_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: billing.also_names for name, billing in BILLED.items() if billing.also_names}
)
"""Other kinds that lines of a kind may name.

A cluster's nodes are droplets, and replicas are billed as databases.
"""

KNOWN_BY_ID: Final = frozenset(name for name, billing in BILLED.items() if billing.is_known_by_id)
"""Kinds whose ids on a bill are the inventory's.

A line of these with an unknown id is not matched by name, because it bills another resource with
the same name.
"""

GROUP_KINDS: Final = frozenset(name for name, billing in BILLED.items() if billing.is_group)
"""Kinds that a line's group may name."""

NAMES_A_RESOURCE: Final = frozenset({"resource", "unknown"})
"""Classifications of lines that need a resource; without one they are unmatched."""

MATCH_STATES: Final = ("matched", "ambiguous", "unmatched", "not_applicable")
MATCH_RUNGS: Final = ("provider_id", "name", "group_project")
"""The steps by which a line is matched, the surest first."""

BY_ID_ONLY: Final = frozenset({"credit", "shared", "account"})
"""Classifications of lines that have a resource only by id.

A credit with an unknown id is unmatched; the others then have no resource.
"""

KIND_OF_RESOURCE: Final = frozenset({"unknown", "credit", "account"})
"""Classifications of lines whose product has no kind: they get the kind of their resource."""

LEAST_PLACES: Final = 6
"""Decimal places of a share in USD; more if the line has more."""

UNSEEN_END: Final = timedelta(days=1)
"""How long a resource may have existed after its last sighting."""


@dataclass(frozen=True, slots=True)
class Key:
    """A lookup key: an id of any kind, or a kind and a name."""

    kind: str
    provider_id: str
    name: str


@dataclass(frozen=True, slots=True)
class NameHeld:
    """A name with its half-open span; the end is None if it is current."""

    name_key: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class OwnerSince:
    """An owner from a time on; None for none."""

    tenant_id: str | None
    deployment_id: str | None
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate resource from the inventory."""

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
    """The slug of its region; empty without one."""


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """Counts of lines by rung, and of unmatched lines."""

    provider_id_count: int = 0
    name_count: int = 0
    group_project_count: int = 0
    ambiguous_count: int = 0
    unmatched_count: int = 0
    not_applicable_count: int = 0

"""The policy of a field: whether specs include it, and when it has drifted.

Policies are keyed by our names of fields: `size`, `tags`, `attrs.vcpus`; a dotted path such as
`attrs.image.slug` has the policy of the longest declared prefix.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kinds.comparators import Comparator, by_default

__all__ = [
    "FieldPolicy",
    "Live",
    "Policy",
    "chosen_by_tag",
    "is_kubernetes_node",
    "is_renewed",
]


class Policy(StrEnum):
    """The classes of fields."""

    IDENTITY = "identity"
    """Identifies the resource and cannot change."""
    DESIRED = "desired"
    """Chosen by us: specs take it from the live resource, and it may drift."""
    REFERENCE = "reference"
    """Refers to another resource; also chosen by us."""
    COMPUTED = "computed"
    """Determined by other fields; compared only if a spec has it."""
    VOLATILE = "volatile"
    """Changes by itself; never compared."""
    SECRET = "secret"  # noqa: S105  (the name of a policy)
    """Never compared or stored."""


TAKEN: Final = frozenset({Policy.DESIRED, Policy.REFERENCE})
UNCOMPARED: Final = frozenset({Policy.VOLATILE, Policy.SECRET})


@dataclass(frozen=True, slots=True)
class Live:
    """The part of a live resource that policies need."""

    name: str
    tags: tuple[str, ...]
    attrs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """The policy of a field."""

    policy: Policy
    same: Comparator = by_default
    named: Callable[[str], Comparator] | None = None
    """Creates a comparator that depends on the resource's name, as for names in a zone."""
    computed_when: Callable[[Live], bool] | None = None
    """Whether this resource's field is determined by others."""
    quiet: bool = False
    """Whether differences that the comparator ignores are not changes in the history either,
    because the provider only changed the notation or added defaults."""
    unset_when_absent: bool = False
    """Whether an omitted field is unset; otherwise it is unknown."""
    identified_by: str = ""
    """The attribute that identifies the value, if the field itself only shows whether there is
    one: without it, two different values are undecidable."""

    def is_taken(self, live: Live) -> bool:
        """Whether a spec taken from this resource has the field."""
        return self.policy in TAKEN and not self._is_computed(live)

    def is_compared(self, live: Live) -> bool:
        """Whether a spec's value for this resource is compared at all."""
        return self.policy not in UNCOMPARED and not self._is_computed(live)

    def comparator(self, name: str) -> Comparator:
        """The comparator for a resource of this name."""
        return self.same if self.named is None else self.named(name)

    def _is_computed(self, live: Live) -> bool:
        return self.computed_when is not None and self.computed_when(live)


def chosen_by_tag(live: Live) -> bool:
    """Whether a tag selects the droplets of this load balancer, as far as the token may read it."""
    return "tag" not in live.attrs or bool(live.attrs["tag"])


def is_renewed(live: Live) -> bool:
    """Whether the platform renews this certificate."""
    return live.attrs.get("type") == "lets_encrypt"


def is_kubernetes_node(live: Live) -> bool:
    """Whether a cluster created this droplet, and put it into the default project."""
    return any(tag == "k8s" or tag.startswith("k8s:") for tag in live.tags)

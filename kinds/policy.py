"""The policy of a field: whether a spec takes it, and when it has drifted.

Policies are keyed by our names of the fields: `size`, `tags`, `attrs.vcpus`; a dotted path
such as `attrs.image.slug` has the policy of the longest declared beginning.
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
    """Names the resource; it cannot become another one."""
    DESIRED = "desired"
    """Chosen by us: specs take it from the live resource, and it may drift."""
    REFERENCE = "reference"
    """Names another resource, and is chosen by us too."""
    COMPUTED = "computed"
    """Follows from other fields; compared only where a spec names it."""
    VOLATILE = "volatile"
    """Changes by itself, and is never compared."""
    SECRET = "secret"  # noqa: S105  (the name of a policy)
    """Is never compared and never stored."""


TAKEN: Final = frozenset({Policy.DESIRED, Policy.REFERENCE})
UNCOMPARED: Final = frozenset({Policy.VOLATILE, Policy.SECRET})


@dataclass(frozen=True, slots=True)
class Live:
    """The part of a live resource that policies read."""

    name: str
    tags: tuple[str, ...]
    attrs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """The policy of a field."""

    policy: Policy
    same: Comparator = by_default
    named: Callable[[str], Comparator] | None = None
    """Makes the comparator where it depends on the resource's name, as for names of a zone."""
    computed_when: Callable[[Live], bool] | None = None
    """Whether this resource's field follows from others, and so is nobody's choice."""
    quiet: bool = False
    """Whether what the comparator forgives is no change for the history either: the provider
    only spells the value anew, or adds what it does by itself."""
    unset_when_absent: bool = False
    """Whether the provider leaves the field out where it is unset. Else what is left out is
    unknown."""
    identified_by: str = ""
    """The attribute that says which one it is, where the field itself says only whether there is
    one: two values that differ are unknown where it is."""

    def is_taken(self, live: Live) -> bool:
        """Whether a spec taken from this resource has the field."""
        return self.policy in TAKEN and not self._is_computed(live)

    def is_compared(self, live: Live) -> bool:
        """Whether a spec's value for this resource is compared at all."""
        return self.policy not in UNCOMPARED and not self._is_computed(live)

    def comparator(self, name: str) -> Comparator:
        """When two values are the same, for a resource of this name."""
        return self.same if self.named is None else self.named(name)

    def _is_computed(self, live: Live) -> bool:
        return self.computed_when is not None and self.computed_when(live)


def chosen_by_tag(live: Live) -> bool:
    """Whether a tag chooses the droplets of this load balancer, as far as the token may see."""
    return "tag" not in live.attrs or bool(live.attrs["tag"])


def is_renewed(live: Live) -> bool:
    """Whether the platform renews this certificate by itself."""
    return live.attrs.get("type") == "lets_encrypt"


def is_kubernetes_node(live: Live) -> bool:
    """Whether a cluster made this droplet, and put it into the default project."""
    return any(tag == "k8s" or tag.startswith("k8s:") for tag in live.tags)

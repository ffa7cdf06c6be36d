"""The policies of fields, from the declarations of kinds."""

from functools import lru_cache
from typing import Any, Final

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind
from kinds.listing import Listing
from kinds.policy import FieldPolicy, Policy
from kinds.redaction import REDACTED, redact
from services.inventory.drift.rules.fields import ATTRS_PREFIX, COLUMNS

__all__ = [
    "FOUND_BY_NAME",
    "UNDECLARED",
    "declared",
    "forgives",
    "names_certificates",
    "policy_of",
]

UNDECLARED: Final = FieldPolicy(Policy.DESIRED, unset_when_absent=True)
"""The policy of an undeclared field: compared literally."""

FOUND_BY_NAME: Final = frozenset(
    kind.name
    for kind in RESOURCE_KINDS.values()
    if isinstance(kind.listing, Listing) and kind.listing.found_by == kind.columns.name
)
"""Kinds identified by name although the provider has an id for them."""

WRITE_ONLY: Final = FieldPolicy(Policy.SECRET)


def declared(kind: str) -> ResourceKind | None:
    """The declaration of a kind; None if there is none."""
    return RESOURCE_KINDS.get(kind)


def names_certificates(kind: str) -> bool:
    """Whether resources of a kind refer to certificates."""
    declaration = declared(kind)
    listing = declaration.listing if declaration is not None else None
    return isinstance(listing, Listing) and listing.certificates is not None


def forgives(kind: str, name: str, field: str, old: Any, new: Any) -> bool:
    """Whether two consecutive live values of a field count as no change for the history.

    This is so if the kind declares that the field's comparator ignores only spelling and the
    provider's additions. `name` is the resource's, `field` the name in the history.
    """
    policy = policy_of(kind, field.removeprefix(ATTRS_PREFIX))
    return policy is not None and policy.quiet and policy.comparator(name)(old, new) is True


@lru_cache(maxsize=4096)
def policy_of(kind: str, field: str) -> FieldPolicy | None:
    """The policy of a field by its name in specs; None if the kind does not have it.

    A member inherits the policy class of its field, but not the comparator, which is for the whole
    field. A field named like a secret is one, declared or not.
    """
    name = field.rpartition(".")[2]
    if redact({name: field})[name] == REDACTED:
        return WRITE_ONLY
    declaration = declared(kind)
    if declaration is None:
        return UNDECLARED
    return _declared_policy(declaration, field if field in COLUMNS else ATTRS_PREFIX + field)


def _declared_policy(declaration: ResourceKind, path: str) -> FieldPolicy | None:
    if (exact := declaration.policies.get(path)) is not None:
        return exact
    parent, dot, _ = path.rpartition(".")
    inherited = _declared_policy(declaration, parent) if dot else None
    if inherited is None:
        return None
    return FieldPolicy(
        inherited.policy,
        computed_when=inherited.computed_when,
        unset_when_absent=inherited.unset_when_absent,
    )

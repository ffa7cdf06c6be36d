"""What there is to say about a kind of resource, and how a row is made from that.

A kind is a declaration. Only what it names is kept: a field that the provider adds
tomorrow can neither leak a secret nor make every row look changed.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from providers.digitalocean.errors import MalformedAnswer
from providers.digitalocean.kinds.policy import FieldPolicy, Policy
from providers.digitalocean.kinds.reducing import slug
from providers.digitalocean.pages import JsonObject
from providers.digitalocean.redaction import REDACTED, redact

__all__ = ["Columns", "InvalidKind", "Listing", "ResourceKind", "SightedResource"]

Reduce = Callable[[Any], Any]
_ABSENT: Final = object()

ATTRS: Final = "attrs."
SPECIFIABLE_COLUMNS: Final = frozenset({"name", "region", "size", "status", "tags", "project_id"})
"""The inventory's columns that may have a policy."""


class InvalidKind(ValueError):
    """A declaration that contradicts itself."""


@dataclass(frozen=True, slots=True)
class SightedResource:
    """A resource as the provider shows it now, in our terms."""

    provider_id: str
    name: str
    region: str
    size: str
    status: str
    tags: tuple[str, ...]
    """Lower-cased and sorted."""
    attrs_json: str
    """What only this kind has: canonical JSON with sorted keys, without secrets."""
    provider_created_at: datetime | None
    unknown_fields: tuple[str, ...]
    """What the token could not see, as the inventory names it: `tags`, `attrs.volume_ids`."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Where the provider lists a kind."""

    path: str
    key: str
    """Under which a page has its rows."""
    one_key: str
    """Under which `<path>/<id>` has its object."""
    queries: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    """Each query lists a part; together they list all."""

    def __post_init__(self) -> None:
        if not self.path.startswith("/v2/") or self.path.endswith("/"):
            raise InvalidKind(f"{self.path}: a path starts with /v2/ and ends without a slash")
        if not self.queries:
            raise InvalidKind(f"{self.path}: at least one query, the empty one, lists the kind")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which of the provider's fields fill the columns that every kind has; empty where none."""

    provider_id: str = "id"
    name: str = "name"
    region: str = "region"
    size: str = ""
    status: str = "status"
    tags: str = "tags"
    created_at: str = "created_at"

    def fields(self) -> frozenset[str]:
        """The provider's fields that are columns."""
        names = (self.provider_id, self.name, self.region, self.size, self.status)
        return frozenset({*names, self.tags, self.created_at} - {""})


@dataclass(frozen=True)
class ResourceKind:
    """A kind of resource: where it is listed, and what of it is kept."""

    name: str
    listing: Listing
    columns: Columns = Columns()
    attrs: Mapping[str, Reduce | None] = field(default_factory=dict)
    """The kind's own fields that are kept, each with what reduces it (None: a scalar)."""
    scoped: AbstractSet[str] = frozenset()
    """Fields that are absent when the token lacks a scope: then they are unknown."""
    volatile: AbstractSet[str] = frozenset()
    """Fields that change by themselves and say nothing about the resource."""
    left_out: AbstractSet[str] = frozenset()
    """Fields that repeat what another field says, or prices."""
    secrets: AbstractSet[str] = frozenset()
    """Dotted paths of secrets within the attrs."""
    policies: Mapping[str, FieldPolicy] = field(default_factory=dict)
    """What each field is to us, by our names: `size`, `attrs.image`, `attrs.image.slug`."""
    in_flight: AbstractSet[str] = frozenset()
    """The statuses in which a resource is changing: it is compared when it has settled."""

    def __post_init__(self) -> None:
        kept = self.columns.fields() | self.attrs.keys()
        if twice := self.columns.fields() & self.attrs.keys():
            raise InvalidKind(f"{self.name}: both column and attr: {sorted(twice)}")
        if dropped := kept & (self.volatile | self.left_out):
            raise InvalidKind(f"{self.name}: both kept and dropped: {sorted(dropped)}")
        if unkept := self.scoped - kept:
            raise InvalidKind(f"{self.name}: scope-dependent but not kept: {sorted(unkept)}")
        if strange := {path.split(".")[0] for path in self.secrets} - self.attrs.keys():
            raise InvalidKind(f"{self.name}: a secret outside the attrs: {sorted(strange)}")
        if odd := [path for path in self.policies if not self._may_have_policy(path)]:
            raise InvalidKind(f"{self.name}: a policy for what is not kept: {sorted(odd)}")

    def _may_have_policy(self, path: str) -> bool:
        if not path.startswith(ATTRS):
            return path in SPECIFIABLE_COLUMNS
        key = path.removeprefix(ATTRS).split(".")[0]
        # Write-only secrets are declared, so that nobody specifies them.
        return key in self.attrs or self.policies[path].policy is Policy.SECRET

    def policy_of(self, path: str) -> FieldPolicy | None:
        """The policy of a field, by our name of it; None where nothing is declared.

        What is declared volatile or secret above is so without a policy of its own. Inside
        a field with a policy the class is inherited, and not the comparator, which is for
        the whole.
        """
        if (exact := self.policies.get(path)) is not None:
            return exact
        attr = path.removeprefix(ATTRS)
        if attr in self.secrets:
            return FieldPolicy(Policy.SECRET)
        if attr in self.volatile:
            return FieldPolicy(Policy.VOLATILE)
        parent, dot, _ = path.rpartition(".")
        inherited = self.policy_of(parent) if dot else None
        if inherited is None:
            return None
        return FieldPolicy(inherited.policy, computed_when=inherited.computed_when)

    def known_fields(self) -> frozenset[str]:
        """Every field of the provider's that this declaration decides about."""
        return frozenset(self.columns.fields() | self.attrs.keys() | self.volatile | self.left_out)

    def visible_scopes(self, row: JsonObject) -> AbstractSet[str]:
        """The scope-dependent fields that are there in a row."""
        return self.scoped if row.keys() >= self.scoped else self.scoped & row.keys()

    def sight(self, row: JsonObject) -> SightedResource:
        """What the inventory is to know of a row. Raises MalformedAnswer without an id."""
        columns = self.columns
        get = row.get
        identifier = get(columns.provider_id)
        if identifier is None or identifier == "":
            raise MalformedAnswer(f"a {self.name} without `{columns.provider_id}`")
        tags = get(columns.tags)
        created_at = get(columns.created_at)
        try:
            return SightedResource(
                str(identifier),
                get(columns.name) or "",
                slug(get(columns.region)),
                slug(get(columns.size)),
                get(columns.status) or "",
                tuple(sorted({tag.lower() for tag in tags})) if tags else (),
                orjson.dumps(self._attrs(row), option=orjson.OPT_SORT_KEYS).decode(),
                datetime.fromisoformat(created_at) if created_at else None,
                () if row.keys() >= self.scoped else self._unknown(row),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            text = f"{self.name} {identifier}: {type(error).__name__}: {error}"
            raise MalformedAnswer(text) from error

    def _attrs(self, row: JsonObject) -> dict[str, Any]:
        attrs: dict[str, Any] = {}
        for name, reduce in self.attrs.items():
            value = row.get(name, _ABSENT)
            if value is not _ABSENT:
                attrs[name] = value if reduce is None else reduce(value)
        return self._without_secrets(attrs) if self.secrets else attrs

    def _without_secrets(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {
            name: REDACTED if name in self.secrets else redact(value, self.secrets, at=name)
            for name, value in attrs.items()
        }

    def _unknown(self, row: JsonObject) -> tuple[str, ...]:
        return tuple(sorted(self._our_name(name) for name in self.scoped - row.keys()))

    def _our_name(self, provider_field: str) -> str:
        """The inventory's name of a field of the provider's."""
        if provider_field in self.attrs:
            return f"attrs.{provider_field}"
        return next(
            name
            for name in ("name", "region", "size", "status", "tags")
            if getattr(self.columns, name) == provider_field
        )

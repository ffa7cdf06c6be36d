"""The declaration of a kind of resource, and how it reads a row of the provider.

A kind is a declaration. Only what it names is kept: a field that the provider adds
tomorrow can neither leak a secret nor make every row look changed.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import orjson

from kinds.billing import Billing
from kinds.columns import Columns, read_at
from kinds.comparators import Comparator, by_case, by_default
from kinds.comparators import tags as same_tags
from kinds.listing import (
    AnyListing,
    InvalidKind,
    Listing,
    NestedListing,
    Parts,
)
from kinds.metering import MeterRule
from kinds.policy import FieldPolicy, Live, Policy
from kinds.pricing import FREE, PriceRule
from kinds.redaction import REDACTED, redact
from kinds.reducers import size_text, slug, text
from kinds.scoping import ScopedFields
from kinds.unreadable import JsonObject, UnreadableRow, described, explained, has_nul, identify

__all__ = [
    "COLUMN_POLICIES",
    "Attr",
    "Columns",
    "FieldPolicy",
    "Listing",
    "Policy",
    "ResourceKind",
    "SightedResource",
]

Reduce = Callable[[Any], Any]
_ABSENT: Final = object()

MAX_TEXT: Final = 1_000
"""Characters of a name or another column: above the provider's limits, below the database's."""

OF_NAME: Final = "<name>"
"""Stands for what follows from the name of a kind."""

COLUMN_POLICIES: Final[Mapping[str, FieldPolicy]] = {
    "name": FieldPolicy(Policy.DESIRED),
    "region": FieldPolicy(Policy.IDENTITY, by_case),
    "size": FieldPolicy(Policy.DESIRED, by_case),
    "status": FieldPolicy(Policy.COMPUTED),
    "tags": FieldPolicy(Policy.DESIRED, same_tags),
    "project_id": FieldPolicy(Policy.REFERENCE),
}
"""Of the columns that every kind has, where the kind says nothing else."""


class Attr:
    """A field of the kind's own that is kept: its policy, and what reduces its value."""

    __slots__ = ("policy", "reduce")

    def __init__(
        self,
        policy: Policy,
        reduce: Reduce | None = None,
        *,
        same: Comparator = by_default,
        named: Callable[[str], Comparator] | None = None,
        computed_when: Callable[[Live], bool] | None = None,
        quiet: bool = False,
        unset_when_absent: bool = False,
        identified_by: str = "",
    ) -> None:
        self.policy = FieldPolicy(
            policy, same, named, computed_when, quiet, unset_when_absent, identified_by
        )
        self.reduce = reduce
        """None for a scalar, kept unchanged."""


@dataclass(frozen=True, slots=True)
class SightedResource:
    """A resource as the provider returns it now, in our terms."""

    provider_id: str
    name: str
    region: str
    size: str
    status: str
    tags: tuple[str, ...]
    """Lower-cased and sorted."""
    attrs_json: str
    """Fields of this kind only: canonical JSON with sorted keys, without secrets."""
    provider_created_at: datetime | None
    unknown_fields: tuple[str, ...]
    """Fields that the token may not read, by the inventory's names: `tags`, `attrs.volume_ids`."""


@dataclass(frozen=True)
class ResourceKind:
    """A kind of resource: where it is listed, which fields are kept, and how it is priced."""

    name: str
    listing: AnyListing
    columns: Columns = field(default_factory=Columns)
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    """The kept fields of this kind, by the provider's names."""
    column_policies: Mapping[str, FieldPolicy] = field(default_factory=dict)
    """Policies that differ from COLUMN_POLICIES."""
    scoped: Mapping[str, str] = field(default_factory=dict)
    """Fields that are absent, and then unknown, if the token lacks the scope. A dotted path is a
    member of a field, in every element of a list. A member is known to be hidden only if no field
    of the row shows that the token has the scope."""
    measured: AbstractSet[str] = frozenset()
    """Fields that are read one by one, and absent if that failed: then they are unknown, which is
    not evidence about the token."""
    volatile: AbstractSet[str] = frozenset()
    """Fields that change by themselves and are not properties of the resource."""
    left_out: AbstractSet[str] = frozenset()
    """Fields that repeat other fields, or prices."""
    secrets: AbstractSet[str] = frozenset()
    """Dotted paths of secrets within the attrs."""
    in_flight: AbstractSet[str] = frozenset()
    """Status values of a resource that is being changed and is therefore not compared."""
    monthly_price: PriceRule = FREE
    rarely_changes: bool = False
    """Whether the slow sync reads it instead of the hourly one."""
    scope: str = OF_NAME
    """The scope for listing it, by default `<name>:read`; empty if no scope is documented."""
    terraform: str = OF_NAME
    """The same resource in Terraform, by default `digitalocean_<name>`; empty for none."""
    billing: Billing | None = None
    """None if the provider does not bill it separately."""
    urns: tuple[str, ...] = ()
    """The types of its URNs, such as in `do:droplet:42`."""
    meters: tuple[MeterRule, ...] = ()
    """The meters for tenants; empty for a kind that is free, or not sold yet."""
    added_later: bool = False
    """Whether earlier releases did not sync it: an older token may not list it, which is not a
    failure until it was listed once."""

    def __post_init__(self) -> None:
        for field_name, form in (("scope", "{}:read"), ("terraform", "digitalocean_{}")):
            if getattr(self, field_name) == OF_NAME:
                object.__setattr__(self, field_name, form.format(self.name))
        self._check()

    def _check(self) -> None:
        """Raises InvalidKind for an inconsistent declaration."""
        kept = self.columns.fields() | self.attrs.keys()
        if twice := self.columns.fields() & self.attrs.keys():
            raise InvalidKind(f"{self.name}: both column and attr: {sorted(twice)}")
        if dropped := kept & (self.volatile | self.left_out):
            raise InvalidKind(f"{self.name}: both kept and dropped: {sorted(dropped)}")
        if unkept := {path.split(".")[0] for path in self.scoped} - kept:
            raise InvalidKind(f"{self.name}: scope-dependent but not kept: {sorted(unkept)}")
        if unkept := self.measured - self.attrs.keys():
            raise InvalidKind(f"{self.name}: measured but not kept: {sorted(unkept)}")
        if strange := {path.split(".")[0] for path in self.secrets} - self.attrs.keys():
            raise InvalidKind(f"{self.name}: a secret outside attrs: {sorted(strange)}")
        if strange := self.column_policies.keys() - COLUMN_POLICIES.keys():
            raise InvalidKind(f"{self.name}: a policy for an unknown column: {sorted(strange)}")
        if isinstance(self.listing, NestedListing) and self.listing.owner not in self.attrs:
            raise InvalidKind(f"{self.name}: its owner is not kept: {self.listing.owner}")
        if self.parts is not None and self.parts.field not in self.attrs:
            raise InvalidKind(f"{self.name}: its parts are not kept: {self.parts.field}")

    @property
    def parts(self) -> Parts | None:
        """Parts of each object that are listed separately; None without any."""
        return self.listing.parts if isinstance(self.listing, Listing) else None

    @cached_property
    def policies(self) -> Mapping[str, FieldPolicy]:
        """The policy of every field by our name: `size`, `attrs.vcpus`, and nested ones."""
        return {
            **COLUMN_POLICIES,
            **self.column_policies,
            **{f"attrs.{name}": attr.policy for name, attr in self.attrs.items()},
            **{f"attrs.{name}": FieldPolicy(Policy.VOLATILE) for name in sorted(self.volatile)},
            **{f"attrs.{path}": FieldPolicy(Policy.SECRET) for path in sorted(self.secrets)},
        }

    def known_fields(self) -> frozenset[str]:
        """Every field of the provider that this declaration mentions."""
        columns = self.columns.fields() | self.columns.parts()
        return frozenset(columns | self.attrs.keys() | self.volatile | self.left_out)

    def visible_scopes(self, row: JsonObject) -> AbstractSet[str]:
        """The scope-dependent fields that the token may read, as far as a row shows it.

        An absent field is readable if another field of the same scope is present.
        """
        return self._scoped.visible(row)

    def sight(self, row: JsonObject) -> SightedResource:
        """What the inventory records of a row. Raises UnreadableRow."""
        columns = self.columns
        identifier = identify(self.name, row, columns.provider_id)
        created_at = row.get(columns.created_at)
        try:
            sighted = SightedResource(
                identifier,
                text(read_at(row, columns.name)),
                slug(row.get(columns.region)),
                size_text(row.get(columns.size)),
                self._status(row),
                _tags(row.get(columns.tags)),
                orjson.dumps(self._attrs(row), option=orjson.OPT_SORT_KEYS).decode(),
                datetime.fromisoformat(created_at) if created_at else None,
                self._unknown(row),
            )
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnreadableRow(self.name, identifier, self._oddity(row)) from error
        texts = (sighted.name, sighted.region, sighted.size, sighted.status, *sighted.tags)
        if "\0" in "".join(texts) or has_nul(sighted.attrs_json):
            raise UnreadableRow(self.name, identifier, self._place_of_nul(row))
        if max(map(len, texts)) > MAX_TEXT:
            reason = f"a column has more than {MAX_TEXT:,} characters"
            raise UnreadableRow(self.name, identifier, reason)
        return sighted

    def _status(self, row: JsonObject) -> str:
        paths = self.columns.statuses
        return text(next((found for path in paths if (found := read_at(row, path))), ""))

    def _oddity(self, row: JsonObject) -> str:
        """Why a row is unreadable: its first field that cannot be read."""
        columns = self.columns
        for path in (columns.name, *columns.statuses):
            try:
                text(read_at(row, path))
            except (AttributeError, TypeError):
                return f"{path} is {described(_nearest(row, path))}, not text"
        readers: list[tuple[str, Reduce]] = [
            (columns.region, slug),
            (columns.size, size_text),
            (columns.tags, _tags),
            (columns.created_at, datetime.fromisoformat),
            *((name, reduce) for name, reduce in self._reducers if reduce is not None),
        ]
        for name, reduce in readers:
            value = row.get(name, _ABSENT)
            if value is _ABSENT or (name == columns.created_at and not value):
                continue
            if words := explained(reduce, value, name):
                return words
        return "it does not match the API's documentation"

    def _place_of_nul(self, row: JsonObject) -> str:
        kept = self.columns.fields() | self.columns.parts() | self.attrs.keys()
        odd = (name for name in sorted(kept & row.keys()) if has_nul(orjson.dumps(row[name])))
        return f"{next(odd, 'a field')} has a NUL character"

    @cached_property
    def _reducers(self) -> tuple[tuple[str, Reduce | None], ...]:
        return tuple((name, attr.reduce) for name, attr in self.attrs.items())

    @cached_property
    def _unknown_when_absent(self) -> AbstractSet[str]:
        """The fields that are unknown, rather than unset, if a row omits them."""
        unset = {name for name, attr in self.attrs.items() if attr.policy.unset_when_absent}
        parts = {self.parts.field} if self.parts is not None else set()
        shown = (self.attrs.keys() - unset) | self.columns.plain()
        return frozenset(shown | self._scoped.fields | self.measured | parts)

    @cached_property
    def _scoped(self) -> ScopedFields:
        return ScopedFields(self.scoped)

    def _attrs(self, row: JsonObject) -> dict[str, Any]:
        attrs: dict[str, Any] = {}
        for name, reduce in self._reducers:
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
        fields = self._unknown_when_absent
        unknown = [] if row.keys() >= fields else [self._our_name(n) for n in fields - row.keys()]
        unknown += [f"attrs.{path}" for path in self._scoped.hidden_members(row)]
        return tuple(sorted(unknown))

    def _our_name(self, provider_field: str) -> str:
        """The inventory's name of a field of the provider."""
        if provider_field in self.attrs:
            return f"attrs.{provider_field}"
        return self.columns.our_name(provider_field)


def _tags(value: Any) -> tuple[str, ...]:
    """Lower-cased and sorted. Raises TypeError for anything but a list of texts, or null."""
    if not value:
        return ()
    if not isinstance(value, list):
        raise TypeError
    return tuple(sorted({text(tag).lower() for tag in value}))


def _nearest(row: JsonObject, path: str) -> Any:
    """The value at a dotted path, or the last value on it that is not an object."""
    value: Any = row
    for name in path.split("."):
        if not isinstance(value, dict):
            return value
        value = value.get(name)
    return value

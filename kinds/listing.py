"""Where the provider lists a kind, and how that listing differs from the usual one."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from kinds.balancer_comparators import CERTIFICATE_NAME
from kinds.unreadable import JsonObject

__all__ = [
    "BUCKETS",
    "AnyListing",
    "BucketListing",
    "CertificateNames",
    "InvalidKind",
    "Listing",
    "NestedListing",
    "Only",
    "Parts",
]


class InvalidKind(ValueError):
    """An inconsistent declaration."""


@dataclass(frozen=True, slots=True)
class Only:
    """Selects the rows of a listing with other kinds: those with these values."""

    field: str
    values: AbstractSet[str]

    def is_ours(self, row: JsonObject) -> bool:
        """Whether a row is of the kind. Raises TypeError if the row lacks that field."""
        value = row.get(self.field)
        if not isinstance(value, str):
            raise TypeError
        return value in self.values


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of each object that are listed separately, with one or more requests per object."""

    path: str
    """The path below the object's."""
    key: str
    field: str
    """The field of the row to which they are added."""
    owner: str
    """The field of the row that identifies the object in the path."""
    at_most: int
    """Maximum objects whose parts one sweep reads; more take turns."""


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """Rows with certificate ids, to which the names are added.

    An id changes at each renewal, and the name stays. A name that the token may not read is
    omitted.
    """

    of_row: bool = False
    """Whether the row itself has a `certificate_id`."""
    of_lists: tuple[str, ...] = ()
    """The fields of the row whose elements have one."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Where the provider lists a kind; without pages, the list is one page."""

    path: str
    key: str
    """The member of a page with the rows."""
    one_key: str
    """The member of `<path>/<id>` with the object."""
    queries: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    """Each query lists a part; together they list all objects."""
    only: Only | None = None
    parts: Parts | None = None
    counted: bool = True
    """Whether its responses have `meta.total`; without it, null is an empty list."""
    certificates: CertificateNames | None = None
    found_by: str = ""
    """The field that identifies an object, and the query parameter for it, if `<path>/<id>`
    expects another id; empty otherwise."""
    source: str = ""
    """The source of the paths and fields; empty for the provider's OpenAPI document."""

    def __post_init__(self) -> None:
        if not self.path.startswith("/v2/") or self.path.endswith("/"):
            raise InvalidKind(f"{self.path}: must start with /v2/ and not end with a slash")
        if not self.queries:
            raise InvalidKind(f"{self.path}: at least one query is required; it may be empty")

    @property
    def added(self) -> frozenset[str]:
        """The fields of a row that come from other requests."""
        parts = {self.parts.field} if self.parts is not None else set()
        named = self.certificates is not None and self.certificates.of_row
        return frozenset(parts | ({CERTIFICATE_NAME} if named else set()))

    def shows(self, row: JsonObject) -> bool:
        """Whether a listed row is of the kind. Raises TypeError if the row lacks that field."""
        return self.only is None or self.only.is_ours(row)

    def in_words(self) -> str:
        """Text for the documentation."""
        paths = [self.path + _query(query) for query in self.queries]
        words = " and ".join(f"`GET {path}`" for path in paths)
        if self.only is not None:
            values = " or ".join(f"`{value}`" for value in sorted(self.only.values))
            words += f", where `{self.only.field}` is {values}"
        if self.found_by:
            words += f"; a single one by `?{self.found_by}=`"
        if self.certificates is not None:
            words += ", with names from `GET /v2/certificates`"
        if self.parts is not None:
            words += (
                f"; `{self.path}/<id>/{self.parts.path}` for up to {self.parts.at_most}"
                " objects per sweep, in turns"
            )
        return words


@dataclass(frozen=True, slots=True)
class NestedListing:
    """A listing below each object of another kind, with one or more requests per object."""

    parents: Listing
    path: str
    """The path below the parent's."""
    key: str
    owner: str
    """The field of a row to which the parent's id is added."""

    def in_words(self) -> str:
        """Text for the documentation."""
        return f"`GET {self.parents.path}/<id>/{self.path}`"


@dataclass(frozen=True, slots=True)
class BucketListing:
    """Spaces buckets: S3's ListBuckets in each region, or the buckets that projects name."""

    def in_words(self) -> str:
        """Text for the documentation."""
        return (
            "S3 `ListBuckets` in each region; sizes by `HeadBucket`, else by listing"
            " objects, within bounds; without Spaces keys,"
            " the `do:space:` URNs of projects, without sizes"
        )


BUCKETS: Final = BucketListing()

AnyListing = Listing | NestedListing | BucketListing


def _query(query: tuple[tuple[str, str], ...]) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""

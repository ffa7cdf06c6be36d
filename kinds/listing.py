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
    """A declaration that contradicts itself."""


@dataclass(frozen=True, slots=True)
class Only:
    """A listing that shows more than the kind: its rows are those with these values."""

    field: str
    values: AbstractSet[str]

    def is_ours(self, row: JsonObject) -> bool:
        """Whether a row is of the kind. Raises TypeError where the row lacks that field."""
        value = row.get(self.field)
        if not isinstance(value, str):
            raise TypeError
        return value in self.values


@dataclass(frozen=True, slots=True)
class Parts:
    """What belongs to each object and is listed on its own, at a request or more an object."""

    path: str
    """Below the object's own path."""
    key: str
    field: str
    """Where the row gets them, as if the listing had shown them."""
    owner: str
    """The field of the row that names the object in the path."""
    at_most: int
    """Objects whose parts one sweep reads; with more of them, they take turns."""


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """Where a row names certificates by their ids, and so is given their names as well.

    An id changes at each renewal, and the name stays. A name that the token may not read is
    left out.
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
    """The member of a page that has the rows."""
    one_key: str
    """The member of `<path>/<id>` that has the object."""
    queries: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    """Each query lists a part; together they list all."""
    only: Only | None = None
    parts: Parts | None = None
    counted: bool = True
    """Whether its answers tell `meta.total`; of one that never does, null is an empty list."""
    certificates: CertificateNames | None = None
    found_by: str = ""
    """The field that identifies an object, and the parameter that finds it in the list, where
    `<path>/<id>` takes another id; empty where the path takes the identifying one."""
    source: str = ""
    """Who describes the paths and fields; empty: the provider's OpenAPI document."""

    def __post_init__(self) -> None:
        if not self.path.startswith("/v2/") or self.path.endswith("/"):
            raise InvalidKind(f"{self.path}: a path starts with /v2/ and ends without a slash")
        if not self.queries:
            raise InvalidKind(f"{self.path}: at least one query, the empty one, lists the kind")

    @property
    def added(self) -> frozenset[str]:
        """The fields of a row that the listing itself does not show."""
        parts = {self.parts.field} if self.parts is not None else set()
        named = self.certificates is not None and self.certificates.of_row
        return frozenset(parts | ({CERTIFICATE_NAME} if named else set()))

    def shows(self, row: JsonObject) -> bool:
        """Whether a listed row is of the kind. Raises TypeError where the row lacks that field."""
        return self.only is None or self.only.is_ours(row)

    def in_words(self) -> str:
        """For the documentation."""
        paths = [self.path + _query(query) for query in self.queries]
        words = " and ".join(f"`GET {path}`" for path in paths)
        if self.only is not None:
            values = " or ".join(f"`{value}`" for value in sorted(self.only.values))
            words += f", where `{self.only.field}` is {values}"
        if self.found_by:
            words += f"; one of them by `?{self.found_by}=`"
        if self.certificates is not None:
            words += ", with the names of `GET /v2/certificates`"
        if self.parts is not None:
            words += (
                f"; `{self.path}/<id>/{self.parts.path}` for at most {self.parts.at_most}"
                " of them a sweep, in turns"
            )
        return words


@dataclass(frozen=True, slots=True)
class NestedListing:
    """What is listed below each object of another kind, at a request or more an object."""

    parents: Listing
    path: str
    """Below the parent's own path."""
    key: str
    owner: str
    """Where a row gets the id of its parent, as if the listing had shown it."""

    def in_words(self) -> str:
        """For the documentation."""
        return f"`GET {self.parents.path}/<id>/{self.path}`"


@dataclass(frozen=True, slots=True)
class BucketListing:
    """Spaces buckets: S3's ListBuckets in each region, or what the projects name."""

    def in_words(self) -> str:
        """For the documentation."""
        return (
            "S3 `ListBuckets` in each region, each bucket measured by `HeadBucket`, else by its"
            " objects, within bounds; where no Spaces keys are configured,"
            " the `do:space:` URNs of the projects, which tell no sizes"
        )


BUCKETS: Final = BucketListing()

AnyListing = Listing | NestedListing | BucketListing


def _query(query: tuple[tuple[str, str], ...]) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""

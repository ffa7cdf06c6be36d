"""The provider's fields that fill the columns of every kind."""

from dataclasses import dataclass
from typing import Any

from kinds.unreadable import JsonObject

__all__ = ["Columns", "read_at"]


@dataclass(frozen=True, slots=True)
class Columns:
    """The provider's field for each column; empty where the kind has none.

    `name` and the statuses may be dotted paths.
    """

    provider_id: str = "id"
    name: str = "name"
    region: str = "region"
    size: str = ""
    statuses: tuple[str, ...] = ("status",)
    """The first non-empty one is the status."""
    tags: str = "tags"
    created_at: str = "created_at"

    def fields(self) -> frozenset[str]:
        """The provider's fields that are only columns."""
        names = {self.provider_id, self.name, self.region, self.size, self.tags, self.created_at}
        whole = {name for name in (*names, *self.statuses) if "." not in name}
        return frozenset(whole - {""})

    def plain(self) -> frozenset[str]:
        """The provider's fields that fill one column each, and that every row should have."""
        status = self.statuses if len(self.statuses) == 1 else ()
        names = {self.name, self.region, self.size, self.tags, self.created_at, *status}
        return frozenset(name for name in names - {"", self.provider_id} if "." not in name)

    def parts(self) -> frozenset[str]:
        """The provider's fields of which only a part is a column."""
        paths = (self.name, *self.statuses)
        return frozenset(path.split(".")[0] for path in paths if "." in path)

    def our_name(self, provider_field: str) -> str:
        """The column of a field of the provider."""
        if provider_field in self.statuses:
            return "status"
        if provider_field == self.created_at:
            return "provider_created_at"
        return next(
            name
            for name in ("name", "region", "size", "tags")
            if getattr(self, name) == provider_field
        )


def read_at(row: JsonObject, path: str) -> Any:
    """The value at a dotted path; None if part of it is missing or null."""
    if "." not in path:
        return row.get(path)
    value: Any = row
    for name in path.split("."):
        if value is None:
            return None
        value = value.get(name)
    return value

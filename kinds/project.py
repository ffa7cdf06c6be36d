"""Projects, which are not resources but contain them."""

from dataclasses import dataclass
from typing import Final

from kinds import RESOURCE_KINDS
from kinds.listing import Listing
from kinds.unreadable import JsonObject, UnreadableRow, described, identify

__all__ = ["PROJECT", "PROJECTS", "ProjectMember", "SightedProject", "member", "sight_project"]

PROJECT: Final = "project"
PROJECTS: Final = Listing("/v2/projects", "projects", "project")

TEXTS: Final = ("name", "description", "purpose", "environment")

OTHER_PURPOSE: Final = "Other: "
"""The provider's prefix of a custom purpose."""

KIND_OF_URN: Final = {urn: kind.name for kind in RESOURCE_KINDS.values() for urn in kind.urns}
"""The kind of a resource by the type of its URN."""


@dataclass(frozen=True, slots=True)
class SightedProject:
    """A project as the provider returns it now, in our terms."""

    provider_id: str
    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ProjectMember:
    """A resource in a project."""

    kind: str
    provider_id: str


def sight_project(row: JsonObject) -> SightedProject:
    """What the inventory records of a project. Raises UnreadableRow."""
    identifier = identify(PROJECT, row)
    texts = {name: row.get(name) or "" for name in TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise UnreadableRow(PROJECT, identifier, f"{name} is {described(value)}, not text")
        if "\0" in value:
            raise UnreadableRow(PROJECT, identifier, f"{name} has a NUL character")
    return SightedProject(
        provider_id=identifier,
        name=texts["name"],
        description=texts["description"],
        purpose=texts["purpose"].removeprefix(OTHER_PURPOSE),
        environment=texts["environment"].lower(),
        is_default=row.get("is_default") is True,
    )


def member(row: JsonObject) -> ProjectMember | None:
    """The resource that a project's row names by URN; None for a kind that we do not keep.

    Raises UnreadableRow for an invalid URN.
    """
    urn = identify("resource of a project", row, "urn")
    if urn.count(":") < 2 or urn.endswith(":"):
        raise UnreadableRow("resource of a project", "", "its urn is invalid")
    _, urn_type, identifier = urn.split(":", 2)
    kind = KIND_OF_URN.get(urn_type)
    return None if kind is None else ProjectMember(kind, identifier)

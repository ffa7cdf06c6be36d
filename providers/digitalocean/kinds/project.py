"""Projects, which are not resources: resources live in them."""

from dataclasses import dataclass
from typing import Final

from providers.digitalocean.errors import MalformedAnswer
from providers.digitalocean.kinds.listing import Listing
from providers.digitalocean.pages import JsonObject

__all__ = ["PROJECT", "PROJECTS", "ProjectMember", "SightedProject", "member", "sight_project"]

PROJECT: Final = "project"
PROJECTS: Final = Listing("/v2/projects", "projects", "project")

OTHER_PURPOSE: Final = "Other: "
"""What the provider puts before a purpose that is not one of its own."""

KIND_OF_URN: Final = {
    "app": "app",
    "dbaas": "database",
    "domain": "domain",
    "droplet": "droplet",
    "floatingip": "reserved_ip",
    "kubernetes": "kubernetes_cluster",
    "loadbalancer": "load_balancer",
    "reservedip": "reserved_ip",
    "reservedipv6": "reserved_ipv6",
    "space": "spaces_bucket",
    "volume": "volume",
    "vpc": "vpc",
}


@dataclass(frozen=True, slots=True)
class SightedProject:
    """A project as the provider shows it now, in our terms."""

    provider_id: str
    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ProjectMember:
    """A resource that lives in a project."""

    kind: str
    provider_id: str


def sight_project(row: JsonObject) -> SightedProject:
    """What the inventory is to know of a project. Raises MalformedAnswer without an id."""
    identifier = row.get("id")
    if not identifier:
        raise MalformedAnswer("a project without `id`")
    return SightedProject(
        provider_id=str(identifier),
        name=row.get("name") or "",
        description=row.get("description") or "",
        purpose=(row.get("purpose") or "").removeprefix(OTHER_PURPOSE),
        environment=(row.get("environment") or "").lower(),
        is_default=row.get("is_default") is True,
    )


def member(row: JsonObject) -> ProjectMember | None:
    """The resource that a project's row names by its URN; None for a kind that we do not keep.

    Raises MalformedAnswer when there is no URN.
    """
    urn = row.get("urn")
    if not isinstance(urn, str) or urn.count(":") < 2:
        raise MalformedAnswer("a project's resource without a URN")
    _, word, identifier = urn.split(":", 2)
    kind = KIND_OF_URN.get(word)
    return None if kind is None else ProjectMember(kind, identifier)

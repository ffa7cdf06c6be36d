"""Whose something is, as it was named and as the catalog knows it."""

from dataclasses import dataclass, field

__all__ = ["Named", "Owner"]


@dataclass(frozen=True, slots=True)
class Named:
    """A deployment as somebody names it, and the tenant they name with it (or none)."""

    tenant_id: str
    deployment: str
    """Its id or its slug."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A deployment by its id, and its tenant."""

    tenant_id: str
    deployment_id: str
    slug: str = field(default="", compare=False)
    """As in a tag; empty where the catalog did not say it."""

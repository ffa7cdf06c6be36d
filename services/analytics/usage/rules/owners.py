"""Owners as given, and as resolved by the catalog."""

from dataclasses import dataclass, field
from uuid import UUID

__all__ = ["Named", "Owner"]


@dataclass(frozen=True, slots=True)
class Named:
    """A deployment as given, with an optional tenant."""

    tenant_id: str
    deployment: str
    """Its id or its slug."""

    @property
    def is_by_id(self) -> bool:
        """Whether it is given by id, which needs no tenant."""
        try:
            UUID(self.deployment)
        except ValueError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Owner:
    """A resolved deployment with its tenant."""

    tenant_id: str
    deployment_id: str
    slug: str = field(default="", compare=False)
    """Its slug, as used in tags; empty if the catalog did not return it."""

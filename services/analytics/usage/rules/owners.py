"""Whose something is, as it was named and as the catalog knows it."""

from dataclasses import dataclass, field
from uuid import UUID

__all__ = ["Named", "Owner"]


@dataclass(frozen=True, slots=True)
class Named:
    """A deployment as somebody names it, and the tenant they name with it (or none)."""

    tenant_id: str
    deployment: str
    """Its id or its slug."""

    @property
    def is_by_id(self) -> bool:
        """Whether it is named by its id, which needs no tenant beside it."""
        try:
            UUID(self.deployment)
        except ValueError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Owner:
    """A deployment by its id, and its tenant."""

    tenant_id: str
    deployment_id: str
    slug: str = field(default="", compare=False)
    """As in a tag; empty where the catalog did not say it."""

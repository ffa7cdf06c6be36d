"""To whom a resource belongs, as the rules see it.

An explicit assignment wins; then the tags `tenant:<id>` and `deployment:<slug>`; then
the tenant of the project that it lives in. Tags that contradict each other give it to
nobody: a resource is never shown, or billed, to a tenant by a guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["NOBODY", "Ownership", "OwnershipSource", "decide"]

TENANT_TAG: Final = "tenant:"
DEPLOYMENT_TAG: Final = "deployment:"


class OwnershipSource(StrEnum):
    """What decided; empty for what is nobody's."""

    EXPLICIT = "explicit"
    TAG = "tag"
    PROJECT = "project"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Ownership:
    """The tenant and the deployment of a resource, and what decided it."""

    tenant_id: str | None
    deployment_id: str | None
    source: OwnershipSource

    def same_owner(self, other: "Ownership") -> bool:
        """Whether both name the same tenant and deployment, whatever decided it."""
        return (self.tenant_id, self.deployment_id) == (other.tenant_id, other.deployment_id)


NOBODY: Final = Ownership(None, None, OwnershipSource.NONE)


def decide(current: Ownership, tags: Iterable[str], project_tenant: str | None) -> Ownership:
    """The owner of a resource with these (lower-case) tags in a project of `project_tenant`."""
    if current.source is OwnershipSource.EXPLICIT:
        return current
    tenants, deployments = set(), set()
    for tag in tags:
        if tag.startswith(TENANT_TAG):
            tenants.add(tag[len(TENANT_TAG) :])
        elif tag.startswith(DEPLOYMENT_TAG):
            deployments.add(tag[len(DEPLOYMENT_TAG) :])
    tenants.discard("")
    deployments.discard("")
    if len(tenants) > 1 or len(deployments) > 1:
        return NOBODY
    if tenants or deployments:
        return Ownership(
            next(iter(tenants), project_tenant),
            next(iter(deployments), None),
            OwnershipSource.TAG,
        )
    if project_tenant:
        return Ownership(project_tenant, None, OwnershipSource.PROJECT)
    return NOBODY

"""To whom a resource belongs, as the rules see it.

An explicit assignment wins; then the tags `tenant:<id>` and `deployment:<slug>`; then
the tenant of the project that it lives in. Tags that contradict each other give it to
nobody: a resource is never shown, or billed, to a tenant by a guess.

A tag names a deployment by its slug, and only within the tenant that the other tag or the project
names: a slug is any tenant's to choose, and alone it proves nothing. Where the catalog has said
which deployment that is, the resource belongs to it; until then the slug stands in its place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "DEPLOYMENT_TAG",
    "NOBODY",
    "NOTHING_KNOWN",
    "DeploymentName",
    "KnownDeployment",
    "KnownDeployments",
    "Ownership",
    "OwnershipSource",
    "decide",
    "deployment_named",
]

TENANT_TAG: Final = "tenant:"
DEPLOYMENT_TAG: Final = "deployment:"

SLUG: Final = re.compile(r"[a-z0-9-]{1,255}")


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


@dataclass(frozen=True, slots=True)
class DeploymentName:
    """How tags name a deployment: its slug within a tenant."""

    named_tenant_id: str
    slug: str


@dataclass(frozen=True, slots=True)
class KnownDeployment:
    """A deployment of the catalog, and its tenant."""

    tenant_id: str
    deployment_id: str


KnownDeployments = Mapping[DeploymentName, KnownDeployment]
NOTHING_KNOWN: Final[KnownDeployments] = {}

NOBODY: Final = Ownership(None, None, OwnershipSource.NONE)


def decide(
    current: Ownership,
    tags: Iterable[str],
    project_tenant: str | None,
    known: KnownDeployments = NOTHING_KNOWN,
) -> Ownership:
    """The owner of a resource with these (lower-case) tags in a project of `project_tenant`."""
    if current.source is OwnershipSource.EXPLICIT:
        return current
    tenants, slugs = _tagged(tags)
    tenant, slug = next(iter(tenants), project_tenant), next(iter(slugs), None)
    if len(tenants) > 1 or len(slugs) > 1 or not tenant:
        return NOBODY
    if not tenants and not slugs:
        return Ownership(tenant, None, OwnershipSource.PROJECT)
    found = known.get(DeploymentName(tenant, slug)) if slug else None
    if found is not None:
        return Ownership(found.tenant_id, found.deployment_id, OwnershipSource.TAG)
    return Ownership(tenant, slug, OwnershipSource.TAG)


def deployment_named(tags: Iterable[str], project_tenant: str | None) -> DeploymentName | None:
    """The deployment that tags name, as the catalog is asked for it.

    None for none, for many, for a slug without a tenant, and for one that no deployment can have.
    """
    tenants, slugs = _tagged(tags)
    tenant = next(iter(tenants), project_tenant)
    if len(tenants) > 1 or len(slugs) != 1 or not tenant:
        return None
    slug = next(iter(slugs))
    if not SLUG.fullmatch(slug):
        return None
    return DeploymentName(tenant, slug)


def _tagged(tags: Iterable[str]) -> tuple[set[str], set[str]]:
    """The tenants and the slugs of deployments that tags name."""
    tenants, slugs = set(), set()
    for tag in tags:
        if tag.startswith(TENANT_TAG):
            tenants.add(tag[len(TENANT_TAG) :])
        elif tag.startswith(DEPLOYMENT_TAG):
            slugs.add(tag[len(DEPLOYMENT_TAG) :])
    tenants.discard("")
    slugs.discard("")
    return tenants, slugs

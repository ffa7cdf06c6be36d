"""The rules of ownership.

An explicit assignment has precedence, then the tags `tenant:<id>` and `deployment:<slug>`, then the
tenant of the project. A resource with contradictory tags belongs to nobody: a resource is never
shown or billed to a tenant by a guess.

A tag has the slug of a deployment, which is unique only within a tenant: the tenant comes from the
other tag or the project. Once the catalog has resolved the slug, the resource belongs to that
deployment; until then the slug is stored instead.
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
    "deployment_name_of",
]

TENANT_TAG: Final = "tenant:"
DEPLOYMENT_TAG: Final = "deployment:"

SLUG: Final = re.compile(r"[a-z0-9-]{1,255}")


class OwnershipSource(StrEnum):
    """The source of ownership; empty without an owner."""

    EXPLICIT = "explicit"
    TAG = "tag"
    PROJECT = "project"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Ownership:
    """The tenant and deployment of a resource, with the source of ownership."""

    tenant_id: str | None
    deployment_id: str | None
    source: OwnershipSource


@dataclass(frozen=True, slots=True)
class DeploymentName:
    """A deployment in tags: a slug within a tenant."""

    named_tenant_id: str
    slug: str


@dataclass(frozen=True, slots=True)
class KnownDeployment:
    """A deployment of the catalog with its tenant."""

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


def deployment_name_of(tags: Iterable[str], project_tenant: str | None) -> DeploymentName | None:
    """The deployment in tags, as a key for the catalog.

    None without a deployment, with several, without a tenant, or with an invalid slug.
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
    """The tenants and slugs of deployments in tags."""
    tenants, slugs = set(), set()
    for tag in tags:
        if tag.startswith(TENANT_TAG):
            tenants.add(tag[len(TENANT_TAG) :])
        elif tag.startswith(DEPLOYMENT_TAG):
            slugs.add(tag[len(DEPLOYMENT_TAG) :])
    tenants.discard("")
    slugs.discard("")
    return tenants, slugs

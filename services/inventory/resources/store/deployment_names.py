"""Resolved deployments of tags: a projection of the catalog, refreshed by every sweep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested
from services.inventory.resources.rules.ownership import (
    DEPLOYMENT_TAG,
    NOTHING_KNOWN,
    DeploymentName,
    KnownDeployment,
    KnownDeployments,
    deployment_name_of,
)

__all__ = ["keep_deployments", "known_deployments", "named_by_tags"]


@dataclass(frozen=True, slots=True)
class _Learned:
    """A resolved name."""

    name: DeploymentName
    deployment: KnownDeployment


KNOWN: Final = text("""
SELECT named_tenant_id, slug, tenant_id, deployment_id
FROM cloud_deployment_names
WHERE slug = ANY (CAST(:slugs AS text[]))
""")

# Few distinct combinations, for any number of rows: of equal tags only one set is looked into.
NAMED: Final = text("""
SELECT DISTINCT ARRAY(SELECT tag FROM unnest(d.tags) AS tag
                      WHERE starts_with(tag, 'tenant:') OR starts_with(tag, 'deployment:')) AS tags,
       d.tenant_id
FROM (
    SELECT DISTINCT r.tags, p.tenant_id
    FROM cloud_resources AS r
    LEFT JOIN cloud_projects AS p ON p.id = r.project_id
    WHERE r.provider = :provider AND r.kind = :kind AND r.deleted_at IS NULL
      AND r.ownership_source = 'tag' AND r.deployment_id IS NOT NULL
) AS d
""")

FORGET: Final = f"""
DELETE FROM cloud_deployment_names
WHERE (named_tenant_id, slug) IN (SELECT * FROM {unnested(DeploymentName, "asked")})
"""

KEEP: Final = f"""
INSERT INTO cloud_deployment_names (named_tenant_id, slug, tenant_id, deployment_id, learned_at)
SELECT *, now() FROM {unnested(_Learned, "kept")}
ON CONFLICT ON CONSTRAINT cloud_deployment_names_pkey DO UPDATE SET
    tenant_id = excluded.tenant_id,
    deployment_id = excluded.deployment_id,
    learned_at = excluded.learned_at
"""


async def known_deployments(
    session: ReadSession, tag_sets: Iterable[Sequence[str]]
) -> KnownDeployments:
    """The resolved deployments of these tags."""
    slugs = {
        tag.removeprefix(DEPLOYMENT_TAG)
        for tags in tag_sets
        for tag in tags
        if tag.startswith(DEPLOYMENT_TAG)
    }
    if not slugs:
        return NOTHING_KNOWN
    rows = await session.execute(KNOWN, {"slugs": sorted(slugs)})
    return {one.name: one.deployment for one in records_of(_Learned, rows)}


async def named_by_tags(session: ReadSession, provider: str, kind: str) -> list[DeploymentName]:
    """The deployment names in tags of existing resources of a kind."""
    rows = await session.execute(NAMED, {"provider": provider, "kind": kind})
    named = {deployment_name_of(row.tags, row.tenant_id) for row in rows}
    return sorted(
        (one for one in named if one is not None), key=lambda one: (one.named_tenant_id, one.slug)
    )


async def keep_deployments(
    session: WriteSession, asked: Sequence[DeploymentName], found: KnownDeployments
) -> None:
    """Stores the resolved names among those looked up, and deletes the others of them."""
    kept = [_Learned(one, found[one]) for one in asked if one in found]
    await session.on_driver(FORGET, arrays_of(DeploymentName, asked, "asked"), binary=False)
    await session.on_driver(KEEP, arrays_of(_Learned, kept, "kept"), binary=False)

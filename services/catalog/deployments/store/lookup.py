"""Looks deployments up by batches of keys, in one statement."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import Deployment, DeploymentKey
from services.catalog.deployments.store.deployments import COLUMNS, deployment_of
from services.common.db.database import ReadSession

__all__ = ["lookup_deployments"]

# Two matches are enough to know that a slug is ambiguous.
LOOKUP: Final = text(f"""
WITH keys AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:tenants AS text[]), CAST(:slugs AS text[]))
        WITH ORDINALITY AS k(id, tenant_id, slug, position)
)
SELECT k.position, {COLUMNS} FROM keys AS k JOIN deployments AS d ON d.id = k.id
UNION ALL
SELECT k.position, d.*
FROM keys AS k CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM deployments AS d
    WHERE k.slug <> '' AND d.slug = k.slug AND (k.tenant_id = '' OR d.tenant_id = k.tenant_id)
    LIMIT 2
) AS d
""")


async def lookup_deployments(
    session: ReadSession, keys: Sequence[DeploymentKey]
) -> list[list[Deployment]]:
    """The matches of each key, in order: none, one, or two if it is ambiguous."""
    values = {
        "ids": [key.id for key in keys],
        "tenants": [key.tenant_id for key in keys],
        "slugs": [key.slug for key in keys],
    }
    found: defaultdict[int, list[Deployment]] = defaultdict(list)
    for row in await session.execute(LOOKUP, values):
        found[row.position].append(deployment_of(row[1:]))
    return [found[position] for position in range(1, len(keys) + 1)]

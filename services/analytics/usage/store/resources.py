"""The usage of each resource in a month: the sum of its facts."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from services.analytics.usage.rules.figures import MeterTotal, ResourceUsage, UsageByResource
from services.common.db.database import ReadSession
from services.common.db.records import records_of
from services.common.values.periods import Period

__all__ = ["usage_by_resource"]


_OF_RESOURCES: Final = """
WITH figures AS (
    SELECT day, pass_id, deployment_id, resource_kind, qty, metered_at FROM daily_usage
    WHERE tenant_id = :tenant_id AND day >= :start AND day < :end
      AND deployment_id = ANY (CAST(:deployments AS text[]))
), resources AS (
    SELECT facts.deployment_id, facts.resource_kind, facts.resource_id,
           max(facts.resource_name) AS resource_name, sum(facts.qty) AS qty
    FROM figures JOIN usage_facts AS facts
      ON facts.day = figures.day AND facts.pass_id = figures.pass_id
     AND facts.tenant_id = :tenant_id AND facts.deployment_id = figures.deployment_id
     AND facts.resource_kind = figures.resource_kind
    WHERE facts.day >= :start AND facts.day < :end
    GROUP BY 1, 2, 3
)
"""
_RESOURCES: Final = text(f"""
{_OF_RESOURCES}
SELECT deployment_id, resource_kind, resource_name, qty FROM resources
ORDER BY deployment_id, resource_kind, qty DESC, resource_name, resource_id LIMIT :limit
""")
_TOTALS: Final = text(f"""
{_OF_RESOURCES}
SELECT totals.deployment_id, totals.resource_kind, totals.qty, totals.metered_at,
       coalesce(counted.resource_count, 0) AS resource_count,
       coalesce(counted.resources_qty, 0) AS resources_qty
FROM (SELECT deployment_id, resource_kind, sum(qty) AS qty, max(metered_at) AS metered_at
      FROM figures GROUP BY 1, 2 HAVING sum(qty) > 0) AS totals
LEFT JOIN (SELECT deployment_id, resource_kind, count(*) AS resource_count,
                  sum(qty) AS resources_qty
           FROM resources GROUP BY 1, 2) AS counted USING (deployment_id, resource_kind)
ORDER BY 1, 2
""")


async def usage_by_resource(
    session: ReadSession, tenant_id: str, period: Period, deployments: Sequence[str], limit: int
) -> UsageByResource:
    """The usage of the resources of a tenant's deployments in a period."""
    asked = {
        "tenant_id": tenant_id,
        "start": period.start,
        "end": period.end,
        "deployments": list(deployments),
    }
    totals = await session.execute(_TOTALS, asked)
    resources = await session.execute(_RESOURCES, asked | {"limit": limit})
    return UsageByResource(
        tuple(records_of(MeterTotal, totals)), tuple(records_of(ResourceUsage, resources))
    )

"""Reads usage: figures, newest day first, and the usage of resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.usage.rules.dimensions import json_of, patterns_of
from services.analytics.usage.rules.figures import (
    DailyUsage,
    MeterTotal,
    Owner,
    ResourceUsage,
    UsageByResource,
)
from services.common.db.database import ReadSession
from services.common.db.records import found_of, records_of
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = ["UsageFilter", "list_usage", "read_figure", "usage_by_resource"]

COLUMNS: Final = """
id, tenant_id, deployment_id, resource_kind, dimensions, day, qty, fact_count, facts_hash,
metered_at, pass_id, aggregation
"""
ONE: Final = text(f"""
SELECT {COLUMNS} FROM daily_usage
WHERE id = :id AND (CAST(:scope AS text) IS NULL OR tenant_id = :scope)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """A filter: empty or None fields do not restrict it; the others are combined with AND."""

    tenant_id: str = ""
    deployment_id: str = ""
    resource_kind: str = ""
    from_day: date | None = None
    to_day: date | None = None
    """Exclusive."""
    owner: Owner | None = None
    """The resolved deployment of `deployment_id`, so that usage under its slug is found too."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Only usage with these, among other dimensions; see `patterns_of`."""


CONDITIONS: Final = {
    "tenant_id": "tenant_id = :tenant_id",
    "resource_kind": "resource_kind = :resource_kind",
    "from_day": "day >= :from_day",
    "to_day": "day < :to_day",
}
MATCHES: Final = """
NOT EXISTS (SELECT FROM jsonb_each_text(CAST(:dimensions AS jsonb)) AS wanted
            WHERE (dimensions ->> wanted.key
                   LIKE ANY (string_to_array(wanted.value, ','))) IS NOT TRUE)
"""


async def list_usage(
    session: ReadSession,
    scope: Scope,
    wanted: UsageFilter,
    asked_page: PageRequest,
    *,
    oldest_first: bool = False,
) -> Page[DailyUsage]:
    """Figures, newest day first unless asked otherwise."""
    later, order = (">", "ASC") if oldest_first else ("<", "DESC")
    values: dict[str, Any] = {name: getattr(wanted, name) for name in CONDITIONS}
    asked = [CONDITIONS[name] for name, value in values.items() if value]
    if wanted.deployment_id:
        named = "deployment_id = :deployment_id"
        values["deployment_id"] = wanted.deployment_id
        if wanted.owner is not None:
            named += " OR tenant_id = :of_tenant AND deployment_id = ANY(CAST(:of_names AS text[]))"
            owner = wanted.owner
            values |= {"of_tenant": owner.tenant_id, "of_names": [owner.deployment_id, owner.slug]}
        asked.append(f"({named})")
    if wanted.dimensions:
        asked.append(MATCHES)
        values["dimensions"] = json_of(patterns_of(wanted.dimensions))
    if not scope.everything:
        # Restricts to the tenant in addition to row-level security.
        asked.append("tenant_id = :scope")
        values["scope"] = scope.tenant_id
    if asked_page.after is not None:
        asked.append(
            f"day {later}= :after_day AND (day {later} :after_day"
            " OR (tenant_id, deployment_id, resource_kind, dimensions) > (:after_tenant,"
            " :after_deployment, :after_kind, CAST(:after_dimensions AS jsonb)))"
        )
        names = (
            "after_day", "after_tenant", "after_deployment", "after_kind", "after_dimensions"
        )  # fmt: skip  # a table
        values |= dict(zip(names, asked_page.after, strict=True))
    statement = text(
        f"SELECT {COLUMNS} FROM daily_usage WHERE {' AND '.join(asked) or 'true'}"
        f" ORDER BY day {order}, tenant_id, deployment_id, resource_kind, dimensions LIMIT :limit"
    )
    used = {name: value for name, value in values.items() if value}
    rows = await session.execute(statement, {**used, "limit": asked_page.limit})
    return asked_page.page(records_of(DailyUsage, rows), _place_of)


def _place_of(one: DailyUsage) -> tuple[object, ...]:
    named = (one.tenant_id, one.deployment_id, one.resource_kind)
    return (one.day, *named, json_of(one.dimensions))


async def read_figure(session: ReadSession, scope: Scope, figure_id: UUID) -> DailyUsage:
    """A figure. Raises NotFound, also for another tenant's and for a replaced one."""
    parameters = {"id": figure_id, "scope": None if scope.everything else scope.tenant_id}
    return found_of(DailyUsage, await session.execute(ONE, parameters), "usage", figure_id)


_OF_RESOURCES: Final = """
WITH figures AS (
    SELECT day, pass_id, deployment_id, resource_kind, dimensions, qty, metered_at
    FROM daily_usage
    WHERE tenant_id = :tenant_id AND day >= :start AND day < :end
      AND deployment_id = ANY (CAST(:deployments AS text[]))
), resources AS (
    SELECT facts.deployment_id, facts.resource_kind, facts.dimensions, facts.resource_id,
           max(facts.resource_name) AS resource_name, sum(facts.qty) AS qty
    FROM figures JOIN usage_facts AS facts
      ON facts.day = figures.day AND facts.pass_id = figures.pass_id
     AND facts.tenant_id = :tenant_id AND facts.deployment_id = figures.deployment_id
     AND facts.resource_kind = figures.resource_kind AND facts.dimensions = figures.dimensions
    WHERE facts.day >= :start AND facts.day < :end
    GROUP BY 1, 2, 3, 4
)
"""
_RESOURCES: Final = text(f"""
{_OF_RESOURCES}
SELECT deployment_id, resource_kind, dimensions, resource_name, qty FROM resources
ORDER BY deployment_id, resource_kind, dimensions, qty DESC, resource_name, resource_id
LIMIT :limit
""")
_TOTALS: Final = text(f"""
{_OF_RESOURCES}
SELECT totals.deployment_id, totals.resource_kind, totals.dimensions, totals.qty,
       totals.metered_at, coalesce(counted.resource_count, 0) AS resource_count,
       coalesce(counted.resources_qty, 0) AS resources_qty
FROM (SELECT deployment_id, resource_kind, dimensions, sum(qty) AS qty,
             max(metered_at) AS metered_at
      FROM figures GROUP BY 1, 2, 3 HAVING sum(qty) > 0) AS totals
LEFT JOIN (SELECT deployment_id, resource_kind, dimensions, count(*) AS resource_count,
                  sum(qty) AS resources_qty
           FROM resources GROUP BY 1, 2, 3) AS counted
    USING (deployment_id, resource_kind, dimensions)
ORDER BY 1, 2, 3
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

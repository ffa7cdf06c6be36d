"""Adoption: re-keys the usage under slugs to the deployments that the catalog knows now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from services.analytics.usage.rules.figures import DeploymentRef, Figure, Owner
from services.analytics.usage.store.aggregation import fold_figures, lock_days
from services.analytics.usage.tables import DEPLOYMENT_ID
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested

__all__ = ["adopt_usage", "names_of_usage"]

# Must be the same text as in the index.
NAMED: Final = f"deployment_id !~ '{DEPLOYMENT_ID}'"
NAMES: Final = text(f"""
SELECT DISTINCT tenant_id, deployment_id FROM daily_usage
WHERE {NAMED} AND (tenant_id, deployment_id) > (:tenant_id, :deployment_id)
ORDER BY tenant_id, deployment_id LIMIT :limit
""")
FIGURES: Final = text(f"""
SELECT day, tenant_id, deployment_id, resource_kind, aggregation FROM daily_usage
JOIN unnest(CAST(:tenants AS text[]), CAST(:slugs AS text[])) AS g (tenant_id, deployment_id)
    USING (tenant_id, deployment_id)
WHERE {NAMED}
ORDER BY day, tenant_id, deployment_id, resource_kind LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Adopted:
    """A figure under a slug, with the id of its deployment."""

    figure: Figure
    id: str


REKEY_FACTS: Final = f"""
UPDATE usage_facts AS f SET deployment_id = g.id
FROM {unnested(Adopted, "g")}
JOIN work_passes AS p ON p.work = 'metering' AND p.subject = g.day AND p.state = 'current'
WHERE (f.day, f.pass_id, f.tenant_id, f.deployment_id, f.resource_kind)
    = (g.day, p.id, g.tenant_id, g.deployment_id, g.resource_kind)
"""
REKEY_EVENTS: Final = f"""
UPDATE usage_events AS e SET deployment_id = g.id
FROM {unnested(Adopted, "g")}
WHERE (e.day, e.tenant_id, e.deployment_id, e.resource_kind)
    = (g.day, g.tenant_id, g.deployment_id, g.resource_kind)
"""


async def names_of_usage(
    session: ReadSession, *, after: DeploymentRef, limit: int
) -> list[DeploymentRef]:
    """A page of the tenants and names with usage whose name is not an id."""
    rows = await session.execute(
        NAMES, {"tenant_id": after.tenant_id, "deployment_id": after.deployment, "limit": limit}
    )
    return [DeploymentRef(row.tenant_id, row.deployment_id) for row in rows]


async def adopt_usage(
    session: WriteSession, owners: Mapping[DeploymentRef, Owner], *, limit: int, now: datetime
) -> bool:
    """Re-keys at most `limit` figures of these names to their deployments, oldest first.

    In closed months, both are recorded as changed. Returns whether there was a figure.
    """
    found = await session.execute(FIGURES, {**_named(owners), "limit": limit})
    figures = records_of(Figure, found)
    if not figures:
        return False
    await lock_days(session, {figure.day for figure in figures})
    adopted = [
        Adopted(one, owners[DeploymentRef(one.tenant_id, one.deployment_id)].deployment_id)
        for one in figures
    ]
    driver, given = await session.driver(), arrays_of(Adopted, adopted, "g")
    await driver.execute(REKEY_FACTS, given)
    await driver.execute(REKEY_EVENTS, given)
    changed = [replace(one.figure, deployment_id=one.id) for one in adopted]
    await fold_figures(session, [*figures, *changed], now=now)
    return True


def _named(names: Mapping[DeploymentRef, Owner]) -> dict[str, Any]:
    ordered: Sequence[DeploymentRef] = list(names)
    return {
        "tenants": [one.tenant_id for one in ordered],
        "slugs": [one.deployment for one in ordered],
    }

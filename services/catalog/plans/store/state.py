"""Reads the whole catalog."""

from typing import Final

from sqlalchemy import text

from services.catalog.plans.rules.changes import CatalogState
from services.catalog.plans.store.addons import all_addons
from services.catalog.plans.store.plans import list_plans
from services.catalog.plans.store.prices import all_prices
from services.common.db.database import ReadSession

__all__ = ["read_state"]

MAX_PLANS: Final = 10_000

NEWEST: Final = text("""
SELECT p.code, max(v.version) AS version
FROM plans AS p JOIN plan_versions AS v ON v.plan_id = p.id GROUP BY p.code
""")


async def read_state(session: ReadSession) -> CatalogState:
    """The current catalog; lock it first if it must not change."""
    plans = await list_plans(session, unpublished=True, after=None, limit=MAX_PLANS)
    return CatalogState(
        plans=tuple(sorted(plans, key=lambda plan: plan.code)),
        addons=await all_addons(session),
        prices=await all_prices(session),
        newest_versions={row.code: row.version for row in await session.execute(NEWEST)},
    )

"""The whole catalog: read at once, and changed as a plan of changes says."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import text

from services.catalog.plans.publish import draft_version, publish_version
from services.catalog.plans.rules.changes import (
    AddonChange,
    CatalogState,
    Change,
    PlanEntryChange,
    PriceChange,
    PriceEnd,
    VersionChange,
)
from services.catalog.plans.store.addons import all_addons, create_addon, update_addon
from services.catalog.plans.store.plans import create_plan, list_plans, rename_plan
from services.catalog.plans.store.prices import all_prices, create_price, end_price
from services.common.db.database import ReadSession, WriteSession

__all__ = ["make_changes", "read_state"]

MAX_PLANS: Final = 10_000

NEWEST: Final = text("""
SELECT p.code, max(v.version) AS version
FROM plans AS p JOIN plan_versions AS v ON v.plan_id = p.id GROUP BY p.code
""")


async def read_state(session: ReadSession) -> CatalogState:
    """What the catalog is; lock it first where it must stay so."""
    plans = await list_plans(session, unpublished=True, after=None, limit=MAX_PLANS)
    return CatalogState(
        plans=tuple(sorted(plans, key=lambda plan: plan.code)),
        addons=await all_addons(session),
        prices=await all_prices(session),
        newest_versions={row.code: row.version for row in await session.execute(NEWEST)},
    )


async def make_changes(session: WriteSession, changes: Iterable[Change]) -> None:
    """Makes changes that were planned for the locked catalog, in their order."""
    for change in changes:
        await _make(session, change)


async def _make(session: WriteSession, change: Change) -> None:
    match change:
        case PlanEntryChange(action="create", entry=plan):
            await create_plan(session, plan.code, plan.name)
        case PlanEntryChange(entry=plan):
            await rename_plan(session, plan.code, plan.name)
        case VersionChange(action="create"):
            await draft_version(session, change.plan_code, change.terms)
        case VersionChange():
            await publish_version(session, change.plan_code, change.version)
        case AddonChange(action="create", entry=addon):
            await create_addon(session, addon.code, addon.terms)
        case AddonChange(entry=addon):
            await update_addon(
                session, addon.code, qty=addon.terms.qty, price_cents=addon.terms.price_cents
            )
        case PriceChange():
            await create_price(session, change.price)
        case PriceEnd():
            await end_price(session, change.price_id, change.effective_to)
        case _:
            raise AssertionError(f"{type(change).__name__} is no change of the catalog")

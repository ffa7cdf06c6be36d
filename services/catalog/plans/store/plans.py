"""Plans: lists, inserts and renames."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.meters.store.costs import all_costs
from services.catalog.meters.store.meters import all_meters
from services.catalog.plans.rules.changes import CatalogState
from services.catalog.plans.rules.plans import Plan
from services.catalog.plans.store.addons import all_addons
from services.catalog.plans.store.prices import all_prices
from services.catalog.plans.store.versions import read_versions
from services.catalog.rebilling.store import all_rules
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, NotFound
from services.common.rpc.paging import Page, PageRequest, first_page

__all__ = ["create_plan", "list_plans", "read_plan", "read_state", "rename_plan"]

UNPRICED: Final = 2**62
"""Sorts plans without an active version last."""

SELECT: Final = f"""
SELECT p.id, p.code, p.name, p.created_at, v.id AS version_id,
       coalesce(v.price_cents, {UNPRICED}) AS price_cents
FROM plans AS p LEFT JOIN plan_versions AS v ON v.plan_id = p.id AND v.status = 'active'
"""

LIST: Final = text(f"""
SELECT * FROM ({SELECT}) AS listed
WHERE (CAST(:unpublished AS boolean) OR version_id IS NOT NULL)
  AND (CAST(:after_code AS text) IS NULL
       OR (price_cents, code) > (CAST(:after_price AS bigint), CAST(:after_code AS text)))
ORDER BY price_cents, code
LIMIT :limit
""")

ONE: Final = text(f"{SELECT} WHERE p.code = :code")

CREATE: Final = text("""
INSERT INTO plans (code, name, created_at) VALUES (:code, :name, now())
ON CONFLICT ON CONSTRAINT plans_code_key DO NOTHING
RETURNING id
""")

RENAME: Final = text("UPDATE plans SET name = :name WHERE code = :code RETURNING id")


async def list_plans(session: ReadSession, asked: PageRequest, *, unpublished: bool) -> Page[Plan]:
    """Plans, cheapest first."""
    price, code = asked.after or (None, None)
    values = {"unpublished": unpublished, "after_price": price, "after_code": code}
    rows = (await session.execute(LIST, {**values, "limit": asked.limit})).all()
    return asked.page(await _plans(session, rows), _place_of)


def _place_of(plan: Plan) -> tuple[int, str]:
    version = plan.active_version
    return (version.terms.price_cents if version else UNPRICED, plan.code)


async def read_plan(session: ReadSession, code: str) -> Plan:
    """A plan, published or not. Raises NotFound."""
    found = await _plans(session, (await session.execute(ONE, {"code": code})).all())
    if not found:
        raise NotFound("plan", code)
    return found[0]


async def create_plan(session: WriteSession, code: str, name: str) -> Plan:
    """Inserts a plan without a version. Raises AlreadyExists if the code is taken."""
    await lock_catalog(session)
    made = await session.execute(CREATE, {"code": code, "name": name})
    if made.first() is None:
        raise AlreadyExists.of_field(
            "code", f"a plan {code!r} already exists", reason="PLAN_EXISTS", code=code
        )
    return await read_plan(session, code)


async def rename_plan(session: WriteSession, code: str, name: str) -> Plan:
    """Renames a plan. Raises NotFound."""
    await lock_catalog(session)
    await session.execute(RENAME, {"code": code, "name": name})
    return await read_plan(session, code)


async def _plans(session: ReadSession, rows: Sequence[Any]) -> list[Plan]:
    active = [row.version_id for row in rows if row.version_id is not None]
    versions = await read_versions(session, active) if active else {}
    return [
        Plan(row.id, row.code, row.name, row.created_at, versions.get(row.version_id))
        for row in rows
    ]


MAX_PLANS: Final = first_page(10_000)

NEWEST: Final = text("""
SELECT p.code, max(v.version) AS version
FROM plans AS p JOIN plan_versions AS v ON v.plan_id = p.id GROUP BY p.code
""")


async def read_state(session: ReadSession) -> CatalogState:
    """The current catalog; lock it first if it must not change."""
    plans = (await list_plans(session, MAX_PLANS, unpublished=True)).rows
    return CatalogState(
        plans=tuple(sorted(plans, key=lambda plan: plan.code)),
        addons=await all_addons(session),
        prices=await all_prices(session),
        rules=tuple(await all_rules(session)),
        newest_versions={row.code: row.version for row in await session.execute(NEWEST)},
        meters=await all_meters(session),
        costs=await all_costs(session),
    )

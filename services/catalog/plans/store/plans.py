"""Plans: lists, inserts and renames."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.rules.plans import Plan
from services.catalog.plans.store.versions import read_versions
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, FieldViolation, NotFound

__all__ = ["PlanPosition", "create_plan", "list_plans", "position_of", "read_plan", "rename_plan"]

PlanPosition = tuple[int, str]

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


async def list_plans(
    session: ReadSession, *, unpublished: bool, after: PlanPosition | None, limit: int
) -> list[Plan]:
    """Plans, cheapest first; `after` is the price and code of the previous page's last one."""
    price, code = after or (None, None)
    values = {"unpublished": unpublished, "after_price": price, "after_code": code}
    rows = (await session.execute(LIST, {**values, "limit": limit})).all()
    return await _plans(session, rows)


def position_of(plan: Plan) -> PlanPosition:
    """The sort key of a plan."""
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
        message = f"a plan {code!r} already exists"
        raise AlreadyExists(
            f"code: {message}",
            reason="PLAN_EXISTS",
            metadata={"field": "code", "code": code},
            violations=(FieldViolation("code", message),),
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

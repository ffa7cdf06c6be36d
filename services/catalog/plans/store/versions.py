"""Plan versions with their items: read, in batches of any size in two statements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.catalog.plans.rules.plans import PlanItem, PlanVersion, PriceTier, VersionTerms
from services.catalog.vocabulary import PricingModel, VersionStatus
from services.common.db.database import ReadSession
from services.common.errors import NotFound

__all__ = ["find_active_version", "find_version", "read_versions", "versions_of"]

SELECT: Final = """
SELECT v.id, p.code, p.name, v.version, v.status, v.price_cents, v.currency, v.created_at,
       v.published_at, v.retired_at
FROM plan_versions AS v JOIN plans AS p ON p.id = v.plan_id
"""

BY_ID: Final = text(f"{SELECT} WHERE v.id = ANY(:ids)")

ACTIVE: Final = text(f"{SELECT} WHERE p.code = :code AND v.status = 'active'")

BY_NUMBER: Final = text(f"{SELECT} WHERE p.code = :code AND v.version = :version")

ITEMS: Final = text("""
SELECT plan_version_id, resource_kind, included_qty, overage_unit, overage_price_cents,
       hard_cap_qty, pricing_model, tier_up_to_qtys, tier_price_cents, package_qty, amount_cents
FROM plan_items WHERE plan_version_id = ANY(:ids)
ORDER BY plan_version_id, position
""")


async def read_versions(session: ReadSession, ids: Iterable[UUID]) -> dict[UUID, PlanVersion]:
    """The versions with these ids, drafts too; what is not there is left out."""
    found = await versions_of(session, BY_ID, ids=list(ids))
    return {version.id: version for version in found}


async def find_active_version(session: ReadSession, plan_code: str) -> PlanVersion:
    """The version that a plan is sold at now. Raises NotFound where there is none."""
    found = await versions_of(session, ACTIVE, code=plan_code)
    if not found:
        raise NotFound("plan", plan_code)
    return found[0]


async def find_version(session: ReadSession, plan_code: str, version: int) -> PlanVersion:
    """A version by its number, whatever its status. Raises NotFound."""
    found = await versions_of(session, BY_NUMBER, code=plan_code, version=version)
    if not found:
        raise NotFound("plan version", f"{plan_code}/{version}")
    return found[0]


async def versions_of(
    session: ReadSession, statement: TextClause, **values: object
) -> list[PlanVersion]:
    """The versions of a statement that selects as SELECT does, in its order."""
    rows = (await session.execute(statement, values)).all()
    if not rows:
        return []
    found = await session.execute(ITEMS, {"ids": [row.id for row in rows]})
    items: defaultdict[UUID, list[PlanItem]] = defaultdict(list)
    for row in found:
        items[row.plan_version_id].append(_item(row[1:]))
    return [_version(row, items[row.id]) for row in rows]


def _version(row: Any, items: Sequence[PlanItem]) -> PlanVersion:  # noqa: ANN401
    identifier, code, name, version, status, price_cents, currency, *instants = row
    created_at, published_at, retired_at = instants
    return PlanVersion(
        id=identifier,
        plan_code=code,
        plan_name=name,
        version=version,
        status=VersionStatus(status),
        terms=VersionTerms(price_cents, currency, tuple(items)),
        created_at=created_at,
        published_at=published_at,
        retired_at=retired_at,
    )


def _item(columns: Sequence[Any]) -> PlanItem:
    kind, included, unit, price, cap, model, limits, prices, package, amount = columns
    return PlanItem(
        resource_kind=kind,
        included_qty=included,
        overage_unit=unit,
        overage_price_cents=price,
        hard_cap_qty=cap,
        pricing_model=PricingModel(model),
        tiers=tuple(PriceTier(*tier) for tier in zip(limits, prices, strict=True)),
        package_qty=package,
        amount_cents=amount,
    )

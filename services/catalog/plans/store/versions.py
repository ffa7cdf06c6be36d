"""Plan versions with their items, read in batches with two statements."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.catalog.plans.rules.matches import match_json, match_of
from services.catalog.plans.rules.plans import PlanItem, PlanVersion, PriceTier, VersionTerms
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import record_of, records_of
from services.common.errors import NotFound
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "active_version_id",
    "active_versions",
    "find_active_version",
    "find_version",
    "insert_draft",
    "list_versions",
    "make_active",
    "read_versions",
    "replace_draft",
    "versions_of",
]

SELECT: Final = """
SELECT v.id, p.code AS plan_code, p.name AS plan_name, v.version, v.status, v.price_cents,
       v.currency, v.created_at, v.published_at, v.retired_at
FROM plan_versions AS v JOIN plans AS p ON p.id = v.plan_id
"""

BY_ID: Final = text(f"{SELECT} WHERE v.id = ANY(:ids)")

ACTIVE: Final = text(f"{SELECT} WHERE p.code = :code AND v.status = 'active'")

ALL_ACTIVE: Final = text(f"{SELECT} WHERE v.status = 'active' ORDER BY p.code")

BY_NUMBER: Final = text(f"{SELECT} WHERE p.code = :code AND v.version = :version")

ITEMS: Final = text("""
SELECT plan_version_id, resource_kind, included_qty, overage_unit, overage_price_cents,
       hard_cap_qty, pricing_model, tier_up_to_qtys, tier_price_cents, package_qty, amount_cents,
       match
FROM plan_items WHERE plan_version_id = ANY(:ids)
ORDER BY plan_version_id, position
""")


LIST: Final = text(f"""
{SELECT}
WHERE p.code = :code AND (CAST(:before AS integer) IS NULL OR v.version < CAST(:before AS integer))
ORDER BY v.version DESC
LIMIT :limit
""")

DRAFT: Final = text("""
INSERT INTO plan_versions (plan_id, version, price_cents, currency, created_at)
SELECT :plan_id, coalesce(max(version), 0) + 1, :price_cents, :currency, now()
FROM plan_versions WHERE plan_id = :plan_id
RETURNING id
""")

REDRAFT: Final = text("""
UPDATE plan_versions SET price_cents = :price_cents, currency = :currency WHERE id = :id
""")

FORGET_ITEMS: Final = text("DELETE FROM plan_items WHERE plan_version_id = :id")

ADD_ITEM: Final = text("""
INSERT INTO plan_items
    (plan_version_id, position, resource_kind, included_qty, overage_unit, overage_price_cents,
     hard_cap_qty, pricing_model, tier_up_to_qtys, tier_price_cents, package_qty, amount_cents,
     match)
VALUES (:id, :position, :resource_kind, :included_qty, :overage_unit, :overage_price_cents,
        :hard_cap_qty, :pricing_model, CAST(:limits AS numeric[]), CAST(:prices AS numeric[]),
        :package_qty, :amount_cents, CAST(:match AS jsonb))
""")

ACTIVE_ID: Final = text(
    "SELECT id FROM plan_versions WHERE plan_id = :plan_id AND status = 'active'"
)

RETIRE: Final = text("""
UPDATE plan_versions SET status = 'retired', retired_at = now() WHERE id = :id
""")

PUBLISH: Final = text("""
UPDATE plan_versions SET status = 'active', published_at = now() WHERE id = :id
""")


async def read_versions(session: ReadSession, ids: Iterable[UUID]) -> dict[UUID, PlanVersion]:
    """The versions with these ids, including drafts; unknown ids are omitted."""
    found = await versions_of(session, BY_ID, ids=list(ids))
    return {version.id: version for version in found}


async def find_active_version(session: ReadSession, plan_code: str) -> PlanVersion:
    """The active version of a plan. Raises NotFound if there is none."""
    found = await versions_of(session, ACTIVE, code=plan_code)
    if not found:
        raise NotFound("plan", plan_code)
    return found[0]


async def active_versions(session: ReadSession) -> list[PlanVersion]:
    """The active version of every plan that has one, by the plan's code."""
    return await versions_of(session, ALL_ACTIVE)


async def find_version(session: ReadSession, plan_code: str, version: int) -> PlanVersion:
    """A version by number, in any status. Raises NotFound."""
    found = await versions_of(session, BY_NUMBER, code=plan_code, version=version)
    if not found:
        raise NotFound("plan version", f"{plan_code}/{version}")
    return found[0]


async def list_versions(
    session: ReadSession, plan_code: str, asked: PageRequest
) -> Page[PlanVersion]:
    """The versions of a plan, newest first."""
    place = {"before": asked.after, "limit": asked.limit}
    found = await versions_of(session, LIST, code=plan_code, **place)
    return asked.page(found, attrgetter("version"))


async def insert_draft(session: WriteSession, plan_id: UUID, terms: VersionTerms) -> UUID:
    """Inserts the next version of a plan as a draft; returns its id."""
    values = {"plan_id": plan_id, "price_cents": terms.price_cents, "currency": terms.currency}
    identifier: UUID = (await session.execute(DRAFT, values)).scalar_one()
    await _add_items(session, identifier, terms)
    return identifier


async def replace_draft(session: WriteSession, identifier: UUID, terms: VersionTerms) -> None:
    """Replaces the terms of a draft."""
    values = {"id": identifier, "price_cents": terms.price_cents, "currency": terms.currency}
    await session.execute(REDRAFT, values)
    await session.execute(FORGET_ITEMS, {"id": identifier})
    await _add_items(session, identifier, terms)


async def active_version_id(session: ReadSession, plan_id: UUID) -> UUID | None:
    """The active version of a plan; None if there is none."""
    found = await session.execute(ACTIVE_ID, {"plan_id": plan_id})
    identifier: UUID | None = found.scalar_one_or_none()
    return identifier


async def make_active(session: WriteSession, identifier: UUID, *, retired: UUID | None) -> None:
    """Publishes a draft and retires the active version."""
    if retired is not None:
        await session.execute(RETIRE, {"id": retired})
    await session.execute(PUBLISH, {"id": identifier})


async def versions_of(
    session: ReadSession, statement: TextClause, **values: object
) -> list[PlanVersion]:
    """The versions of a statement with the columns of SELECT, in its order."""
    rows = (await session.execute(statement, values)).all()
    if not rows:
        return []
    found = await session.execute(ITEMS, {"ids": [row.id for row in rows]})
    items: defaultdict[UUID, list[PlanItem]] = defaultdict(list)
    for row in found:
        tiers = map(PriceTier, row.tier_up_to_qtys, row.tier_price_cents)
        item = replace(record_of(PlanItem, row), tiers=tuple(tiers), match=match_of(row.match))
        items[row.plan_version_id].append(item)
    return [
        replace(one, terms=replace(one.terms, items=tuple(items[one.id])))
        for one in records_of(PlanVersion, rows)
    ]


async def _add_items(session: WriteSession, identifier: UUID, terms: VersionTerms) -> None:
    rows = [
        {"id": identifier, "position": position, **_values(item)}
        for position, item in enumerate(terms.items)
    ]
    if rows:
        await session.execute(ADD_ITEM, rows)


def _values(item: PlanItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in PlanItem.__slots__} | {
        "limits": [tier.up_to_qty for tier in item.tiers],
        "prices": [tier.unit_price_cents for tier in item.tiers],
        "match": match_json(item.match),
    }

"""Plan versions drafted, rewritten as drafts, and published; one change at a time."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.rules.plans import PlanItem, PlanVersion, VersionTerms
from services.catalog.plans.store.plans import read_plan
from services.catalog.plans.store.versions import SELECT, find_version, read_versions, versions_of
from services.catalog.vocabulary import VersionStatus
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import Aborted, FailedPrecondition

__all__ = ["Published", "draft_version", "list_versions", "publish_version", "redraft_version"]

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
     hard_cap_qty, pricing_model, tier_up_to_qtys, tier_price_cents, package_qty, amount_cents)
VALUES (:id, :position, :resource_kind, :included_qty, :overage_unit, :overage_price_cents,
        :hard_cap_qty, :pricing_model, CAST(:limits AS numeric[]), CAST(:prices AS numeric[]),
        :package_qty, :amount_cents)
""")

ACTIVE: Final = text("SELECT id FROM plan_versions WHERE plan_id = :plan_id AND status = 'active'")

RETIRE: Final = text("""
UPDATE plan_versions SET status = 'retired', retired_at = now() WHERE id = :id
""")

PUBLISH: Final = text("""
UPDATE plan_versions SET status = 'active', published_at = now() WHERE id = :id
""")


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is active now, and the one that it replaced."""

    version: PlanVersion
    retired: PlanVersion | None


async def list_versions(
    session: ReadSession, plan_code: str, *, before: int | None, limit: int
) -> list[PlanVersion]:
    """The versions of a plan, newest first. Raises NotFound for an unknown plan."""
    await read_plan(session, plan_code)
    return await versions_of(session, LIST, code=plan_code, before=before, limit=limit)


async def draft_version(session: WriteSession, plan_code: str, terms: VersionTerms) -> PlanVersion:
    """Drafts the next version of a plan. Raises NotFound for an unknown plan."""
    await lock_catalog(session)
    plan = await read_plan(session, plan_code)
    values = {"plan_id": plan.id, "price_cents": terms.price_cents, "currency": terms.currency}
    identifier: UUID = (await session.execute(DRAFT, values)).scalar_one()
    await _add_items(session, identifier, terms)
    return (await read_versions(session, [identifier]))[identifier]


async def redraft_version(
    session: WriteSession, plan_code: str, version: int, terms: VersionTerms
) -> PlanVersion:
    """Lets a draft say something else.

    Raises NotFound, and FailedPrecondition for a version that was published.
    """
    await lock_catalog(session)
    before = await find_version(session, plan_code, version)
    _require_draft(before)
    values = {"id": before.id, "price_cents": terms.price_cents, "currency": terms.currency}
    await session.execute(REDRAFT, values)
    await session.execute(FORGET_ITEMS, {"id": before.id})
    await _add_items(session, before.id, terms)
    return await find_version(session, plan_code, version)


async def publish_version(session: WriteSession, plan_code: str, version: int) -> Published:
    """Makes a draft the active version, and retires the one before.

    Raises NotFound; FailedPrecondition for a version that was published already; Aborted
    when another version of the plan was published while this call waited for its turn.
    """
    plan = await read_plan(session, plan_code)
    before = await _active(session, plan.id)
    await lock_catalog(session)
    draft = await find_version(session, plan_code, version)
    _require_draft(draft)
    active = await _active(session, plan.id)
    if active != before:
        raise Aborted(
            f"another version of plan {plan_code!r} was just published",
            reason="PUBLISHED_MEANWHILE",
            metadata={"plan_code": plan_code},
        )
    if active is not None:
        await session.execute(RETIRE, {"id": active})
    await session.execute(PUBLISH, {"id": draft.id})
    changed = await read_versions(session, [draft.id, *([active] if active else [])])
    return Published(changed[draft.id], changed[active] if active else None)


async def _active(session: ReadSession, plan_id: UUID) -> UUID | None:
    found: UUID | None = (await session.execute(ACTIVE, {"plan_id": plan_id})).scalar_one_or_none()
    return found


def _require_draft(version: PlanVersion) -> None:
    if version.status is not VersionStatus.DRAFT:
        raise FailedPrecondition(
            f"version {version.version} of plan {version.plan_code!r} is {version.status}:"
            " what was published stays as it is",
            reason="VERSION_PUBLISHED",
            metadata={"plan_code": version.plan_code, "status": version.status},
        )


async def _add_items(session: WriteSession, identifier: UUID, terms: VersionTerms) -> None:
    rows = [
        {"id": identifier, "position": position, **_values(item)}
        for position, item in enumerate(terms.items)
    ]
    if rows:
        await session.execute(ADD_ITEM, rows)


def _values(item: PlanItem) -> dict[str, Any]:
    return {
        "resource_kind": item.resource_kind,
        "included_qty": item.included_qty,
        "overage_unit": item.overage_unit,
        "overage_price_cents": item.overage_price_cents,
        "hard_cap_qty": item.hard_cap_qty,
        "pricing_model": item.pricing_model,
        "limits": [tier.up_to_qty for tier in item.tiers],
        "prices": [tier.unit_price_cents for tier in item.tiers],
        "package_qty": item.package_qty,
        "amount_cents": item.amount_cents,
    }

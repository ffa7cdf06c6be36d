"""Drafts, updates and publishes plan versions; changes are serialized."""

from dataclasses import dataclass

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.rules.deciding import check_items_decide
from services.catalog.plans.rules.plans import PlanVersion, VersionTerms
from services.catalog.plans.store import versions
from services.catalog.plans.store.plans import read_plan
from services.catalog.vocabulary import VersionStatus
from services.common.db.database import WriteSession
from services.common.errors import Aborted, FailedPrecondition

__all__ = ["Published", "draft_version", "publish_version", "redraft_version"]


@dataclass(frozen=True, slots=True)
class Published:
    """The active version, and the one that it replaced."""

    plan_version: PlanVersion
    retired_version: PlanVersion | None


async def draft_version(session: WriteSession, plan_code: str, terms: VersionTerms) -> PlanVersion:
    """Drafts the next version of a plan. Raises NotFound for an unknown plan."""
    await lock_catalog(session)
    plan = await read_plan(session, plan_code)
    identifier = await versions.insert_draft(session, plan.id, terms)
    return (await versions.read_versions(session, [identifier]))[identifier]


async def redraft_version(
    session: WriteSession, plan_code: str, version: int, terms: VersionTerms
) -> PlanVersion:
    """Replaces the terms of a draft.

    Raises NotFound, and FailedPrecondition for a published version.
    """
    await lock_catalog(session)
    before = await versions.find_version(session, plan_code, version)
    _require_draft(before)
    await versions.replace_draft(session, before.id, terms)
    return await versions.find_version(session, plan_code, version)


async def publish_version(session: WriteSession, plan_code: str, version: int) -> Published:
    """Publishes a draft as the active version and retires the previous one.

    Raises NotFound; FailedPrecondition for a published version, or if two of its items tie for some
    usage; Aborted if another version of the plan was published while this call waited for the lock.
    """
    plan = await read_plan(session, plan_code)
    before = await versions.active_version_id(session, plan.id)
    await lock_catalog(session)
    draft = await versions.find_version(session, plan_code, version)
    _require_draft(draft)
    check_items_decide(draft.terms)
    active = await versions.active_version_id(session, plan.id)
    if active != before:
        raise Aborted(
            f"another version of plan {plan_code!r} was just published",
            reason="PUBLISHED_MEANWHILE",
            metadata={"plan_code": plan_code},
        )
    await versions.make_active(session, draft.id, retired=active)
    changed = await versions.read_versions(session, [draft.id, *([active] if active else [])])
    return Published(changed[draft.id], changed[active] if active else None)


def _require_draft(version: PlanVersion) -> None:
    if version.status is not VersionStatus.DRAFT:
        raise FailedPrecondition(
            f"version {version.version} of plan {version.plan_code!r} is {version.status}:"
            " a published version cannot be changed",
            reason="VERSION_PUBLISHED",
            metadata={"plan_code": version.plan_code, "status": version.status},
        )

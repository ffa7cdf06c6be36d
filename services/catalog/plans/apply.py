"""Applies a catalog document, guarded by the state for which its changes were shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.meters.declare import add_meter
from services.catalog.meters.rules.meters import BUILT_IN, Meters
from services.catalog.meters.store.costs import create_cost
from services.catalog.meters.store.meters import update_meter
from services.catalog.plans.document import hash_of
from services.catalog.plans.publish import draft_version, publish_version
from services.catalog.plans.rules.changes import (
    AddonChange,
    CatalogDocument,
    Change,
    MeterChange,
    MeterCostChange,
    PlanEntryChange,
    PriceChange,
    PriceEnd,
    RuleChange,
    RuleEnd,
    VersionChange,
)
from services.catalog.plans.rules.diff import plan_changes
from services.catalog.plans.store.addons import create_addon, update_addon
from services.catalog.plans.store.plans import create_plan, read_state, rename_plan
from services.catalog.plans.store.prices import create_price, end_price
from services.catalog.rebilling.rules.rule_diff import check_months
from services.catalog.rebilling.store import create_rule, end_row
from services.common.db.database import WriteSession
from services.common.errors import Aborted

__all__ = ["Applied", "apply_document", "make_changes"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The applied or planned changes, and the state after or before them."""

    changes: Sequence[Change]
    state_hash: str


async def apply_document(
    session: WriteSession,
    wanted: CatalogDocument,
    *,
    shown: str,
    validate_only: bool,
    by: str,
    now: datetime,
    meters: Meters = BUILT_IN,
) -> Applied:
    """Applies the changes of a document in the name of a subject, or only plans them.

    `meters` are those with which the document was read.

    Raises Aborted if the catalog is no longer in the state `shown` (empty: not checked), and
    FailedPrecondition for a change that is not possible.
    """
    await lock_catalog(session)
    state = await read_state(session)
    before = hash_of(state)
    if shown and shown != before:
        raise Aborted(
            "state_hash: the catalog has changed since the changes were shown",
            reason="CATALOG_CHANGED",
            metadata={"field": "state_hash", "state_hash": before},
        )
    if meters != Meters.of(state.meters):
        raise Aborted(
            "document: the meters have changed since it was read; apply it again",
            reason="CATALOG_CHANGED",
            metadata={"field": "document"},
        )
    changes = plan_changes(state, wanted)
    check_months(changes, now.date())
    if validate_only:
        return Applied(changes, before)
    await make_changes(session, changes, by=by, now=now)
    return Applied(changes, hash_of(await read_state(session)))


async def make_changes(
    session: WriteSession, changes: Iterable[Change], *, by: str, now: datetime
) -> None:
    """Applies changes planned for the locked catalog, in order."""
    for change in changes:
        match change:
            case MeterChange() | MeterCostChange():
                await _change_meters(session, change, by=by, now=now)
            case PlanEntryChange() | VersionChange():
                await _change_plans(session, change)
            case AddonChange(action="create", entry=addon):
                await create_addon(session, addon.code, addon.terms)
            case AddonChange(entry=addon):
                await update_addon(
                    session, addon.code, qty=addon.terms.qty, price_cents=addon.terms.price_cents
                )
            case PriceChange() | PriceEnd():
                await _change_prices(session, change)
            case RuleChange() | RuleEnd():
                await _change_rules(session, change, by=by, now=now)
            case _:
                raise AssertionError(f"{type(change).__name__} is not a change of the catalog")


async def _change_meters(
    session: WriteSession, change: MeterChange | MeterCostChange, *, by: str, now: datetime
) -> None:
    match change:
        case MeterChange(action="create", terms=terms):
            await add_meter(session, terms, created_by=by, at=now)
        case MeterChange(terms=terms):
            await update_meter(session, terms)
        case MeterCostChange(cost=cost):
            await create_cost(session, cost, created_by=by, at=now)


async def _change_plans(session: WriteSession, change: PlanEntryChange | VersionChange) -> None:
    match change:
        case PlanEntryChange(action="create", entry=plan):
            await create_plan(session, plan.code, plan.name)
        case PlanEntryChange(entry=plan):
            await rename_plan(session, plan.code, plan.name)
        case VersionChange(action="create"):
            await draft_version(session, change.plan_code, change.terms)
        case VersionChange():
            await publish_version(session, change.plan_code, change.version)


async def _change_prices(session: WriteSession, change: PriceChange | PriceEnd) -> None:
    if isinstance(change, PriceEnd):
        await end_price(session, change.price_id, change.effective_to)
    else:
        await create_price(session, change.price)


async def _change_rules(
    session: WriteSession, change: RuleChange | RuleEnd, *, by: str, now: datetime
) -> None:
    if isinstance(change, RuleEnd):
        await end_row(session, change.rule_id, change.effective_to, now)
        return
    if change.replaces is not None:
        await end_row(session, change.replaces, change.rule.effective_from, now)
    await create_rule(session, change.rule, created_by=by, now=now)

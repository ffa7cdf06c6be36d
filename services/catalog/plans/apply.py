"""Applies a catalog document, guarded by the state for which its changes were shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.document import hash_of
from services.catalog.plans.publish import draft_version, publish_version
from services.catalog.plans.rules.changes import (
    AddonChange,
    CatalogDocument,
    Change,
    PlanEntryChange,
    PriceChange,
    PriceEnd,
    VersionChange,
)
from services.catalog.plans.rules.diff import plan_changes
from services.catalog.plans.store.addons import create_addon, update_addon
from services.catalog.plans.store.plans import create_plan, read_state, rename_plan
from services.catalog.plans.store.prices import create_price, end_price
from services.common.db.database import WriteSession
from services.common.errors import Aborted

__all__ = ["Applied", "apply_document", "make_changes"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The applied or planned changes, and the state after or before them."""

    changes: Sequence[Change]
    state_hash: str


async def apply_document(
    session: WriteSession, wanted: CatalogDocument, *, shown: str, validate_only: bool
) -> Applied:
    """Applies the changes of a document, or only plans them.

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
    changes = plan_changes(state, wanted)
    if validate_only:
        return Applied(changes, before)
    await make_changes(session, changes)
    return Applied(changes, hash_of(await read_state(session)))


async def make_changes(session: WriteSession, changes: Iterable[Change]) -> None:
    """Applies changes planned for the locked catalog, in order."""
    for change in changes:
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
                raise AssertionError(f"{type(change).__name__} is not a change of the catalog")

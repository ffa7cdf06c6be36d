"""A catalog document brought into force, against the state that its changes were shown for."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.document import hash_of
from services.catalog.plans.rules.changes import CatalogDocument, Change
from services.catalog.plans.rules.diff import plan_changes
from services.catalog.plans.store.state import make_changes, read_state
from services.common.db.database import WriteSession
from services.common.errors import Aborted

__all__ = ["Applied", "apply_document"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The changes that were made, or would be, and the state that they lead to, or begin at."""

    changes: Sequence[Change]
    state_hash: str


async def apply_document(
    session: WriteSession, wanted: CatalogDocument, *, shown: str, validate_only: bool
) -> Applied:
    """Makes the changes that a document asks for, or only plans them.

    Raises Aborted when the catalog is no longer in the state `shown` (empty: not checked),
    and FailedPrecondition for a change that cannot be made.
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

"""Loads the seeded catalog of a new installation without overwriting anything."""

from functools import cache
from pathlib import Path

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.apply import make_changes
from services.catalog.plans.document import read_document
from services.catalog.plans.rules.changes import CatalogDocument, Change
from services.catalog.plans.rules.diff import missing_from, plan_changes
from services.catalog.plans.store.plans import read_state
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.values.clock import utc_now

__all__ = ["seed", "seeded"]


@cache
def seeded() -> CatalogDocument:
    """The seeded catalog."""
    return read_document(Path(__file__).with_name("seed.yaml").read_text())


async def seed(database: Database) -> list[Change]:
    """Adds the entries that the catalog does not have; returns them.

    Idempotent, also if two processes run it concurrently.
    """
    async with database.write(ALL) as session:
        await lock_catalog(session)
        state = await read_state(session)
        changes = plan_changes(state, missing_from(state, seeded()))
        await make_changes(session, changes, by="seed", now=utc_now())
    return changes

"""Retires event meters."""

from datetime import datetime

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.meters.rules.declaring import check_not_needed, check_not_retired
from services.catalog.meters.rules.meters import StoredMeter
from services.catalog.meters.store import meters as store
from services.catalog.meters.store.needs import needs_of
from services.common.db.database import WriteSession

__all__ = ["retire_meter"]


async def retire_meter(session: WriteSession, code: str, at: datetime) -> StoredMeter:
    """Retires an event meter: no new price and no new event may name it.

    Raises NotFound, and FailedPrecondition for a retired meter or one that the catalog needs.
    """
    await lock_catalog(session)
    check_not_retired(await store.read_meter(session, code))
    check_not_needed(code, await needs_of(session, code, at.date()))
    return await store.retire_meter(session, code, at)

"""Adds and changes event meters."""

from collections.abc import Sequence
from datetime import datetime

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.meters.rules.declaring import check_count, check_not_retired, updated
from services.catalog.meters.rules.meters import Meters, MeterTerms, StoredMeter, Unit
from services.catalog.meters.store import meters as store
from services.common.db.database import WriteSession

__all__ = ["add_meter", "change_meter", "meters_for_sale"]


async def meters_for_sale(session: WriteSession) -> Meters:
    """The known meters; locks the catalog, so that none is retired before the commit."""
    await lock_catalog(session)
    return await store.read_meters(session)


async def add_meter(
    session: WriteSession, terms: MeterTerms, *, created_by: str, at: datetime
) -> StoredMeter:
    """Adds an event meter.

    Raises AlreadyExists if the code is taken, FailedPrecondition if there are too many.
    """
    check_count(len((await meters_for_sale(session)).own))
    return await store.create_meter(session, terms, created_by=created_by, at=at)


async def change_meter(
    session: WriteSession,
    code: str,
    *,
    name: str | None,
    units: Sequence[Unit],
    dimensions: Sequence[str],
) -> StoredMeter:
    """Renames an event meter, and adds units and dimensions.

    Raises NotFound, and FailedPrecondition for a retired meter or a unit that would change.
    """
    await lock_catalog(session)
    before = await store.read_meter(session, code)
    check_not_retired(before)
    terms = updated(before.terms, name=name, units=units, dimensions=dimensions)
    return before if terms == before.terms else await store.update_meter(session, terms)

"""States what the units of event meters cost."""

from dataclasses import replace
from datetime import datetime

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.meters.rules.costs import NewCost, unit_of
from services.catalog.meters.rules.meters import MeterCost
from services.catalog.meters.store.costs import create_cost
from services.catalog.meters.store.meters import read_meter
from services.common.db.database import WriteSession

__all__ = ["set_cost"]


async def set_cost(
    session: WriteSession, cost: NewCost, *, created_by: str, at: datetime
) -> MeterCost:
    """States a cost for its months; an earlier one stays in force outside them.

    Raises NotFound for an unknown meter, InvalidArgument for a unit that it does not have, and
    FailedPrecondition if a cost without an end would overlap one with a later start.
    """
    await lock_catalog(session)
    meter = await read_meter(session, cost.meter_code)
    cost = replace(cost, unit=unit_of(cost, meter.terms))
    return await create_cost(session, cost, created_by=created_by, at=at)

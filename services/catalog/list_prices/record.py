"""Records the list prices that a sync read, and the effects of changes on margins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.catalog.list_prices.declared import declared_prices
from services.catalog.list_prices.rules.list_prices import PricedUnit, planned_sync
from services.catalog.list_prices.rules.margin_effects import margin_effects, sold_prices
from services.catalog.list_prices.store.changes import NewChange, insert_changes
from services.catalog.list_prices.store.list_prices import (
    lock_list_prices,
    open_list_prices,
    write_sync,
)
from services.catalog.plans.store.prices import all_prices
from services.catalog.plans.store.versions import active_versions
from services.catalog.quotes.margin_inputs import ExchangeRates
from services.common.db.database import Database
from services.common.identity.callers import ALL

__all__ = ["ProviderPrices", "Recorded", "record_list_prices"]


@dataclass(frozen=True, slots=True)
class ProviderPrices:
    """The prices from a provider's API on a day."""

    provider: str
    on: date
    prices: Sequence[PricedUnit]
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many prices a sync added, changed, and found unchanged."""

    added_count: int
    changed_count: int
    unchanged_count: int


async def record_list_prices(
    database: Database, rates: ExchangeRates, reported: ProviderPrices, now: datetime
) -> Recorded:
    """Adds and changes list prices, with an event for each change.

    Unchanged prices write nothing, so a second run of a sync changes nothing.
    """
    async with database.read(ALL) as session:
        versions, prices = await active_versions(session), await all_prices(session)
    sold = [*sold_prices(versions, prices, reported.on)]
    conversions = {
        currency: await rates.to(currency, reported.on)
        for currency in sorted({price.currency for price in sold})
    }
    async with database.write(ALL) as session:
        await lock_list_prices(session)
        known = await open_list_prices(session, reported.provider)
        sync = planned_sync(known, declared_prices(reported.provider), reported.prices, reported.on)
        ids = await write_sync(
            session, reported.provider, sync, recorded_by=reported.recorded_by, now=now
        )
        if sync.changed:
            changes = [
                NewChange(
                    before_id=before.id,
                    after_id=ids[after.series],
                    effective_on=day,
                    margin_effects=margin_effects(before.price, after, sold, conversions),
                )
                for before, after, day in sync.changed
            ]
            await insert_changes(session, changes, changed_by=reported.recorded_by, now=now)
    return Recorded(len(sync.added), len(sync.changed), sync.unchanged_count)

"""A cached price list, read again only after the catalog changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import text

from services.catalog.meters.store.meters import read_meters
from services.catalog.plans.store.addons import all_addons
from services.catalog.plans.store.prices import all_prices
from services.catalog.plans.store.versions import SELECT as SELECT_VERSIONS
from services.catalog.plans.store.versions import versions_of
from services.catalog.quotes.rules.price_list import PriceList
from services.catalog.quotes.rules.snapshots import (
    Known,
    addon_snapshot,
    price_snapshots,
    version_snapshot,
)
from services.catalog.quotes.store.billable import costs_in
from services.common.db.database import Database, ReadSession
from services.common.db.single_statements import compiled
from services.common.identity.callers import Scope
from services.common.values.periods import FIRST_YEAR, LAST_YEAR, Period

__all__ = ["CATALOG_ONLY", "EVER", "REVISION", "PriceListReader", "read_revision"]

CATALOG_ONLY: Final = Scope("")
"""A scope that sees the catalog and no tenant's rows."""

# ctid and xmin change with every update of a row. Every change of list prices adds a row.
REVISION: Final = """
SELECT md5(string_agg(place, ',' ORDER BY place)) FROM (
    SELECT 'p' || ctid || xmin FROM plans
    UNION ALL SELECT 'v' || ctid || xmin FROM plan_versions WHERE status = 'active'
    UNION ALL SELECT 'a' || ctid || xmin FROM addons
    UNION ALL SELECT 'r' || ctid || xmin FROM resource_prices
    UNION ALL SELECT 'b' || ctid || xmin FROM rebilling_rules
    UNION ALL SELECT 'm' || ctid || xmin FROM meters
    UNION ALL (SELECT 'l' || id FROM list_prices ORDER BY id DESC LIMIT 1)
) AS sold (place)
"""
"""The revision of the catalog, as SQL: a statement that contains it uses one snapshot for both."""

REVISION_NOW: Final = text(REVISION)
EVER: Final = Period(date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1))

READ_REVISION: Final = compiled(REVISION_NOW)

ACTIVE: Final = text(f"{SELECT_VERSIONS} WHERE v.status = 'active'")


async def read_revision(session: ReadSession) -> str:
    """The revision of the catalog on sale; empty for an empty catalog."""
    return str((await session.execute(REVISION_NOW)).scalar_one() or "")


async def _price_list(session: ReadSession) -> PriceList:
    """Reads the price list in a constant number of statements."""
    versions = [version_snapshot(version) for version in await versions_of(session, ACTIVE)]
    addons, prices = await all_addons(session), await all_prices(session)
    return PriceList(
        {version.plan_code: version for version in versions},
        {addon.code: (addon_snapshot(addon), addon.terms.currency) for addon in addons},
        Known(
            {},
            price_snapshots(prices),
            costs=await costs_in(session, EVER),
            meters=await read_meters(session),
        ),
    )


class PriceListReader:
    """Reads the price list once for concurrent callers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: PriceList | None = None

    @property
    def known(self) -> PriceList | None:
        """The cached price list, which may be outdated."""
        return self._known

    async def read(self, askers: Sequence[None]) -> list[PriceList]:
        """The current price list, for each caller.

        The revision is read before the list: a list newer than its revision is read again, and an
        older one is never cached.
        """
        rows = await self._database.single_read(CATALOG_ONLY).fetch(READ_REVISION, {})
        revision = rows[0][0] or ""
        if self._known is None or revision != self._known.revision:
            async with self._database.read(CATALOG_ONLY) as session:
                self._known = replace(await _price_list(session), revision=revision)
        return [self._known] * len(askers)

"""The SQL of list prices: open ones, lists, and the writes of a sync, in sets."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, text

from services.catalog.list_prices.rules.list_prices import (
    ALWAYS,
    Dimensions,
    ListPrice,
    PricedUnit,
    Source,
    Sync,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.db.single_statements import SingleRead, compiled
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = [
    "COLUMNS",
    "ListPriceFilter",
    "fetch_prices_on",
    "list_prices",
    "list_prices_in",
    "lock_list_prices",
    "open_list_prices",
    "price_at",
    "write_sync",
]

COLUMNS: Final = (
    *("id", "provider", "meter", "dimensions", "usd", "per_qty", "source"),
    *("effective_from", "effective_to"),
)

SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM list_prices"

LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('list_prices', 0))")

OPEN: Final = text(f"""
{SELECT}
WHERE provider = :provider AND superseded_at IS NULL AND effective_to IS NULL
ORDER BY meter, dimensions
""")

ON: Final = compiled(
    text(f"""
{SELECT}
WHERE superseded_at IS NULL AND daterange(effective_from, effective_to) @> CAST(:day AS date)
  AND meter = ANY(CAST(:meters AS text[]))
ORDER BY meter, dimensions, provider
""")
)

IN_PERIOD: Final = text(f"""
{SELECT}
WHERE superseded_at IS NULL
  AND effective_from < :end AND (effective_to IS NULL OR effective_to > :start)
ORDER BY meter, dimensions, effective_from, provider
""")

LIST: Final = text(f"""
{SELECT}
WHERE superseded_at IS NULL
  AND (CAST(:provider AS text) = '' OR provider = CAST(:provider AS text))
  AND (CAST(:meter AS text) = '' OR meter = CAST(:meter AS text))
  AND (CAST(:in_force_on AS date) IS NULL
       OR daterange(effective_from, effective_to) @> CAST(:in_force_on AS date))
  AND (CAST(:after_meter AS text) IS NULL
       OR (meter, dimensions) > (CAST(:after_meter AS text), CAST(:after_dimensions AS text))
       OR (meter, dimensions) = (CAST(:after_meter AS text), CAST(:after_dimensions AS text))
          AND (effective_from, id) < (CAST(:after_day AS date), CAST(:after_id AS uuid)))
ORDER BY meter, dimensions, effective_from DESC, id DESC
LIMIT :limit
""")

END: Final = text("""
UPDATE list_prices AS price
SET effective_to = ended.day
FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS ended (id, day)
WHERE price.id = ended.id AND price.effective_from < ended.day
""")

SUPERSEDE: Final = text("""
UPDATE list_prices AS price
SET superseded_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS ended (id, day)
WHERE price.id = ended.id AND price.effective_from = ended.day
""")

INSERT: Final = text("""
INSERT INTO list_prices (provider, meter, dimensions, usd, per_qty, source, effective_from,
                         recorded_by, created_at)
SELECT :provider, meter, dimensions, usd, per_qty, source, effective_from, :recorded_by, :now
FROM unnest(CAST(:meters AS text[]), CAST(:dimensions AS text[]), CAST(:usd AS numeric[]),
            CAST(:per_qty AS numeric[]), CAST(:sources AS text[]), CAST(:from AS date[]))
     AS new (meter, dimensions, usd, per_qty, source, effective_from)
RETURNING id, meter, dimensions
""")


@dataclass(frozen=True, slots=True)
class ListPriceFilter:
    """A filter; empty or None fields do not restrict it."""

    provider: str = ""
    meter: str = ""
    in_force_on: date | None = None


async def lock_list_prices(session: WriteSession) -> None:
    """Locks list prices against other syncs until the transaction ends."""
    await session.execute(LOCK)


async def open_list_prices(session: ReadSession, provider: str) -> list[ListPrice]:
    """The open prices of a provider: one per series."""
    return [price_at(row) for row in await session.execute(OPEN, {"provider": provider})]


async def fetch_prices_on(session: SingleRead, meters: Iterable[str], day: date) -> list[ListPrice]:
    """The prices of some meters in force on a day, of every provider, in a single statement."""
    rows = await session.fetch(ON, {"meters": sorted(set(meters)), "day": day})
    return [_price_of(*row) for row in rows]


async def list_prices_in(session: ReadSession, period: Period) -> list[ListPrice]:
    """The prices in force on a day of a period, of every provider."""
    rows = await session.execute(IN_PERIOD, {"start": period.start, "end": period.end})
    return [price_at(row) for row in rows]


async def list_prices(
    session: ReadSession, wanted: ListPriceFilter, asked: PageRequest
) -> Page[ListPrice]:
    """Prices by meter and dimensions, newest first."""
    names = ("after_meter", "after_dimensions", "after_day", "after_id")
    after = dict(zip(names, asked.after or (None,) * 4, strict=True))
    parameters = {**asdict(wanted), "limit": asked.limit, **after}
    return asked.page([price_at(row) for row in await session.execute(LIST, parameters)], _place_of)


def _place_of(one: ListPrice) -> tuple[str, str, date, UUID]:
    dimensions = canonical_dimensions(one.price.dimensions)
    return one.price.meter, dimensions, one.effective_from, one.id


async def write_sync(
    session: WriteSession, provider: str, sync: Sync, *, recorded_by: str, now: datetime
) -> dict[tuple[str, Dimensions], UUID]:
    """Closes the changed prices and opens the new ones; returns the new ids by series."""
    if sync.changed:
        ended = {
            "ids": [one.id for one, _, _ in sync.changed],
            "days": [day for _, _, day in sync.changed],
        }
        await session.execute(SUPERSEDE, {**ended, "now": now})
        await session.execute(END, ended)
    new = [(price, ALWAYS) for price in sync.added]
    new += [(price, day) for _, price, day in sync.changed]
    if not new:
        return {}
    made = await session.execute(
        INSERT,
        {
            "provider": provider,
            "recorded_by": recorded_by,
            "now": now,
            **_arrays([price for price, _ in new]),
            "from": [day for _, day in new],
        },
    )
    return {(row.meter, _dimensions(row.dimensions)): row.id for row in made}


def canonical_dimensions(dimensions: Dimensions) -> str:
    """Dimensions as stored: JSON with sorted keys."""
    return orjson.dumps(dict(dimensions), option=orjson.OPT_SORT_KEYS).decode()


def _arrays(prices: Sequence[PricedUnit]) -> dict[str, list[Any]]:
    return {
        "meters": [price.meter for price in prices],
        "dimensions": [canonical_dimensions(price.dimensions) for price in prices],
        "usd": [price.usd for price in prices],
        "per_qty": [price.per_qty for price in prices],
        "sources": [price.source.value for price in prices],
    }


def _dimensions(written: str) -> Dimensions:
    return tuple(sorted(orjson.loads(written).items()))


def price_at(row: Row[Any], prefix: str = "") -> ListPrice:
    """The price in the columns of a row with a prefix."""
    return _price_of(*[getattr(row, f"{prefix}{name}") for name in COLUMNS])


def _price_of(
    identifier: UUID, provider: str, meter: str, dimensions: str, usd: Decimal, per_qty: Decimal,
    source: str, start: date, end: date | None,
) -> ListPrice:  # fmt: skip
    """A price from its columns, in their order."""
    unit = PricedUnit(meter, _dimensions(dimensions), usd, per_qty, Source(source))
    return ListPrice(identifier, provider, unit, start, end)

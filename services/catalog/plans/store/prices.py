"""Unit prices of usage without a plan item: effective-dated and without overlap."""

from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, text

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.rules.matches import Match, match_json, match_of
from services.catalog.plans.rules.plans import ResourcePrice, UnitPrice
from services.catalog.plans.tables import resource_prices
from services.common.db.database import ReadSession, WriteSession
from services.common.db.effective_rows import set_row
from services.common.rpc.paging import Page, PageRequest
from services.common.values.effective_dates import Span
from services.common.values.periods import Period

__all__ = [
    "all_prices",
    "create_price",
    "end_price",
    "list_prices",
    "priced_kinds",
    "prices_in",
    "prices_of",
]

COLUMNS: Final = """
id, continues, resource_kind, unit, unit_price_cents, currency, effective_from, effective_to, match
"""

SELECT: Final = f"SELECT {COLUMNS} FROM resource_prices"

ALL: Final = text(
    f"{SELECT} WHERE superseded_at IS NULL"
    " ORDER BY resource_kind, currency, match::text, effective_from"
)

OF_KIND: Final = text(f"""
{SELECT}
WHERE superseded_at IS NULL AND resource_kind = :kind AND currency = :currency
ORDER BY match::text, effective_from
""")

IN_PERIOD: Final = text(f"""
{SELECT}
WHERE superseded_at IS NULL
  AND effective_from < :end AND (effective_to IS NULL OR effective_to > :start)
ORDER BY resource_kind, currency, match::text, effective_from
""")

LIST: Final = text(f"""
{SELECT}
WHERE superseded_at IS NULL
  AND (CAST(:kind AS text) = '' OR resource_kind = CAST(:kind AS text))
  AND (CAST(:day AS date) IS NULL OR daterange(effective_from, effective_to) @> CAST(:day AS date))
  AND (CAST(:after_kind AS text) IS NULL
       OR (resource_kind, currency, match::text)
          > (CAST(:after_kind AS text), CAST(:after_currency AS text),
             CAST(CAST(:after_match AS jsonb) AS text))
       OR (resource_kind, currency, match::text)
          = (CAST(:after_kind AS text), CAST(:after_currency AS text),
             CAST(CAST(:after_match AS jsonb) AS text))
          AND effective_from < CAST(:after_day AS date))
ORDER BY resource_kind, currency, match::text, effective_from DESC
LIMIT :limit
""")

PRICED: Final = text(
    "SELECT DISTINCT currency, resource_kind, match FROM resource_prices"
    " WHERE superseded_at IS NULL"
)

END: Final = text("UPDATE resource_prices SET effective_to = :day WHERE id = :id")


async def prices_in(session: ReadSession, period: Period) -> list[ResourcePrice]:
    """Every price in force on a day of a period, by kind, currency, match and first day."""
    rows = await session.execute(IN_PERIOD, {"start": period.start, "end": period.end})
    return [_price(row) for row in rows]


async def priced_kinds(
    session: ReadSession,
) -> tuple[dict[str, set[str]], dict[str, dict[str, set[Match]]]]:
    """By currency the kinds of usage that ever had a unit price without a match.

    And by currency and kind the matches that had one.
    """
    priced: dict[str, set[str]] = {}
    matched: dict[str, dict[str, set[Match]]] = {}
    for row in await session.execute(PRICED):
        if row.match:
            of_kind = matched.setdefault(row.currency, {}).setdefault(row.resource_kind, set())
            of_kind.add(match_of(row.match))
        else:
            priced.setdefault(row.currency, set()).add(row.resource_kind)
    return priced, matched


async def all_prices(session: ReadSession) -> tuple[ResourcePrice, ...]:
    """Every price ever set, by kind, currency, match and first day."""
    return tuple(map(_price, await session.execute(ALL)))


async def prices_of(session: ReadSession, kind: str, currency: str) -> list[ResourcePrice]:
    """Every price of a kind in a currency, by match and first day."""
    rows = await session.execute(OF_KIND, {"kind": kind, "currency": currency})
    return [_price(row) for row in rows]


async def list_prices(
    session: ReadSession, asked: PageRequest, *, kind: str, day: date | None
) -> Page[ResourcePrice]:
    """Prices by kind, currency and match, newest first."""
    names = ("after_kind", "after_currency", "after_match", "after_day")
    after = dict(zip(names, asked.after or (None,) * 4, strict=True))
    values = {"kind": kind, "day": day, "limit": asked.limit, **after}
    return asked.page([_price(row) for row in await session.execute(LIST, values)], _place_of)


def _place_of(kept: ResourcePrice) -> tuple[str, str, str, date]:
    price = kept.price
    return (
        price.resource_kind, price.currency, match_json(price.match), price.effective_from
    )  # fmt: skip  # a table


async def create_price(session: WriteSession, price: UnitPrice) -> ResourcePrice:
    """Sets a price for its days; earlier prices of its match stay in force outside them.

    Raises FailedPrecondition if a price without an end would overlap one with a later start.
    """
    await lock_catalog(session)
    kept = await set_row(
        session,
        resource_prices,
        ResourcePrice,
        same={
            "resource_kind": price.resource_kind,
            "currency": price.currency,
            "match": dict(price.match),
        },
        values={
            "unit": price.unit,
            "unit_price_cents": price.unit_price_cents,
            "created_at": func.now(),
        },
        span=Span(price.effective_from, price.effective_to),
        reason="PRICE_OVERLAPS",
    )
    return replace(kept, price=replace(kept.price, match=price.match))


async def end_price(session: WriteSession, identifier: UUID, day: date) -> None:
    """Ends an open price; `day` is exclusive."""
    await session.execute(END, {"id": identifier, "day": day})


def _price(row: Any) -> ResourcePrice:
    identifier, continues, *terms, match = row
    return ResourcePrice(identifier, UnitPrice(*(*terms, match_of(match))), continues)

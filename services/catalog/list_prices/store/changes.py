"""The SQL of changes of list prices."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, text

from services.catalog.list_prices.rules.list_prices import ListPrice
from services.catalog.list_prices.rules.margin_effects import MarginEffect
from services.catalog.list_prices.store.list_prices import COLUMNS, price_at
from services.common.db.database import ReadSession, WriteSession
from services.common.rpc.paging import Page, PageRequest
from services.common.values.money import plain

__all__ = ["ListPriceChange", "NewChange", "insert_changes", "list_changes"]

INSERT: Final = text("""
INSERT INTO list_price_changes
    (before_id, after_id, effective_on, changed_by, changed_at, margin_effects)
SELECT before_id, after_id, effective_on, :changed_by, :changed_at, CAST(effects AS jsonb)
FROM unnest(CAST(:before_ids AS uuid[]), CAST(:after_ids AS uuid[]), CAST(:days AS date[]),
            CAST(:effects AS text[])) AS new (before_id, after_id, effective_on, effects)
""")

OF_PRICES: Final = ", ".join(
    f"{side}.{column} AS {side}_{column}" for side in ("before", "after") for column in COLUMNS
)

LIST: Final = text(f"""
SELECT change.id, effective_on, changed_by, changed_at, margin_effects, {OF_PRICES}
FROM list_price_changes AS change
JOIN list_prices AS before ON before.id = before_id
JOIN list_prices AS after ON after.id = after_id
WHERE (CAST(:meter AS text) = '' OR after.meter = CAST(:meter AS text))
  AND (CAST(:after AS uuid) IS NULL OR change.id < CAST(:after AS uuid))
ORDER BY change.id DESC
LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to store."""

    before_id: UUID
    after_id: UUID
    effective_on: date
    margin_effects: Sequence[MarginEffect]


@dataclass(frozen=True, slots=True)
class ListPriceChange:
    """A stored change of a list price."""

    id: UUID
    before: ListPrice
    after: ListPrice
    effective_on: date
    changed_by: str
    changed_at: datetime
    margin_effects: Sequence[MarginEffect]


async def insert_changes(
    session: WriteSession, changes: Sequence[NewChange], *, changed_by: str, now: datetime
) -> None:
    """Records changes, in one statement."""
    parameters = {
        "before_ids": [one.before_id for one in changes],
        "after_ids": [one.after_id for one in changes],
        "days": [one.effective_on for one in changes],
        "effects": [_written(one.margin_effects) for one in changes],
        "changed_by": changed_by,
        "changed_at": now,
    }
    await session.execute(INSERT, parameters)


async def list_changes(
    session: ReadSession, meter: str, asked: PageRequest
) -> Page[ListPriceChange]:
    """Changes, newest first."""
    parameters = {"meter": meter, "after": asked.after, "limit": asked.limit}
    found = [_change(row) for row in await session.execute(LIST, parameters)]
    return asked.page(found, attrgetter("id"))


def _written(effects: Sequence[MarginEffect]) -> str:
    """Decimals as text, so that they are read exactly."""
    return orjson.dumps([asdict(one) for one in effects], default=plain).decode()


def _change(row: Row[Any]) -> ListPriceChange:
    return ListPriceChange(
        row.id,
        price_at(row, "before_"),
        price_at(row, "after_"),
        row.effective_on,
        row.changed_by,
        row.changed_at,
        [_effect(one) for one in row.margin_effects],
    )


def _effect(stored: dict[str, Any]) -> MarginEffect:
    numbers = ("unit_price_cents", "margin_percent_before", "margin_percent_after", "exchange_rate")
    read = {name: None if stored[name] is None else Decimal(stored[name]) for name in numbers}
    return MarginEffect(**(stored | read))

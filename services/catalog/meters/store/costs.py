"""The SQL of what the units of event meters cost, the built-in ones too."""

from collections.abc import Iterable
from datetime import date, datetime
from operator import attrgetter
from typing import Final

from sqlalchemy import text

from kinds.metering import METERS
from services.catalog.meters.rules.costs import NewCost
from services.catalog.meters.rules.meters import ListedMeter, MeterCost
from services.catalog.meters.tables import meter_costs
from services.catalog.quotes.rules.margin_guard import StatedCost
from services.common.db.database import ReadSession, WriteSession
from services.common.db.effective_rows import set_row
from services.common.db.records import records_of
from services.common.db.single_statements import SingleRead, compiled
from services.common.rpc.paging import Page, PageRequest

__all__ = ["all_costs", "create_cost", "fetch_costs_on", "list_costs", "read_built_in"]

COLUMNS: Final = """
id, meter_code, unit, unit_cost_cents, currency, effective_from, effective_to, created_by,
created_at
"""
SELECT: Final = f"SELECT {COLUMNS} FROM meter_costs WHERE superseded_at IS NULL"

ALL: Final = text(f"{SELECT} ORDER BY meter_code, effective_from")

LIST: Final = text(f"""
{SELECT}
  AND (CAST(:meter AS text) = '' OR meter_code = CAST(:meter AS text))
  AND (CAST(:day AS date) IS NULL OR daterange(effective_from, effective_to) @> CAST(:day AS date))
  AND (CAST(:after_code AS text) IS NULL OR meter_code > CAST(:after_code AS text)
       OR meter_code = CAST(:after_code AS text) AND effective_from < CAST(:after_day AS date))
ORDER BY meter_code, effective_from DESC
LIMIT :limit
""")

OF_METERS: Final = text(f"""
{SELECT} AND meter_code = ANY(CAST(:codes AS text[]))
  AND daterange(effective_from, effective_to) @> CAST(:day AS date)
""")


# A cost is of a unit, usage is in base units. The units of built-in meters are in no table.
ON: Final = compiled(
    text("""
SELECT c.meter_code, c.unit_cost_cents, c.unit, CAST(m.units ->> c.unit AS bigint), c.currency
FROM meter_costs AS c LEFT JOIN meters AS m ON m.code = c.meter_code
WHERE c.meter_code = ANY(CAST(:codes AS text[])) AND c.superseded_at IS NULL
  AND daterange(c.effective_from, c.effective_to) @> CAST(:day AS date)
""")
)


async def all_costs(session: ReadSession) -> tuple[MeterCost, ...]:
    """Every cost ever stated, by meter and first month."""
    return tuple(records_of(MeterCost, await session.execute(ALL)))


async def fetch_costs_on(
    session: SingleRead, codes: Iterable[str], day: date
) -> dict[str, StatedCost]:
    """The costs of some meters in force on a day, in a single statement."""
    rows = await session.fetch(ON, {"codes": sorted(codes), "day": day})
    return {
        code: StatedCost(cents, METERS[code].units[unit] if code in METERS else factor, currency)
        for code, cents, unit, factor, currency in rows
    }


async def read_built_in(session: ReadSession, codes: Iterable[str], day: date) -> list[ListedMeter]:
    """Built-in meters with their stated costs on a day, which only an operator's session sees."""
    found = sorted(codes)
    rows = await session.execute(OF_METERS, {"codes": found, "day": day})
    costs = {one.meter_code: one for one in records_of(MeterCost, rows)}
    return [ListedMeter.built_in(METERS[code], costs.get(code)) for code in found]


async def list_costs(
    session: ReadSession, asked: PageRequest, *, meter: str, day: date | None
) -> Page[MeterCost]:
    """Costs by meter, newest first."""
    code, start = asked.after or (None, None)
    values = {
        "meter": meter, "day": day, "after_code": code, "after_day": start, "limit": asked.limit
    }  # fmt: skip
    found = records_of(MeterCost, await session.execute(LIST, values))
    return asked.page(found, attrgetter("meter_code", "effective_from"))


async def create_cost(
    session: WriteSession, cost: NewCost, *, created_by: str, at: datetime
) -> MeterCost:
    """States a cost for its months; an earlier one stays in force outside them.

    Raises FailedPrecondition if a cost without an end would overlap one with a later start.
    """
    return await set_row(
        session,
        meter_costs,
        MeterCost,
        same={"meter_code": cost.meter_code},
        values={
            "unit": cost.unit,
            "unit_cost_cents": cost.unit_cost_cents,
            "currency": cost.currency,
            "created_by": created_by,
            "created_at": at,
        },
        span=cost.span,
        reason="COST_OVERLAPS",
    )

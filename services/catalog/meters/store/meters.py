"""The SQL of event meters."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, text

from kinds.metering import Aggregation, Basis
from services.catalog.meters.rules.meters import (
    BUILT_IN,
    ListedMeter,
    MeterCost,
    Meters,
    MeterTerms,
    StoredMeter,
    Unit,
    in_order,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, NotFound

__all__ = [
    "all_meters",
    "create_meter",
    "list_meters",
    "read_meter",
    "read_meters",
    "retire_meter",
    "update_meter",
]

COLUMNS: Final = """
m.code, m.name, m.units, m.aggregation, m.basis, m.dimensions, m.created_by, m.created_at,
m.retired_at
"""

ALL: Final = text(f"SELECT {COLUMNS} FROM meters AS m ORDER BY m.code")

ONE: Final = text(f"SELECT {COLUMNS} FROM meters AS m WHERE m.code = :code")

COST: Final = """
c.id, c.meter_code, c.unit, c.unit_cost_cents, c.currency, c.effective_from, c.effective_to,
c.created_by AS cost_created_by, c.created_at AS cost_created_at
"""

LIST: Final = text(f"""
SELECT {COLUMNS}, {COST}
FROM meters AS m LEFT JOIN meter_costs AS c ON c.meter_code = m.code AND c.superseded_at IS NULL
    AND daterange(c.effective_from, c.effective_to) @> CAST(:day AS date)
WHERE m.code > coalesce(CAST(:after AS text), '')
  AND (CAST(:codes AS text[]) = '{{}}' OR m.code = ANY(CAST(:codes AS text[])))
  AND (:retired OR m.retired_at IS NULL)
ORDER BY m.code
LIMIT :limit
""")

CREATE: Final = text(f"""
INSERT INTO meters AS m
    (code, name, units, aggregation, basis, dimensions, created_by, created_at)
VALUES (:code, :name, CAST(:units AS jsonb), :aggregation, :basis, :dimensions, :created_by, :at)
ON CONFLICT ON CONSTRAINT meters_pkey DO NOTHING
RETURNING {COLUMNS}
""")

UPDATE: Final = text(f"""
UPDATE meters AS m
SET name = :name, units = CAST(:units AS jsonb), dimensions = :dimensions
WHERE m.code = :code
RETURNING {COLUMNS}
""")

RETIRE: Final = text(f"UPDATE meters AS m SET retired_at = :at WHERE m.code = :code"
                     f" RETURNING {COLUMNS}")  # fmt: skip


async def read_meters(session: ReadSession) -> Meters:
    """The known meters; lock the catalog first if none may be retired meanwhile."""
    found = await all_meters(session)
    return Meters.of(found) if found else BUILT_IN


async def all_meters(session: ReadSession) -> tuple[StoredMeter, ...]:
    """Every event meter, by code."""
    return tuple(map(_stored, await session.execute(ALL)))


async def read_meter(session: ReadSession, code: str) -> StoredMeter:
    """An event meter. Raises NotFound."""
    return _found((await session.execute(ONE, {"code": code})).first(), code)


async def list_meters(
    session: ReadSession,
    *,
    after: str | None,
    limit: int,
    day: date,
    codes: Sequence[str] = (),
    include_retired: bool = True,
) -> list[ListedMeter]:
    """Event meters by code, with their costs on a day, which only an operator's session sees."""
    values = {
        "after": after, "limit": limit, "day": day, "codes": list(codes),
        "retired": include_retired,
    }  # fmt: skip
    rows = await session.execute(LIST, values)
    return [ListedMeter.stored(_stored(row), _cost(row)) for row in rows]


async def create_meter(
    session: WriteSession, terms: MeterTerms, *, created_by: str, at: datetime
) -> StoredMeter:
    """Inserts an event meter. Raises AlreadyExists if the code is taken."""
    values = {**_values(terms), "created_by": created_by, "at": at}
    made = (await session.execute(CREATE, values)).first()
    if made is None:
        raise AlreadyExists.of_field(
            "code", f"a meter {terms.code!r} already exists", reason="METER_EXISTS",
            code=terms.code,
        )  # fmt: skip
    return _stored(made)


async def update_meter(session: WriteSession, terms: MeterTerms) -> StoredMeter:
    """Replaces name, units and dimensions of an event meter. Raises NotFound."""
    return _found((await session.execute(UPDATE, _values(terms))).first(), terms.code)


async def retire_meter(session: WriteSession, code: str, at: datetime) -> StoredMeter:
    """Retires an event meter. Raises NotFound."""
    return _found((await session.execute(RETIRE, {"code": code, "at": at})).first(), code)


def _values(terms: MeterTerms) -> dict[str, Any]:
    return {
        "code": terms.code,
        "name": terms.name,
        "units": json.dumps({one.unit: one.factor for one in terms.units}),
        "aggregation": terms.aggregation.value,
        "basis": terms.basis.value,
        "dimensions": list(terms.dimensions),
    }


def _found(row: Row[Any] | None, code: str) -> StoredMeter:
    if row is None:
        raise NotFound("meter", code)
    return _stored(row)


def _stored(row: Row[Any]) -> StoredMeter:
    terms = MeterTerms(
        row.code,
        row.name,
        in_order(Unit(unit, factor) for unit, factor in row.units.items()),
        Aggregation(row.aggregation),
        Basis(row.basis),
        tuple(row.dimensions),
    )
    return StoredMeter(terms, row.retired_at, row.created_by, row.created_at)


def _cost(row: Row[Any]) -> MeterCost | None:
    if row.id is None:
        return None
    return MeterCost(
        row.id, row.meter_code, row.unit, row.unit_cost_cents, row.currency, row.effective_from,
        row.effective_to, row.cost_created_by, row.cost_created_at,
    )  # fmt: skip

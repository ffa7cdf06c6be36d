"""Rows become records, and records arrays, by the fields of one dataclass."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from psycopg.rows import namedtuple_row
from sqlalchemy import Column, MetaData, Table, Text, text

from services.common.db.database import Database
from services.common.db.records import arrays_of, columns_of, record_of, records_of, unnested
from services.common.identity.callers import ALL
from services.common.settings import Service
from services.common.values.periods import Period


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
async def database(fresh_database: Callable[[Service], str]) -> AsyncIterator[Database]:
    opened = Database(fresh_database(Service.BILLING), application_name="billing")
    yield opened
    await opened.close()


@dataclass(frozen=True, slots=True)
class Owner:
    tenant_id: str | None
    colour: Colour | None


@dataclass(frozen=True, slots=True)
class Thing:
    id: UUID
    name: str
    count: int | None
    owner: Owner
    tags: tuple[str, ...]
    attrs: Any
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Name:
    name: str


THINGS = [
    Thing(
        UUID(int=1), "a", 2**40, Owner("t", Colour.RED), ("x", "y"), {"q": [1]},
        datetime(2026, 1, 1, tzinfo=UTC),
    ),
    Thing(UUID(int=2), "", None, Owner(None, None), (), None, datetime(2026, 1, 2, tzinfo=UTC)),
]  # fmt: skip  # a table


async def _read_back(database: Database, things: list[Thing]) -> Any:
    statement = (
        "SELECT g.position, g.id, g.name, g.count, g.tenant_id, g.colour,"
        " string_to_array(g.tags, chr(31)) AS tags, g.attrs::jsonb AS attrs, g.seen_at"
        f" FROM {unnested(Thing, 'g', is_numbered=True)} ORDER BY position DESC"
    )
    async with database.write(ALL) as session:
        driver = await session.driver()
        async with driver.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(statement, arrays_of(Thing, things, "g"))
            return (await cursor.fetchall())[::-1]


async def test_records_come_back_from_the_database_as_they_went(database: Database) -> None:
    rows = await _read_back(database, THINGS)
    assert records_of(Thing, rows) == THINGS
    assert record_of(Thing, rows[1]) == THINGS[1]
    assert record_of(Name, rows[0]) == Name("a")
    assert [row.position for row in rows] == [1, 2]


async def test_no_records_are_no_rows(database: Database) -> None:
    assert records_of(Thing, await _read_back(database, [])) == []


async def test_a_row_without_a_field_of_the_record_is_refused(database: Database) -> None:
    async with database.read(ALL) as session:
        row = (await session.execute(text("SELECT 1 AS other"))).one()
    with pytest.raises(ValueError, match="not in tuple"):
        record_of(Name, row)


@dataclass(frozen=True, slots=True)
class Kept:
    id: UUID
    first: Owner | None
    second: Owner | None
    third: Owner | None
    days: tuple[Period, ...] | None
    rank: int = 7


async def test_a_record_in_a_record_is_of_its_own_columns_or_of_json_and_may_be_missing(
    database: Database,
) -> None:
    async with database.read(ALL) as session:
        row = (
            await session.execute(
                text(
                    "SELECT uuidv7() AS id, 'a' AS first_tenant_id, 'red' AS first_colour,"
                    " NULL AS second_tenant_id, NULL AS second_colour,"
                    """ '{"tenant_id": "b", "colour": "red"}'::jsonb AS third,"""
                    " '{[2026-04-01,2026-04-03)}'::datemultirange AS days"
                )
            )
        ).one()
    days = (Period(date(2026, 4, 1), date(2026, 4, 3)),)
    assert record_of(Kept, row) == Kept(
        row.id, Owner("a", Colour.RED), None, Owner("b", Colour.RED), days
    )


def test_periods_travel_as_a_multirange() -> None:
    @dataclass(frozen=True, slots=True)
    class Days:
        days: tuple[Period, ...] | None

    assert arrays_of(Days, [Days((Period.month(2026, 4),)), Days(None)], "d") == {
        "d_days": ["{[2026-04-01,2026-05-01)}", None]
    }


def test_columns_are_those_of_the_fields_in_their_order() -> None:
    table = Table(
        "t", MetaData(), Column("other", Text), Column("colour", Text), Column("tenant_id", Text)
    )
    assert [column.name for column in columns_of(Owner, table)] == ["tenant_id", "colour"]

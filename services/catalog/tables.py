"""Column types and constraints shared by the tables of the catalog service."""

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Uuid, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from services.common.db.columns import cents, day, flag, identifier, instant, name, number, words

__all__ = [
    "cents",
    "day",
    "flag",
    "identifier",
    "instant",
    "metadata",
    "name",
    "no_overlap",
    "number",
    "of",
    "words",
]

metadata = MetaData()


def of(table: str, column: str, other: str) -> tuple[Column[object], ForeignKeyConstraint]:
    """A column with the id of a row of another table."""
    return (
        Column(column, Uuid, nullable=False),
        ForeignKeyConstraint([column], [f"{other}.id"], name=f"{table}_{column}_fkey"),
    )


def no_overlap(name: str, *same: str, start: str, end: str) -> ExcludeConstraint:
    """An exclusion constraint: equal rows must not overlap in days."""
    span = text(f"daterange({start}, {end})")
    return ExcludeConstraint(*((column, "=") for column in same), (span, "&&"), name=name)

"""How the tables of the catalog service are declared: their kinds of column and constraint."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

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


def identifier() -> Column[object]:
    """Ours, and ascending with time: the stable order of every list."""
    return Column("id", Uuid, nullable=False, server_default=func.uuidv7())


def words(name: str) -> Column[str]:
    """A text that is empty, not null, where there is none."""
    return Column(name, Text, nullable=False, server_default="")


def name(name: str) -> Column[str]:
    """A text that is always there."""
    return Column(name, Text, nullable=False)


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    """An instant, kept in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> Column[object]:
    """An exact decimal of any precision."""
    return Column(name, Numeric, nullable=nullable)


def cents(name: str) -> Column[int]:
    """Whole cents."""
    return Column(name, BigInteger, nullable=False)


def day(name: str, *, nullable: bool = False) -> Column[object]:
    """A day of the calendar."""
    return Column(name, Date, nullable=nullable)


def flag(name: str) -> Column[bool]:
    """Whether something is so; at first it is not."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def of(table: str, column: str, other: str) -> tuple[Column[object], ForeignKeyConstraint]:
    """A column that holds the id of a row of another table."""
    return (
        Column(column, Uuid, nullable=False),
        ForeignKeyConstraint([column], [f"{other}.id"], name=f"{table}_{column}_fkey"),
    )


def no_overlap(name: str, *same: str, start: str, end: str) -> ExcludeConstraint:
    """No two rows that are the same have a day in common."""
    span = text(f"daterange({start}, {end})")
    return ExcludeConstraint(*((column, "=") for column in same), (span, "&&"), name=name)

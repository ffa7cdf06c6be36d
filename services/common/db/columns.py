"""Column types shared by the tables of all services."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Numeric,
    Text,
    Uuid,
    func,
    text,
)

__all__ = [
    "cents",
    "day",
    "flag",
    "identifier",
    "instant",
    "name",
    "names",
    "number",
    "one_of",
    "words",
]


def identifier() -> Column[Any]:
    """An id that ascends with time, which gives lists a stable order."""
    return Column("id", Uuid, nullable=False, server_default=func.uuidv7())


def words(name: str) -> Column[str]:
    """A text that is empty instead of null."""
    return Column(name, Text, nullable=False, server_default="")


def name(name: str) -> Column[str]:
    """A required text."""
    return Column(name, Text, nullable=False)


def names(*columns: str) -> list[Column[Any]]:
    """Required texts."""
    return [name(column) for column in columns]


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """A timestamp in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> Column[Any]:
    """An exact decimal of any precision."""
    return Column(name, Numeric, nullable=nullable)


def cents(name: str, *, nullable: bool = False) -> Column[Any]:
    """Whole cents."""
    return Column(name, BigInteger, nullable=nullable)


def day(name: str, *, nullable: bool = False) -> Column[Any]:
    """A date."""
    return Column(name, Date, nullable=nullable)


def one_of(
    table: str, column: str, words: Iterable[str], *, optional: bool = False
) -> CheckConstraint:
    """The check that a column of a table is one of some words, or empty where it may be."""
    listed = ", ".join(f"'{word}'" for word in (*([""] if optional else []), *words))
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_check")


def flag(name: str) -> Column[bool]:
    """A boolean, false by default."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))

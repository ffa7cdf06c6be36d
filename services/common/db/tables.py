"""Functions that declare tables: columns by kind, and constraints with names by rule.

Every name of a constraint or index begins with its table's: `invoices_number_key` for the unique
`number` of `invoices`. Errors are told apart by them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.schema import SchemaItem

__all__ = [
    "Items", "booleans", "cents", "check", "counts", "days", "declare", "flags", "identifier",
    "index", "instants", "integers", "key", "lists", "metadata_of_service", "names", "no_overlap",
    "numbers", "one_of", "reference", "serial", "unique", "uuids", "words",
]  # fmt: skip  # a table

Items = list[SchemaItem]

_NAMES: Final = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(constraint_name)s_key",
    "fk": "%(table_name)s_%(constraint_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(constraint_name)s_idx",
}


def metadata_of_service() -> MetaData:
    """The metadata of a service, with the naming convention."""
    return MetaData(naming_convention=_NAMES)


def declare(
    metadata: MetaData,
    name: str,
    *items: SchemaItem | Sequence[SchemaItem],
    partitioned_by: str | None = None,
    unlogged: bool = False,
) -> Table:
    """A table of columns and constraints, partitioned by ranges of a column if one is given."""
    flat = [one for each in items for one in ([each] if isinstance(each, SchemaItem) else each)]
    partition_by = f"RANGE ({partitioned_by})" if partitioned_by else None
    prefixes = ["UNLOGGED"] * unlogged
    return Table(name, metadata, *flat, postgresql_partition_by=partition_by, prefixes=prefixes)


def identifier() -> Items:
    """The id, which ascends with time; lists are ordered by it."""
    return [Column("id", Uuid, nullable=False, server_default=func.uuidv7())]


def serial() -> Items:
    """An identity column, ascending in order of insertion."""
    return [Column("id", BigInteger, Identity(always=True), nullable=False)]


def names(*columns: str, nullable: bool = False, default: str | None = None) -> Items:
    """Texts, with a default if one is given."""
    return _of(Text, columns, nullable=nullable, server_default=default)


def words(*columns: str) -> Items:
    """Texts that are empty by default."""
    return names(*columns, default="")


def lists(*columns: str) -> Items:
    """Arrays of texts that are empty by default."""
    return _of(ARRAY(Text), columns, nullable=False, server_default="{}")


def instants(*columns: str, nullable: bool = False) -> Items:
    """Timestamps with time zone."""
    return _of(DateTime(timezone=True), columns, nullable=nullable)


def days(*columns: str, nullable: bool = False) -> Items:
    """Calendar days."""
    return _of(Date, columns, nullable=nullable)


def numbers(*columns: str, nullable: bool = False) -> Items:
    """Decimals of any precision."""
    return _of(Numeric, columns, nullable=nullable)


def cents(*columns: str, nullable: bool = False) -> Items:
    """Whole cents."""
    return _of(BigInteger, columns, nullable=nullable)


def counts(*columns: str, nullable: bool = False, default: int | None = None) -> Items:
    """64-bit integers."""
    return _of(BigInteger, columns, nullable=nullable, server_default=_number(default))


def integers(*columns: str, nullable: bool = False, default: int | None = None) -> Items:
    """32-bit integers."""
    return _of(Integer, columns, nullable=nullable, server_default=_number(default))


def _number(default: int | None) -> Any:
    return None if default is None else text(str(default))


def booleans(*columns: str, nullable: bool = False) -> Items:
    """Booleans without a default."""
    return _of(Boolean, columns, nullable=nullable)


def flags(*columns: str) -> Items:
    """Booleans that are false by default."""
    return _of(Boolean, columns, nullable=False, server_default=text("false"))


def uuids(*columns: str, nullable: bool = False) -> Items:
    """UUIDs."""
    return _of(Uuid, columns, nullable=nullable)


def _of(kind: Any, columns: Iterable[str], **options: Any) -> Items:
    return [Column(name, kind, **options) for name in columns]


def reference(
    column: str, other: str, *, name: str = "", nullable: bool = False, ondelete: str | None = None
) -> Items:
    """A foreign key to another table; its name is the column's without `_id`."""
    return [
        Column(column, Uuid, nullable=nullable),
        ForeignKeyConstraint(
            [column], [f"{other}.id"], name=name or column.removesuffix("_id"), ondelete=ondelete
        ),
    ]


def key(*columns: str) -> SchemaItem:
    """The primary key."""
    return PrimaryKeyConstraint(*columns)


def unique(*columns: str, name: str = "") -> SchemaItem:
    """A unique constraint, named after its last column unless a name is given."""
    return UniqueConstraint(*columns, name=name or columns[-1])


def check(name: str, condition: str) -> SchemaItem:
    """A check constraint."""
    return CheckConstraint(condition, name=name)


def one_of(column: str, words: Iterable[str], *, optional: bool = False) -> SchemaItem:
    """The check that a column is one of some words, or empty if it is optional."""
    listed = ", ".join(f"'{word}'" for word in (*[""] * optional, *words))
    return check(column, f"{column} IN ({listed})")


def index(
    name: str, *columns: Any, unique: bool = False, where: str | None = None, **options: Any
) -> SchemaItem:
    """An index; a partial one if a condition is given. `options` are those of PostgreSQL."""
    condition = None if where is None else text(where)
    return Index(name, *columns, unique=unique, postgresql_where=condition, **options)


def no_overlap(name: str, *same: str, start: str, end: str) -> SchemaItem:
    """An exclusion constraint: equal rows must not overlap in days."""
    span = text(f"daterange({start}, {end})")
    return ExcludeConstraint(*((column, "=") for column in same), (span, "&&"), name=name)

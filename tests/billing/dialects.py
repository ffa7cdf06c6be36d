"""Every CSV dialect that the specification allows for an invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Self

from hypothesis import strategies as st

from services.billing.ingest.rules.invoice_csv import BilledRow

__all__ = ["HEADER", "Dialect", "Wanted", "dialects", "wanted_lines", "written"]

HEADER = (
    "product",
    "group_description",
    "description",
    "hours",
    "start",
    "end",
    "USD",
    "project_name",
    "category",
)


@dataclass(frozen=True)
class Wanted:
    """The values of a line, however they are written."""

    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    hours: Decimal | None
    start_at: datetime | None
    end_at: datetime | None
    amount_usd: Decimal

    @classmethod
    def of(cls, row: BilledRow) -> Self:
        """The values of a row that was read."""
        return cls(*row[1:])


@dataclass(frozen=True)
class Dialect:
    """How they are written."""

    columns: tuple[str, ...]
    """The documented ones in any order, and others."""
    with_spaces: bool
    with_bom: bool
    newline: str
    ends_with_newline: bool
    quotes_all: bool
    amounts: str
    """`-$1.00`, `($1.00)`, or bare."""
    thousands: bool
    iso_times: bool


def wanted_lines(max_size: int = 12) -> st.SearchStrategy[list[Wanted]]:
    """Any lines that a bill may have."""
    texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
    amounts = st.decimals(
        min_value=Decimal(-(10**15)), max_value=Decimal(10**15), places=2, allow_nan=False
    ) | st.decimals(min_value=-1000, max_value=1000, places=8, allow_nan=False)
    instants = st.datetimes(
        min_value=datetime(2000, 1, 2),  # noqa: DTZ001  # hypothesis adds the zone
        max_value=datetime(2199, 12, 30),  # noqa: DTZ001  # hypothesis adds the zone
        timezones=st.just(UTC),
    ).map(lambda at: at.replace(microsecond=0))
    spans = st.none() | st.tuples(instants, instants).map(sorted)
    hours = st.none() | st.decimals(min_value=0, max_value=10_000, places=2, allow_nan=False)

    @st.composite
    def line(draw: st.DrawFn) -> Wanted:
        span = draw(spans)
        start, end = (None, None) if span is None else span
        return Wanted(
            draw(texts), draw(texts), draw(texts), draw(texts), draw(texts),
            draw(hours), start, end, draw(amounts),
        )  # fmt: skip  # a table

    return st.lists(line(), max_size=max_size)


def dialects() -> st.SearchStrategy[Dialect]:
    """Any way to write them."""
    others = st.lists(st.sampled_from(["note", "tax_rate", "x y"]), unique=True)
    return st.builds(
        Dialect,
        columns=others.flatmap(lambda more: st.permutations([*HEADER, *more])).map(tuple),
        with_spaces=st.booleans(),
        with_bom=st.booleans(),
        newline=st.sampled_from(["\n", "\r\n"]),
        ends_with_newline=st.booleans(),
        quotes_all=st.booleans(),
        amounts=st.sampled_from(["-$", "($)", "-"]),
        thousands=st.booleans(),
        iso_times=st.booleans(),
    )


def written(lines: Sequence[Wanted], dialect: Dialect) -> bytes:
    """The file."""
    header = [name.replace("_", " ") if dialect.with_spaces else name for name in dialect.columns]
    records = [header]
    for line in lines:
        values = _values(line, dialect)
        records.append([values.get(name, "whatever") for name in dialect.columns])
    content = "".join(
        ",".join(_quoted(field, dialect) for field in record) + dialect.newline
        for record in records
    )
    if lines and not dialect.ends_with_newline:
        content = content.removesuffix(dialect.newline)
    return (b"\xef\xbb\xbf" if dialect.with_bom else b"") + content.encode()


def _quoted(field: str, dialect: Dialect) -> str:
    if dialect.quotes_all or any(special in field for special in ',"\r\n'):
        return '"' + field.replace('"', '""') + '"'
    return field


def _values(line: Wanted, dialect: Dialect) -> dict[str, str]:
    return {
        "product": line.product,
        "group_description": line.group_description,
        "description": line.description,
        "hours": "" if line.hours is None else f"{line.hours:f}",
        "start": _time(line.start_at, dialect),
        "end": _time(line.end_at, dialect),
        "USD": _amount(line.amount_usd, dialect),
        "project_name": line.project_name,
        "category": line.category,
    }


def _time(instant: datetime | None, dialect: Dialect) -> str:
    if instant is None:
        return ""
    return instant.isoformat() if dialect.iso_times else f"{instant:%Y-%m-%d %H:%M:%S} +0000"


def _amount(amount: Decimal, dialect: Dialect) -> str:
    digits = f"{abs(amount):,f}" if dialect.thousands else f"{abs(amount):f}"
    if amount >= 0:
        return digits if dialect.amounts == "-" else f"${digits}"
    return {"-$": f"-${digits}", "($)": f"(${digits})", "-": f"-{digits}"}[dialect.amounts]

"""How commands print: lines, tables whose cells can be copied, amounts, instants."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from operator import attrgetter
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from services.common.values.money import amount_text

__all__ = [
    "NOBODY",
    "UNKNOWN",
    "counts",
    "dimensions_text",
    "instant",
    "json_value",
    "money",
    "print_list",
    "print_table",
    "run_text",
    "say",
    "say_all",
]

MAX_WIDTH: Final = 2000
"""More than the number of columns of any table."""

NUMBERS: Final = frozenset(
    {
        *("%", "a month", "amount", "at", "cents", "change", "costs", "facts", "first month"),
        *("fixed", "floor", "GB", "hours", "lost", "margin", "percent", "qty", "quantity"),
        *("revenue", "step", "then", "total", "USD", "USD/month", "value"),
    }
)
"""The headings of numeric columns."""

NOBODY: Final = "nobody"
"""The owner of resources without a tenant."""

UNKNOWN: Final = "?"
"""The text of an unknown amount."""


def say(line: str | Text, style: str = "", *, error: bool = False) -> None:
    """Prints a line unchanged: without markup, wrapped by the terminal only."""
    console = Console(stderr=error)
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def say_all(lines: Iterable[str | Text], empty: str = "") -> int:
    """Prints lines, or `empty` if there are none; returns how many there were."""
    printed = 0
    for line in lines:
        say(line)
        printed += 1
    if not printed and empty:
        say(empty)
    return printed


def print_table(
    headings: Iterable[str],
    rows: Iterable[Iterable[str | Text]],
    empty: str = "",
    *,
    folded: bool = False,
) -> None:
    """Prints each row as one line, whatever the terminal's width; without rows, `empty` if any.

    A narrower terminal wraps the line itself, and an id that is copied from it is whole.
    `folded` fits the table into the terminal instead.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in headings:
        # Neither numbers nor charts, whose columns have no heading, are folded in a narrow
        # terminal.
        whole = name in NUMBERS or not name
        right = name in NUMBERS
        table.add_column(name, overflow="fold", no_wrap=whole, justify="right" if right else "left")
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    console = Console()
    if not table.row_count:
        if empty:
            say(empty)
        return
    if not folded:
        natural = Measurement.get(console, console.options.update(width=MAX_WIDTH), table).maximum
        console = Console(width=max(console.width, natural))
    console.print(table)


def print_list(
    columns: Mapping[str, str | Callable[[Any], str | Text]],
    objects: Iterable[Any],
    empty: str = "",
    *,
    folded: bool = False,
) -> None:
    """Prints objects as `print_table` does; a column is the path of a member, or computed."""
    cells = [attrgetter(of) if isinstance(of, str) else of for of in columns.values()]
    print_table(columns, ([cell(one) for cell in cells] for one in objects), empty, folded=folded)


def counts(*pairs: tuple[int, str]) -> str:
    """Counts with their labels, without zeros."""
    return ", ".join(f"{count:,} {name}" for count, name in pairs if count)


def dimensions_text(usage: Any) -> str:
    """The dimensions of a message, such as `region=syd1 size=s-1vcpu-1gb`."""
    return " ".join(f"{key}={value}" for key, value in sorted(usage.dimensions.items()))


def instant(at: Timestamp, form: str = "%Y-%m-%d %H:%M") -> str:
    """A time in UTC, by default to the minute."""
    return f"{at.ToDatetime(UTC):{form}}"


def money(message: Any, field: str, currency: str) -> str:
    """An amount in cents as a decimal; a question mark if unknown."""
    if not message.HasField(field):
        return UNKNOWN
    return amount_text(getattr(message, field), currency)


def run_text(run: Any) -> str:
    """The workflow id and run id."""
    return f"{run.workflow_id} · run {run.run_id}"


def json_value(message: Message) -> Any:
    """A Struct or Value as JSON, whole numbers without a point.

    Protobuf keeps every number as a double: 386412347 would read 386412347.0.
    """
    return _whole(MessageToDict(message))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value

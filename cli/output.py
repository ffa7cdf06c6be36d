"""How commands print: lines, tables whose cells can be copied, amounts, instants."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from operator import attrgetter
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.cells import cell_len
from rich.console import Console
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

GAP: Final = 2
"""The spaces between two columns."""

UNLIMITED: Final = 240
"""From this width on, which a pipe has, a table keeps all its columns."""

ID_PART: Final = 24
"""Where a table that folds may break an id: after its fourth hyphen."""

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
    optional: Sequence[str] = (),
) -> None:
    """Prints each row as one line; without rows, `empty` if any.

    A terminal that is too narrow leaves out `optional` columns, the first of them first, and
    says which. If the rest is still too wide, the terminal wraps the line itself, and an id
    that is copied from it is whole. `folded` fits the rest into the terminal instead.
    """
    names = tuple(headings)
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    if not cells:
        if empty:
            say(empty)
        return
    console = Console()
    needed = [
        _needed(name, [row[place] for row in cells], folded=folded)
        for place, name in enumerate(names)
    ]
    kept = _kept(names, needed, optional, console.width)
    width = _width([needed[place] for place in kept])
    spare = console.width - width
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place in kept:
        name = names[place]
        of_column: int | None = None
        if folded and width <= console.width:
            # Rich may give a column less than its longest word, so its width is set.
            of_column = needed[place]
            longest = _needed(name, [row[place] for row in cells], folded=False)
            if longest <= of_column + spare:
                spare -= longest - of_column
                of_column = longest
        right = name in NUMBERS
        table.add_column(
            name,
            overflow="fold",
            no_wrap=_is_whole(name),
            justify="right" if right else "left",
            width=of_column,
        )
    for row in cells:
        table.add_row(*(row[place] for place in kept))
    if not folded:
        console = Console(width=max(console.width, width))
    console.print(table)
    if left_out := [name for place, name in enumerate(names) if place not in kept]:
        say(f"Left out for lack of width: {', '.join(left_out)}.", "dim")


def _is_whole(name: str) -> bool:
    """Neither numbers nor charts, whose columns have no heading, are folded."""
    return name in NUMBERS or not name


def _needed(name: str, cells: Sequence[Text], *, folded: bool) -> int:
    """The least width of a column: of its longest cell, or of its longest word if it folds."""
    texts = [name, *(cell.plain for cell in cells)]
    if folded and not _is_whole(name):
        return max(min(cell_len(word), ID_PART) for one in texts for word in one.split() or [""])
    return max(cell_len(line) for one in texts for line in one.splitlines() or [""])


def _kept(
    names: Sequence[str], needed: Sequence[int], optional: Sequence[str], width: int
) -> list[int]:
    """The places of the columns that are shown in a width."""
    kept = list(range(len(names)))
    if width >= UNLIMITED:
        return kept
    for name in optional:
        if _width([needed[place] for place in kept]) <= width:
            break
        kept.remove(names.index(name))
    return kept


def _width(needed: Sequence[int]) -> int:
    return sum(needed) + GAP * (len(needed) - 1)


def print_list(
    columns: Mapping[str, str | Callable[[Any], str | Text]],
    objects: Iterable[Any],
    empty: str = "",
    *,
    folded: bool = False,
    optional: Sequence[str] = (),
) -> None:
    """Prints objects as `print_table` does; a column is the path of a member, or computed."""
    cells = [attrgetter(of) if isinstance(of, str) else of for of in columns.values()]
    rows = ([cell(one) for cell in cells] for one in objects)
    print_table(columns, rows, empty, folded=folded, optional=optional)


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

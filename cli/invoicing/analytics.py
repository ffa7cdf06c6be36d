"""What the commands about usage and margin share: calls as an operator, money, bars."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import grpc
from rich.table import Table
from rich.text import Text

from cli.caller import Metadata, ask_as_operator
from services.common.settings import Service
from services.common.values.money import amount_text

__all__ = ["COSTS", "REVENUE", "UNKNOWN", "Bar", "asked", "bar", "heading", "money", "table_of"]

BAR_CELLS: Final = 24
UNKNOWN: Final = "?"
"""How an unknown amount is shown: never as zero."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How an amount is drawn: in a pipe or without colours its cells tell it from the other."""

    cell: str
    style: str


REVENUE: Final = Bar("█", "green")
COSTS: Final = Bar("▒", "red")

Answer = TypeVar("Answer")
Ask = Callable[[grpc.aio.Channel, Metadata], Awaitable[Answer]]


def asked(ask: Ask[Answer]) -> Answer:
    """What the analytics answer to an operator; ends the program when they refuse."""
    return ask_as_operator(Service.ANALYTICS, ask)


def money(message: Any, field: str, currency: str) -> str:  # noqa: ANN401
    """An amount in cents as a decimal; a question mark when it is unknown."""
    if not message.HasField(field):
        return UNKNOWN
    return amount_text(getattr(message, field), currency)


def bar(amount: int, largest: int, kind: Bar) -> Text:
    """A bar as long as its share of the largest amount; dim where it is below zero."""
    if not largest or not amount:
        return Text("")
    cells = max(1, round(abs(amount) * BAR_CELLS / largest))
    style = kind.style if amount > 0 else f"dim {kind.style}"
    return Text(kind.cell * min(cells, BAR_CELLS), style=style)


def table_of(*headings: str, right: frozenset[str] = frozenset()) -> Table:
    """A plain table; the columns named in `right` hold numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in headings:
        # What a narrow terminal folds is neither a number nor a chart, which has no heading.
        whole = name in right or not name
        justify: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, overflow="fold", no_wrap=whole, justify=justify)
    return table


def heading(text: str) -> Text:
    """A line above a table."""
    return Text(text, style="bold underline")

"""How tables are printed whose cells are copied: ids, numbers."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

__all__ = ["print_unfolded"]

WIDEST = 2000
"""More columns than a line of any of our tables has."""


def print_unfolded(table: Table) -> None:
    """Prints each row as one line, whatever the terminal's width.

    A narrower terminal wraps the line itself, and an id that is copied from it is whole.
    """
    console = Console()
    natural = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
    Console(width=max(console.width, natural)).print(table)

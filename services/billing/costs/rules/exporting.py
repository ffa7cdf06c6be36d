"""Exports cost lines: the native columns, and FOCUS; each format declares its columns.

Texts come from the provider and may contain what a spreadsheet would run as a formula: these get a
leading apostrophe. Numbers are exact and keep their sign.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from services.billing.costs.rules.focus import FOCUS_COLUMNS
from services.billing.ingest.rules.matching import LEAST_PLACES
from services.billing.ingest.rules.reconciling import PRECISION
from services.common.values.csv_lines import csv_lines, pointed
from services.common.values.money import plain, split

__all__ = ["FORMATS", "Form", "parts_of"]

Line = Any
"""A row with the attributes of a cost line."""

Column = Callable[[Line], object]


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of a file in order, each with the function that gives its value."""

    columns: Mapping[str, Column]
    number: Callable[[Decimal], str] = plain
    """The format of an exact number."""

    def header(self) -> bytes:
        """The header line."""
        return csv_lines([self.columns])

    def lines(self, lines: Iterable[Line]) -> bytes:
        """One line of the file per cost line or part."""
        rows = ([column(line) for column in self.columns.values()] for line in lines)
        return csv_lines(rows, self.number)


def parts_of(line: Line) -> list[Line]:
    """The line, or a part for each of its owners.

    Amounts are those of the shares; hours are split by the same seconds with largest remainders.
    The parts add up to the line.
    """
    if not line.shares:
        return [line]
    hours = _split_hours(line.hours, [share["seconds"] for share in line.shares])
    return [
        line._replace(
            tenant_id=share["tenant_id"],
            deployment_id=share["deployment_id"],
            amount_usd=Decimal(share["amount_usd"]),
            hours=part,
            shares=None,
        )
        for share, part in zip(line.shares, hours, strict=True)
    ]


def _split_hours(hours: Decimal | None, seconds: Sequence[int]) -> Sequence[Decimal | None]:
    if hours is None:
        return [None] * len(seconds)
    with localcontext(prec=PRECISION):
        places = max(LEAST_PLACES, -int(hours.as_tuple().exponent))
        shares = split(int(hours.scaleb(places)), seconds)
        return [Decimal(share).scaleb(-places) for share in shares]


OWN_COLUMNS: Final = (
    "id", "provider_invoice_id", "row_number", "period", "product", "group_description",
    "description", "project_name", "category", "hours", "start_at", "end_at", "amount_usd",
    "kind", "classification", "match_state", "match_rung", "match_reason",
    "provider_resource_id", "provider_resource_uuid", "resource_id", "tenant_id", "deployment_id",
    "region",
)  # fmt: skip  # a table

FORMATS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "csv": Form({name: attrgetter(name) for name in OWN_COLUMNS}),
        "focus": Form(FOCUS_COLUMNS, pointed),
    }
)

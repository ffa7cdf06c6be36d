"""Invoices of any length: each line is computed from its number, none is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from providers.digitalocean.simulator.billing.invoices import HEADER, Invoice, csv_time
from providers.digitalocean.simulator.billing.lines import Charge, Line, Period
from providers.digitalocean.simulator.billing.month import MonthTotals

__all__ = ["Billed", "SyntheticInvoice", "amount_of"]

AMOUNTS: Final = 1_000
"""The amounts are one to this many cents; each occurs once in every run of that length."""
STRIDE: Final = 7_919

LINES_A_PIECE: Final = 1_000
MINUTES_A_LINE: Final = 60


@dataclass(frozen=True)
class Billed:
    """A droplet that the lines name."""

    resource_id: str
    name: str
    size: str
    project: str


def amount_of(line_count: int) -> Decimal:
    """The total of an invoice of that many lines, USD."""
    whole, rest = divmod(line_count, AMOUNTS)
    cents = whole * sum(range(1, AMOUNTS + 1)) + sum(map(_cents, range(rest)))
    return Decimal(cents) / 100


def _cents(number: int) -> int:
    return number * STRIDE % AMOUNTS + 1


@dataclass(frozen=True)
class SyntheticInvoice:
    """One hour of one droplet per line, the droplets in turn."""

    head: Invoice
    period: Period
    droplets: Sequence[Billed]
    line_count: int
    item_count: int
    """The number of lines, from the first, that the JSON form has."""

    @property
    def totals(self) -> MonthTotals:
        """The totals of the summary."""
        nothing = Decimal("0.00")
        return MonthTotals(self.head.amount, nothing, nothing, nothing)

    def lines(self, offset: int, limit: int) -> list[Line]:
        """A page of its JSON form."""
        end = self.item_count if limit < 0 else min(offset + limit, self.item_count)
        return [self._line(number) for number in range(offset, end)]

    def csv(self) -> Iterator[bytes]:
        """Its CSV form, in pieces."""
        yield (",".join(HEADER) + "\n").encode()
        heads = [f"Droplets,,{one.name} ({one.size}),1," for one in self.droplets]
        tails = [f",{one.project},iaas\n" for one in self.droplets]
        count = len(heads)
        for start in range(0, self.line_count, LINES_A_PIECE):
            rows = []
            slot, span = -1, ""
            for number in range(start, min(start + LINES_A_PIECE, self.line_count)):
                turn, which = divmod(number, count)
                if turn != slot:
                    slot, span = turn, self._span(turn)
                dollars, cents = divmod(_cents(number), 100)
                rows.append(f"{heads[which]}{span},${dollars}.{cents:02}{tails[which]}")
            yield "".join(rows).encode()

    def _line(self, number: int) -> Line:
        turn, which = divmod(number, len(self.droplets))
        one = self.droplets[which]
        start = self.period.start + self._after(turn)
        return Line(
            charge=Charge.USAGE,
            product="Droplets",
            description=f"{one.name} ({one.size})",
            amount=Decimal(_cents(number)) / 100,
            start=start,
            end=start + timedelta(minutes=MINUTES_A_LINE),
            hours=Decimal(1),
            project_name=one.project,
            kind="droplet",
            resource_id=one.resource_id,
            resource_uuid=f"synthetic-{one.resource_id}",
        )

    def _span(self, turn: int) -> str:
        start = self.period.start + self._after(turn)
        return f"{csv_time(start)},{csv_time(start + timedelta(minutes=MINUTES_A_LINE))}"

    def _after(self, turn: int) -> timedelta:
        """The start of a turn in the month; a line ends within the month."""
        minutes = int((self.period.end - self.period.start).total_seconds()) // 60
        return timedelta(minutes=turn % (minutes - MINUTES_A_LINE))

"""Invoices: issued at the end of their month, then immutable."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final, Protocol

from pydantic import TypeAdapter

from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.billing.lines import Line, Period
from providers.digitalocean.simulator.billing.month import MonthTotals, bill_month, totals_of
from providers.digitalocean.simulator.billing.spellings import (
    Spelling,
    spelled,
    spellings_of,
)
from providers.digitalocean.simulator.state import Store
from providers.digitalocean.simulator.world.build import FIRST_DAY, Ids

__all__ = ["HEADER", "Invoice", "Invoices", "Unstored", "csv_pieces", "csv_time"]

UNREADABLE: Final = b"<!DOCTYPE html>\n<html><body>This invoice was archived.</body></html>\n"


_LINE: Final = TypeAdapter(Line)


@dataclass(frozen=True)
class Invoice:
    """An invoice's header; `issued_at` is the issue time, or the last estimate for the preview."""

    uuid: str
    number: str
    period: str
    amount: Decimal
    issued_at: datetime


class Unstored(Protocol):
    """An invoice whose lines are computed from their numbers instead of stored."""

    @property
    def head(self) -> Invoice:
        """Its header."""
        ...

    @property
    def item_count(self) -> int:
        """The number of lines of its JSON form."""
        ...

    @property
    def totals(self) -> MonthTotals:
        """The totals of its lines."""
        ...

    def lines(self, offset: int, limit: int) -> list[Line]:
        """A page of its JSON form; a negative limit means all the rest."""
        ...

    def csv(self) -> Iterator[bytes]:
        """Its CSV form, in pieces."""
        ...


class Invoices:
    """The account's invoices, issued when the clock passes the end of a month."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._unstored: dict[str, Unstored] = {}
        self._store = store
        self._ledger = ledger
        self._preview: tuple[tuple[datetime, int], Invoice, list[Line]] | None = None

    def issue_due(self, now: datetime) -> None:
        """Issues the invoices of all completed months."""
        current = Period.month_of(now)
        last = self._store.connection.execute("SELECT max(period) FROM invoice").fetchone()[0]
        period = Period.month_of(FIRST_DAY)
        if last is not None:
            year, month = map(int, last.split("-"))
            period = Period.month_of(Period.month_of(FIRST_DAY.replace(year, month, 1)).end)
        while period.start < current.start:
            self._issue(period)
            period = Period.month_of(period.end)

    def _ids(self) -> Ids:
        return Ids(int(self._store.fact("seed") or "0"))

    def _head(self, period: Period, amount: Decimal, at: datetime) -> Invoice:
        ids = self._ids()
        months = (period.start.year - 2024) * 12 + period.start.month
        number = str(508_000_000 + months * 771_313)
        return Invoice(ids.uuid("invoice", period.name), number, period.name, amount, at)

    def _issue(self, period: Period) -> None:
        lives = self._ledger.overlapping(period.start, period.end)
        lines = bill_month(lives, period, self._ids())
        at = period.end + timedelta(hours=8, minutes=44, seconds=38)
        invoice = self._head(period, totals_of(lines).amount, at)
        with self._store.transaction():
            self._store.connection.execute(
                "INSERT INTO invoice VALUES (?, ?, ?, ?, ?)",
                (
                    invoice.uuid,
                    invoice.number,
                    invoice.period,
                    str(invoice.amount),
                    invoice.issued_at.isoformat(),
                ),
            )
            self._store.connection.executemany(
                "INSERT INTO invoice_line VALUES (?, ?, ?)",
                (
                    (invoice.uuid, number, _LINE.dump_json(line).decode())
                    for number, line in enumerate(lines)
                ),
            )

    def add(self, invoice: Unstored) -> None:
        """Adds an invoice, until the program ends or the account is reset."""
        self._unstored[invoice.head.uuid] = invoice

    def forget(self) -> None:
        """Keeps only stored invoices."""
        self._unstored.clear()
        self._preview = None

    def issued(self) -> list[Invoice]:
        """The issued invoices, the newest first."""
        rows = self._store.connection.execute(
            "SELECT uuid, number, period, amount, issued_at FROM invoice ORDER BY period DESC"
        )
        stored = [
            Invoice(uuid, number, period, Decimal(amount), datetime.fromisoformat(at))
            for uuid, number, period, amount, at in rows
        ]
        heads = [*stored, *(one.head for one in self._unstored.values())]
        return sorted(heads, key=lambda invoice: invoice.period, reverse=True)

    def preview(self, now: datetime) -> tuple[Invoice, list[Line]]:
        """The preview of the running month, up to the last full hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        key = (hour, self._ledger.version)
        if self._preview is None or self._preview[0] != key:
            month = Period.month_of(now)
            until = Period(month.start, max(hour, month.start + timedelta(hours=1)))
            lines = bill_month(self._ledger.overlapping(until.start, until.end), until, self._ids())
            self._preview = (key, self._head(until, totals_of(lines).amount, hour), lines)
        return self._preview[1], self._preview[2]

    def find(self, uuid: str, now: datetime) -> Invoice | None:
        """An issued invoice or the preview, by its UUID."""
        preview, _ = self.preview(now)
        return next((i for i in (preview, *self.issued()) if i.uuid == uuid), None)

    def lines(
        self, uuid: str, now: datetime, offset: int = 0, limit: int = -1
    ) -> tuple[list[Line], int]:
        """A page of an invoice's lines and their total; a negative limit means all the rest."""
        if (unstored := self._unstored.get(uuid)) is not None:
            return unstored.lines(offset, limit), unstored.item_count
        preview, lines = self.preview(now)
        spellings = spellings_of(self._store)
        if uuid == preview.uuid or spellings:
            if uuid != preview.uuid:
                lines = self._stored(uuid)
            respelled = spelled(lines, spellings)
            end = None if limit < 0 else offset + limit
            return respelled[offset:end], len(respelled)
        (total,) = self._store.connection.execute(
            "SELECT count(*) FROM invoice_line WHERE invoice_uuid = ?", (uuid,)
        ).fetchone()
        rows = self._store.connection.execute(
            "SELECT line FROM invoice_line WHERE invoice_uuid = ? AND number >= ? "
            "ORDER BY number LIMIT ?",
            (uuid, offset, limit),
        )
        return [_LINE.validate_json(text) for (text,) in rows], int(total)

    def _stored(self, uuid: str) -> list[Line]:
        rows = self._store.connection.execute(
            "SELECT line FROM invoice_line WHERE invoice_uuid = ? ORDER BY number", (uuid,)
        )
        return [_LINE.validate_json(text) for (text,) in rows]

    def totals(self, uuid: str, now: datetime) -> MonthTotals:
        """The totals of an invoice's lines."""
        unstored = self._unstored.get(uuid)
        return totals_of(self.lines(uuid, now)[0]) if unstored is None else unstored.totals

    def csv(self, uuid: str, now: datetime) -> Iterator[bytes]:
        """The CSV form of an invoice, in pieces."""
        unstored = self._unstored.get(uuid)
        if unstored is not None:
            return unstored.csv()
        spellings = spellings_of(self._store)
        if Spelling.UNREADABLE_INVOICE in spellings and uuid == self.issued()[-1].uuid:
            return iter([UNREADABLE])
        return csv_pieces(self.lines(uuid, now)[0], spellings)


HEADER: Final = (
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
LINES_A_PIECE: Final = 1_000


def csv_pieces(
    lines: Iterable[Line], spellings: Collection[Spelling] = frozenset()
) -> Iterator[bytes]:
    """The file, in pieces of whole lines; the first has the header."""
    remaining = iter(lines)
    columns = len(HEADER) - (Spelling.NO_CATEGORY in spellings)
    zone = " UTC" if Spelling.UTC_SUFFIX in spellings else ""
    rows: list[tuple[object, ...]] = [HEADER]
    while rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(row[:columns] for row in rows)
        yield text.getvalue().encode()
        rows = [_row(line, zone) for line in islice(remaining, LINES_A_PIECE)]


def csv_time(instant: datetime) -> str:
    """A time such as `2020-07-01 00:00:00 +0000`."""
    return f"{instant:%Y-%m-%d %H:%M:%S} +0000"


def _row(line: Line, zone: str) -> tuple[object, ...]:
    return (
        line.product,
        line.group_description,
        line.description,
        "" if line.hours is None else f"{line.hours:f}",
        f"{csv_time(line.start)}{zone}",
        f"{csv_time(line.end)}{zone}",
        _dollars(line.amount),
        line.project_name,
        line.category,
    )


def _dollars(amount: Decimal) -> str:
    return f"-${-amount:,f}" if amount < 0 else f"${amount:,f}"

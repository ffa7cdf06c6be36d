"""Endless hostile files: mutations of valid ones, cut at random, that are read or refused."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.billing.ingest.rules.invoice_csv import BilledRow, InvoiceCsv, MalformedCsv
from tests.billing.bills import Line, csv_of

__all__ = ["Fuzzed", "fuzz"]

MORSELS: Final = (
    b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe",
    b"$", b"-", b"(", b")", b"NaN", b"1e400", b"Infinity", b"=cmd()", b"\xe2\x82\xac", b"\xd9\xa1",
    b"<html>", b"9" * 40, b"2026-02-30 00:00:00 +0000", b"x" * 5_000, b'"' * 999, b"," * 300,
    b"product", b"USD", b" ", b"\t", b"\\N", b"\\.", b"\xc2\x85", b"\xe2\x80\xa8",
)  # fmt: skip  # a table
SEED: Final = csv_of(
    [
        Line("1234.56", 'a "quoted", name (s)'),
        Line("-1.10", "two\nlines (s)", hours=""),
        Line("0.16", "GST", "Taxes", hours="", start=None, end=None),
        *(Line(f"{n}.00", f"web-{n} (s-1vcpu-1gb)") for n in range(6)),
    ]
)


@dataclass(frozen=True)
class Fuzzed:
    """What came of a run."""

    file_count: int
    byte_count: int
    read_count: int
    """Files that were read to their end; the others were refused."""
    reasons: frozenset[str]
    """Why, by the words that do not vary."""


def fuzz(seed: int, files: int) -> Fuzzed:
    """Reads so many hostile files, each in two ways. Raises AssertionError where they differ.

    Whatever else than a refusal a file provokes is raised.
    """
    chance = random.Random(seed)
    size = read = 0
    reasons: set[str] = set()
    for _ in range(files):
        content = _mutated(chance)
        size += len(content)
        whole, cut = _outcome(iter([content])), _outcome(_pieces(content, chance))
        assert whole == cut, content
        if isinstance(whole, str):
            reasons.add(re.sub(r"['\"].*|[0-9]+", "", whole.partition(": ")[2]))
        else:
            read += 1
            _check(whole)
    return Fuzzed(files, size, read, frozenset(reasons))


def _mutated(chance: random.Random) -> bytes:
    content = bytearray(SEED * chance.choice((1, 1, 1, 40)))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(5):
            case 0:
                content[at:at] = chance.choice(MORSELS)
            case 1:
                content[at : at + 1] = bytes([chance.randrange(256)])
            case 2:
                del content[at : at + chance.randrange(1, 40)]
            case 3:
                start = chance.randrange(len(content) + 1)
                content[at:at] = content[start : start + chance.randrange(200)]
            case _:
                content[at:at] = chance.choice(MORSELS) * chance.randrange(1, 20)
    return bytes(content)


def _pieces(content: bytes, chance: random.Random) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        size = chance.choice((1, 2, 7, 100, 5_000))
        yield content[start : start + size]
        start += size


def _outcome(pieces: Iterator[bytes]) -> list[BilledRow] | str:
    reader = InvoiceCsv()
    rows: list[BilledRow] = []
    try:
        for piece in pieces:
            rows += reader.feed(piece)
        rows += reader.finish()
    except MalformedCsv as error:
        return str(error)
    return rows


def _check(rows: list[BilledRow]) -> None:
    """What no row ever breaks."""
    for number, row in enumerate(rows, 1):
        assert row.number == number
        assert row.amount_usd.is_finite()
        assert row.hours is None or row.hours.is_finite()
        assert not (row.start_at and row.end_at) or row.start_at <= row.end_at
        assert "\0" not in "".join(row[1:6])

"""The spellings seen in real bills, by name; moods of the account use them.

A spelling changes how a bill reads, never its amounts: the lines of every form still add up to the
summary, the history and the balance.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from providers.digitalocean.simulator.billing.lines import Charge, Line
from providers.digitalocean.simulator.state import Store

__all__ = ["Spelling", "respell", "spelled", "spellings_of"]


class Spelling(StrEnum):
    """A difference of seen bills from the documentation."""

    BLANKS_IN_NAMES = "blanks_in_names"
    """Two spaces before the size, and one at the end of the description."""
    CHARGEBACKS = "chargebacks"
    """The history has a chargeback, its reversal, and two identical refunds."""
    GROUPED_DATABASES = "grouped_databases"
    """A database's line names a node; its cluster is the group."""
    JSON_NUMBERS = "json_numbers"
    """Amounts in JSON are numbers instead of text."""
    LOCAL_TAXES = "local_taxes"
    """Taxes have their name: GST."""
    LONG_DESCRIPTIONS = "long_descriptions"
    """A description of five thousand characters."""
    MANY_DIGITS = "many_digits"
    """Hours and amounts have 13 and 16 decimal places, as on bills by the second."""
    NO_CATEGORY = "no_category"
    """The CSV form has no column `category`, as in earlier years."""
    OCTET_STREAM = "octet_stream"
    """The content type of the CSV form is application/octet-stream."""
    ODD_HISTORY = "odd_history"
    """The history begins with an entry without an amount."""
    PRODUCT_NAMES = "product_names"
    """Droplets are `Premium Droplets`, backups `Backups`; volume snapshots have an undocumented
    product name."""
    REFUNDS = "refunds"
    """The first line of a resource is partly refunded, by a line with its id, and billed higher.
    """
    SKUS = "skus"
    """Daily estimates name their product by the current four letters."""
    UNREADABLE_INVOICE = "unreadable_invoice"
    """The CSV form of the oldest invoice is always a page of HTML."""
    UTC_SUFFIX = "utc_suffix"
    """Times in the CSV form end in ` +0000 UTC`."""


FACT: Final = "bill_spellings"
"""The stored spellings of the account."""

Respelling = Callable[[Sequence[Line]], list[Line]]

PRODUCT_NAMES: Final[Mapping[str, str]] = {
    "Droplets": "Premium Droplets",
    "Droplet Backups": "Backups",
    "Volume Snapshots": "Storage Vault",
}
LONG_TEXT: Final = ", " + "and so on " * 500
LEAST: Final = Decimal("0.0000238095238095")
"""The amount by which one line of a pair is more, and the other less."""
HOUR_DIGITS: Final = Decimal("1e-13")
REFUND: Final = Decimal("0.75")


def spellings_of(store: Store) -> frozenset[Spelling]:
    """The current spellings of the account; none at first."""
    return frozenset(map(Spelling, (store.fact(FACT) or "").split()))


def respell(store: Store, spellings: Iterable[Spelling]) -> None:
    """Sets the spellings of the account, also for issued invoices."""
    store.set_fact(FACT, " ".join(sorted(spellings)))


def spelled(lines: Sequence[Line], spellings: frozenset[Spelling]) -> list[Line]:
    """The lines of a bill in these spellings, with the same total."""
    respelled = list(lines)
    for spelling, change in _RESPELLINGS.items():
        if spelling in spellings:
            respelled = change(respelled)
    return respelled


def _refunded(lines: Sequence[Line]) -> list[Line]:
    for number, line in enumerate(lines):
        if line.charge is Charge.USAGE and line.resource_id:
            dearer = replace(line, amount=line.amount + REFUND)
            refund = replace(line, charge=Charge.CREDIT, amount=-REFUND, hours=None)
            return [*lines[:number], dearer, *lines[number + 1 :], refund]
    return list(lines)


def _each(change: Callable[[Line], Line]) -> Respelling:
    return lambda lines: [change(line) for line in lines]


def _renamed(line: Line) -> Line:
    return replace(line, product=PRODUCT_NAMES.get(line.product, line.product))


def _taxed_locally(line: Line) -> Line:
    return replace(line, product="GST") if line.charge is Charge.TAX else line


def _in_group(line: Line) -> Line:
    if line.kind != "database":
        return line
    name, _, size = line.description.rpartition(" (")
    return replace(line, group_description=name, description=f"primary-node ({size}")


def _with_blanks(line: Line) -> Line:
    if not line.resource_id:
        return line
    name, bracket, size = line.description.rpartition(" (")
    spaced = f"{name}  ({size}" if bracket else line.description
    return replace(line, description=f"{spaced} ")


def _lengthened(line: Line) -> Line:
    if not line.resource_id or not line.description.endswith(")"):
        return line
    return replace(line, description=f"{line.description[:-1]}{LONG_TEXT})")


def _by_the_second(lines: Sequence[Line]) -> list[Line]:
    """Of two consecutive lines of usage one costs less by what the other costs more."""
    exact = [
        replace(line, hours=_hours(line)) if line.hours is not None else line for line in lines
    ]
    usage = [number for number, line in enumerate(exact) if line.charge is Charge.USAGE]
    for turn, (first, second) in enumerate(pairwise(usage)):
        if turn % 2 == 0:
            exact[first] = replace(exact[first], amount=exact[first].amount + LEAST)
            exact[second] = replace(exact[second], amount=exact[second].amount - LEAST)
    return exact


def _hours(line: Line) -> Decimal:
    seconds = Decimal(str((line.end - line.start).total_seconds()))
    return (seconds / 3600).quantize(HOUR_DIGITS).normalize() + 0


_RESPELLINGS: Final[Mapping[Spelling, Respelling]] = {
    Spelling.REFUNDS: _refunded,
    Spelling.PRODUCT_NAMES: _each(_renamed),
    Spelling.LOCAL_TAXES: _each(_taxed_locally),
    Spelling.GROUPED_DATABASES: _each(_in_group),
    Spelling.LONG_DESCRIPTIONS: _each(_lengthened),
    Spelling.BLANKS_IN_NAMES: _each(_with_blanks),
    Spelling.MANY_DIGITS: _by_the_second,
}
"""The spellings that change lines, in order."""

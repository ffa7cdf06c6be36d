"""The billing history: invoices, payments, failed attempts and credits, with their balance."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from providers.digitalocean.simulator.billing.invoices import Invoice
from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.billing.lines import (
    Period,
    cents,
    description_of,
    usage_amount,
)
from providers.digitalocean.simulator.billing.spellings import Spelling

__all__ = ["FIRST_INSIGHT", "DataPoint", "Entry", "balance_of", "data_points", "entries_until"]


@dataclass(frozen=True)
class Entry:
    """An entry; `amount` is the change of what the account owes."""

    type: str
    description: str
    amount: Decimal | None
    """None in an unreadable entry."""
    date: datetime
    invoice: Invoice | None = None


def entries_until(
    invoices: list[Invoice], now: datetime, spellings: Collection[Spelling] = frozenset()
) -> list[Entry]:
    """All entries until now, newest first; the amounts add up to the balance."""
    entries: list[Entry] = []
    for number, invoice in enumerate(sorted(invoices, key=lambda i: i.period)):
        title = f"{date.fromisoformat(f'{invoice.period}-01'):%B %Y}"
        issued = invoice.issued_at
        entries.append(Entry("Invoice", f"Invoice for {title}", invoice.amount, issued, invoice))
        entries += _extras(number, issued)
        owed = balance_of(entries)
        if number % 9 == 4:
            failed = issued + timedelta(hours=20)
            entries.append(
                Entry("AttemptFailed", "Payment attempt failed", Decimal("0.00"), failed)
            )
        if owed > 0:
            paid = issued + timedelta(days=1 if number % 9 != 4 else 3)
            entries.append(Entry("Payment", "Payment (MC 2018)", -owed, paid))
    if entries and Spelling.CHARGEBACKS in spellings:
        entries += _chargebacks(entries[-1].date)
    if entries and Spelling.ODD_HISTORY in spellings:
        odd = Entry("Credit", "A credit without an amount", None, entries[-1].date)
        entries.append(odd)
    known = [entry for entry in entries if entry.date <= now]
    return sorted(known, key=lambda entry: entry.date, reverse=True)


def _extras(number: int, issued: datetime) -> list[Entry]:
    """Other entries: a promotion that partly expires, an adjustment, a refund."""
    soon = issued + timedelta(hours=1)
    extras = {
        1: Entry("Credit", "Promotional credit", Decimal("-100.00"), soon),
        7: Entry("CreditExpiration", "Promotional credit expired", Decimal("12.50"), soon),
        13: Entry("Adjustment", "Goodwill adjustment", Decimal("-8.17"), soon),
        19: Entry("Refund", "Refund to card", Decimal("4.40"), soon),
    }
    return [extras[number]] if number in extras else []


def _chargebacks(at: datetime) -> list[Entry]:
    """A payment with a reversed chargeback, and two identical refunds."""
    amounts = (
        ("Chargeback", "31.40"),
        ("Reversal", "-31.40"),
        ("Refund", "2.20"),
        ("Refund", "2.20"),
    )
    return [Entry(kind, f"{kind} (MC 2018)", Decimal(amount), at) for kind, amount in amounts]


def balance_of(entries: list[Entry]) -> Decimal:
    """The balance of the account after these entries."""
    return sum((entry.amount for entry in entries if entry.amount is not None), Decimal("0.00"))


_WORDS = {
    "container_registry": "REGI",
    "nat_gateway": "NATG",
    "nfs_share": "NFS",
    "reserved_ipv6": "RIP6",
}
"""The name of a product in a SKU, where it is not a prefix of our name."""

FIRST_INSIGHT = date(2025, 12, 1)

SKUS: Final[Mapping[str, str]] = {
    "database": "DBAA",
    "kubernetes_ha": "DOKS",
    "kubernetes_node": "DOKS",
    "load_balancer": "LBAA",
}
"""The current four letters of kinds, where they are not the first four."""


@dataclass(frozen=True)
class DataPoint:
    """The cost of a resource on a day, USD."""

    day: date
    amount: str
    region: str
    sku: str
    description: str
    group_description: str


def data_points(
    ledger: Ledger,
    first: date,
    last: date,
    now: datetime,
    spellings: Collection[Spelling] = frozenset(),
) -> Iterator[DataPoint]:
    """Estimates of the completed days from `first` to `last`, inclusive."""
    words = {**_WORDS, **(SKUS if Spelling.SKUS in spellings else {})}
    day = max(first, FIRST_INSIGHT)
    while day <= last and day < now.date():
        start = datetime.combine(day, time(), UTC)
        period = Period(start, start + timedelta(days=1))
        for life in ledger.overlapping(period.start, period.end):
            used = usage_amount(life, period)
            if used is not None:
                yield DataPoint(
                    day,
                    str(cents(used[0])),
                    life.region,
                    f"1-DO-{words.get(life.kind, life.kind[:4].upper())}-{len(life.sku):04d}",
                    description_of(life),
                    life.group_name,
                )
        day += timedelta(days=1)

"""The billing history: invoices, payments, failed attempts and credits, with their balance."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from providers.digitalocean.simulator.billing.invoices import Invoice
from providers.digitalocean.simulator.billing.spellings import Spelling

__all__ = ["Entry", "balance_of", "entries_until"]


@dataclass(frozen=True)
class Entry:
    """One entry; `amount` is what it adds to what the account owes."""

    type: str
    description: str
    amount: Decimal | None
    """None in an odd entry, which has none."""
    date: datetime
    invoice: Invoice | None = None


def entries_until(
    invoices: list[Invoice], now: datetime, spellings: Collection[Spelling] = frozenset()
) -> list[Entry]:
    """Every entry until now, the newest first; the amounts sum to the account's balance."""
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
    """What happens besides: a promotion that partly expires, an adjustment, a refund."""
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
    """What the account owes after these entries."""
    return sum((entry.amount for entry in entries if entry.amount is not None), Decimal("0.00"))

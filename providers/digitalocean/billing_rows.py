"""Rows of DigitalOcean's billing API, parsed from JSON.

Amounts stay text, as the provider wrote them or as the digits of its JSON numbers, so that they
remain exact. A documented required field that is missing is an error, never empty. An invalid
entry of the history is such an error in its place.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from kinds.unreadable import JsonObject
from providers.digitalocean.errors import MalformedAnswer

__all__ = [
    "Balance",
    "HistoryEntry",
    "HistoryPage",
    "Insight",
    "InvoiceItem",
    "ItemPage",
    "Summary",
    "balance_of",
    "history_entry",
    "insight_of",
    "item_of",
    "summary_of",
    "text",
]


INVOICE: Final = "Invoice"
"""The type of invoices in the history."""

ITEM_TEXTS: Final = (
    *("product", "group_description", "description", "project_name", "category"),
    *("duration", "duration_unit", "resource_id", "resource_uuid"),
)
"""The text fields of an invoice's line that may be absent."""

MAX_EXPONENT: Final = 10_000
MAX_SHOWN: Final = 200
"""Maximum characters of an unreadable value in an error."""

_LOOSE_OFFSET: Final = re.compile(r" ([+-][0-9]{2}:?[0-9]{2})(?: UTC)?$", re.ASCII)
"""An offset as Go prints it: after a space, followed by the zone's name."""


@dataclass(frozen=True, slots=True)
class Balance:
    """The four figures in USD."""

    month_to_date_balance: str
    account_balance: str
    month_to_date_usage: str
    generated_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An entry of the billing history; the amount is USD, negative for a payment or a credit.

    If `unreadable` has a reason, the other fields have what could be read.
    """

    type: str
    """As the provider writes it, such as `Invoice`, `Payment` or `Refund`."""
    invoice_uuid: str
    invoice_number: str
    amount_usd: str
    issued_at: datetime | None
    description: str
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of the billing history."""

    number: int
    entries: tuple[HistoryEntry, ...]
    is_last: bool


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """A line of an invoice in its JSON form; ids and hours are empty if missing."""

    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    amount_usd: str
    duration: str
    duration_unit: str
    start_at: datetime | None
    end_at: datetime | None
    resource_id: str
    resource_uuid: str


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of an invoice's lines."""

    number: int
    items: tuple[InvoiceItem, ...]
    unreadable: tuple[str, ...] = ()
    """Why lines of the page are unreadable; they are not among the items."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The total of an invoice and its parts, USD."""

    period: str
    """The month, such as `2026-04`."""
    amount_usd: str
    """The parts are empty if the summary does not have them."""
    product_charges_usd: str
    overages_usd: str
    taxes_usd: str
    credits_and_adjustments_usd: str


@dataclass(frozen=True, slots=True)
class Insight:
    """The estimated cost of a resource on a day, USD."""

    day: date
    amount_usd: str
    region: str
    sku: str
    description: str
    group_description: str


def balance_of(answer: JsonObject) -> Balance:
    """The account's balance."""
    return Balance(
        text(answer, "month_to_date_balance"),
        text(answer, "account_balance"),
        text(answer, "month_to_date_usage"),
        _instant(answer, "generated_at"),
    )


def summary_of(answer: JsonObject) -> Summary:
    """The summary of an invoice."""
    parts = ("product_charges", "overages", "taxes", "credits_and_adjustments")
    return Summary(
        text(answer, "billing_period"),
        text(answer, "amount"),
        *(_part(answer, name) for name in parts),
    )


def history_entry(row: JsonObject) -> HistoryEntry:
    """An entry of the billing history; an unreadable one has the reason."""
    try:
        kind = text(row, "type")
        return HistoryEntry(
            kind,
            text(row, "invoice_uuid") if kind == INVOICE else _optional(row, "invoice_uuid"),
            _optional(row, "invoice_id"),
            text(row, "amount"),
            _instant(row, "date"),
            _optional(row, "description"),
        )
    except MalformedAnswer as odd:
        return HistoryEntry(
            _shown(row.get("type")),
            _shown(row.get("invoice_uuid")),
            _shown(row.get("invoice_id")),
            "",
            None,
            _shown(row.get("description")),
            str(odd),
        )


def item_of(row: JsonObject) -> InvoiceItem:
    """A line of an invoice."""
    return InvoiceItem(
        **{name: _optional(row, name) for name in ITEM_TEXTS},
        amount_usd=text(row, "amount"),
        start_at=_instant(row, "start_time") if row.get("start_time") else None,
        end_at=_instant(row, "end_time") if row.get("end_time") else None,
    )


def insight_of(row: JsonObject) -> Insight:
    """An estimate of a day."""
    try:
        day = date.fromisoformat(text(row, "start_date")[:10])
    except ValueError as error:
        raise MalformedAnswer("`start_date` is not a date") from error
    names = ("region", "sku", "description", "group_description")
    return Insight(day, text(row, "total_amount"), *(_optional(row, name) for name in names))


def _part(answer: JsonObject, name: str) -> str:
    part = answer.get(name)
    return text(part, "amount") if isinstance(part, dict) else ""


def _optional(row: JsonObject, name: str) -> str:
    """Text, or the digits of a number as text; empty if there is none."""
    value: Any = row.get(name)
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _digits(value, name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MalformedAnswer(f"`{name}` is not a text")
    return str(value)


def _digits(number: Decimal, name: str) -> str:
    """A number without an exponent. Raises MalformedAnswer for one of excessive length."""
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise MalformedAnswer(f"`{name}` is out of range")
    return format(number, "f")


def _shown(value: object) -> str:
    """An unreadable value, as shown in errors."""
    return "" if value is None else str(value)[:MAX_SHOWN]


def text(row: JsonObject, name: str) -> str:
    """A required text or amount. Raises MalformedAnswer."""
    value = _optional(row, name)
    if not value:
        raise MalformedAnswer(f"`{name}` is missing")
    return value


def _instant(row: JsonObject, name: str) -> datetime:
    """`2026-05-20T00:00:00Z`, also `2026-05-20 00:00:00 +0000 UTC`. Raises MalformedAnswer."""
    try:
        at = datetime.fromisoformat(_LOOSE_OFFSET.sub(r"\1", text(row, name).strip()))
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedAnswer(f"`{name}` is not a timestamp") from error
    raise MalformedAnswer(f"`{name}` has no offset")

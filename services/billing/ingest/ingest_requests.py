"""Parsers of ingest requests; each error names the field."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from arcadia.billing.v1 import balance_service_pb2, ingest_service_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.billing.balances.store import Balance
from services.billing.ingest.rules.billed_values import BadValue, read_amount, read_hours
from services.billing.ingest.rules.reconciling import SummaryParts
from services.billing.ingest.store.history import INVOICE, HistoryEntry
from services.billing.ingest.store.ingests import BilledItem
from services.common.errors import InvalidArgument
from services.common.rpc import fields
from services.common.rpc.fields import uuid_of
from services.common.values.periods import Period, read_day, read_month

__all__ = [
    "amount_usd",
    "balance_of",
    "billed_items",
    "day_bounds",
    "history_entries",
    "instant",
    "required",
    "span",
    "summary_of",
    "uuid_of",
    "words",
]

MAX_BATCH: Final = 5_000
MAX_DAYS: Final = 366
MAX_TEXT_LENGTH: Final = 4_000
MAX_WORDS_LENGTH: Final = 160_000
"""Maximum total text of an item: five fields of the maximum length in the CSV form."""

FIRST_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime(2200, 1, 1, tzinfo=UTC)

_HOURS: Final = re.compile(r"hours?", re.IGNORECASE)

Item = TypeVar("Item", bound=Message)
Number = TypeVar("Number", Decimal, Decimal | None)


def required(field: str, value: str) -> str:
    """A text that is not empty. Raises InvalidArgument."""
    return words(field, fields.required(field, value))


def words(field: str, value: str, longest: int = MAX_TEXT_LENGTH) -> str:
    """A text that the database can store. Raises InvalidArgument."""
    return fields.text(field, value, longest)


def amount_usd(field: str, value: str) -> Decimal:
    """An exact amount in the provider's notation. Raises InvalidArgument."""
    return _read(field, value, read_amount)


def _read(field: str, value: str, read: Callable[[str], Number]) -> Number:
    try:
        return read(value)
    except BadValue as bad:
        raise InvalidArgument(field, str(bad), reason="NOT_A_DECIMAL") from None


def instant(field: str, message: Message, name: str) -> datetime:
    """The required timestamp in the field `name`. Raises InvalidArgument."""
    if not message.HasField(name):
        raise InvalidArgument(field, "is required", reason="FIELD_REQUIRED")
    stamp: Timestamp = getattr(message, name)
    try:
        at = stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument(field, "is not a valid time") from None
    if not FIRST_INSTANT <= at < LAST_INSTANT:
        raise InvalidArgument(field, "is not between the years 2000 and 2199")
    return at


def balance_of(request: balance_service_pb2.RecordBalanceRequest) -> Balance:
    """The figures of a snapshot. Raises InvalidArgument."""
    return Balance(
        amount_usd("month_to_date_balance", request.month_to_date_balance),
        amount_usd("account_balance", request.account_balance),
        amount_usd("month_to_date_usage", request.month_to_date_usage),
        instant("generated_at", request, "generated_at"),
    )


def day_bounds(from_day: str, to_day: str) -> tuple[date | None, date | None]:
    """A half-open range of days, possibly open-ended. Raises InvalidArgument."""
    first = read_day(from_day, "from_day") if from_day else None
    end = read_day(to_day, "to_day") if to_day else None
    if first is not None and end is not None and end <= first:
        raise InvalidArgument("to_day", "must be after from_day")
    return first, end


def span(from_day: str, to_day: str) -> Period:
    """A range of 1 to 366 days with both ends. Raises InvalidArgument."""
    start, end = (
        read_day(fields.required(name, value), name)
        for name, value in (("from_day", from_day), ("to_day", to_day))
    )
    if not 0 < (end - start).days <= MAX_DAYS:
        raise InvalidArgument("to_day", f"must be 1 to {MAX_DAYS} days after from_day")
    return Period(start, end)


def history_entries(
    request: ingest_service_pb2.RecordBillingHistoryRequest,
) -> list[HistoryEntry]:
    """The entries of a page of the history; unreadable ones have the reason.

    Raises InvalidArgument for a page that is too large.
    """
    return [_entry(entry) for entry in bounded("entries", request.entries)]


def _entry(entry: ingest_service_pb2.HistoryEntry) -> HistoryEntry:
    try:
        return _readable(entry)
    except InvalidArgument as odd:
        return _odd(entry, str(odd))


def _readable(entry: ingest_service_pb2.HistoryEntry) -> HistoryEntry:
    if entry.unreadable:
        return _odd(entry, entry.unreadable)
    if entry.type in ("", INVOICE):
        required("invoice_uuid", entry.invoice_uuid)
    return HistoryEntry(
        words("type", entry.type) or INVOICE,
        words("invoice_uuid", entry.invoice_uuid),
        words("invoice_number", entry.invoice_number),
        amount_usd("amount", entry.amount_usd),
        instant("date", entry, "issued_at"),
        words("description", entry.description),
        read_month(entry.period, "period").start if entry.period else None,
        entry.ordinal or 1,
    )


def _odd(entry: ingest_service_pb2.HistoryEntry, why: str) -> HistoryEntry:
    """The stored form of an unreadable entry."""

    def kept(text: str) -> str:
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:MAX_TEXT_LENGTH]

    return HistoryEntry(
        kept(entry.type) or INVOICE,
        kept(entry.invoice_uuid),
        kept(entry.invoice_number),
        None,
        None,
        kept(entry.description),
        None,
        entry.ordinal or 1,
        kept(why),
    )


def billed_items(request: ingest_service_pb2.RecordInvoiceItemsRequest) -> list[BilledItem]:
    """The items of a page of the JSON form. Raises InvalidArgument."""
    return [
        _item(f"items[{index}]", item) for index, item in enumerate(bounded("items", request.items))
    ]


def summary_of(
    request: ingest_service_pb2.CompleteIngestRequest,
) -> tuple[SummaryParts | None, date | None]:
    """The amounts and the month of the provider's summary. Raises InvalidArgument."""
    if not request.HasField("summary"):
        return None, None
    said = request.summary

    def part(name: str) -> Decimal | None:
        value: str = getattr(said, name)
        return amount_usd(f"summary.{name}", value) if value else None

    summary = SummaryParts(
        amount_usd("summary.amount_usd", said.amount_usd),
        part("product_charges_usd"),
        part("overages_usd"),
        part("taxes_usd"),
        part("credits_and_adjustments_usd"),
    )
    period = read_month(said.period, "summary.period").start if said.period else None
    return summary, period


def bounded(field: str, items: Sequence[Item]) -> Iterable[Item]:
    """A batch within the maximum size. Raises InvalidArgument."""
    if len(items) > MAX_BATCH:
        raise InvalidArgument(field, f"has more than {MAX_BATCH} entries")
    return items


def _item(field: str, item: ingest_service_pb2.InvoiceItem) -> BilledItem:
    timed = _HOURS.fullmatch(item.duration_unit) and item.duration
    said = f"{item.product}{item.group_description}{item.description}{item.project_name}"
    words(field, f"{said}{item.category}{item.resource_id}{item.resource_uuid}", MAX_WORDS_LENGTH)
    return BilledItem(
        item.product,
        item.group_description,
        item.description,
        item.project_name,
        item.category,
        _read(f"{field}.duration", item.duration, read_hours) if timed else None,
        instant(f"{field}.start_at", item, "start_at") if item.HasField("start_at") else None,
        instant(f"{field}.end_at", item, "end_at") if item.HasField("end_at") else None,
        amount_usd(f"{field}.amount_usd", item.amount_usd),
        item.resource_id,
        item.resource_uuid,
    )

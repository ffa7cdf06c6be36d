"""From protos to the domain: what a worker may say, refused with the name of the field."""

import re
from collections.abc import Iterable, Sequence
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
from services.billing.ingest.store.staging import BilledItem
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
"""Of all words of an item together: five fields as long as the CSV form may have them."""

FIRST_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime(2200, 1, 1, tzinfo=UTC)

_HOURS: Final = re.compile(r"hours?", re.IGNORECASE)

Item = TypeVar("Item", bound=Message)


def required(field: str, value: str) -> str:
    """A text that is not empty, else InvalidArgument."""
    return words(field, fields.required(field, value))


def words(field: str, value: str, longest: int = MAX_TEXT_LENGTH) -> str:
    """A text that the database can keep, else InvalidArgument."""
    return fields.text(field, value, longest)


def amount_usd(field: str, value: str) -> Decimal:
    """An amount as the provider writes it, exact to its last digit, else InvalidArgument."""
    try:
        return read_amount(value)
    except BadValue as bad:
        raise InvalidArgument(field, str(bad), reason="NOT_A_DECIMAL") from None


def instant(field: str, message: Message, name: str) -> datetime:
    """The instant in a message's field `name`, which must be set, else InvalidArgument."""
    if not message.HasField(name):
        raise InvalidArgument(field, "is required", reason="FIELD_REQUIRED")
    stamp: Timestamp = getattr(message, name)
    try:
        at = stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument(field, "is no instant") from None
    if not FIRST_INSTANT <= at < LAST_INSTANT:
        raise InvalidArgument(field, "is not between the years 2000 and 2199")
    return at


def balance_of(request: balance_service_pb2.RecordBalanceRequest) -> Balance:
    """The figures of a snapshot, else InvalidArgument."""
    return Balance(
        amount_usd("month_to_date_balance", request.month_to_date_balance),
        amount_usd("account_balance", request.account_balance),
        amount_usd("month_to_date_usage", request.month_to_date_usage),
        instant("generated_at", request, "generated_at"),
    )


def day_bounds(from_day: str, to_day: str) -> tuple[date | None, date | None]:
    """A half-open span of days whose ends may be open, else InvalidArgument."""
    first = read_day(from_day, "from_day") if from_day else None
    end = read_day(to_day, "to_day") if to_day else None
    if first is not None and end is not None and end <= first:
        raise InvalidArgument("to_day", "must be after from_day")
    return first, end


def span(from_day: str, to_day: str) -> Period:
    """A span of 1 to 366 days, both ends of which must be given, else InvalidArgument."""
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
    """The entries of a page of the history; one that cannot be read has the reason in it.

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
    """What is kept of an entry that cannot be read."""

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
    """The items of a page of the JSON form, else InvalidArgument."""
    return [
        _item(f"items[{index}]", item) for index, item in enumerate(bounded("items", request.items))
    ]


def summary_of(
    request: ingest_service_pb2.CompleteIngestRequest,
) -> tuple[SummaryParts | None, date | None]:
    """The amounts and the month of the provider's summary, else InvalidArgument."""
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
    """A batch that is not too large, else InvalidArgument."""
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
        _hours_of(f"{field}.duration", item.duration) if timed else None,
        instant(f"{field}.start_at", item, "start_at") if item.HasField("start_at") else None,
        instant(f"{field}.end_at", item, "end_at") if item.HasField("end_at") else None,
        amount_usd(f"{field}.amount_usd", item.amount_usd),
        item.resource_id,
        item.resource_uuid,
    )


def _hours_of(field: str, value: str) -> Decimal | None:
    try:
        return read_hours(value)
    except BadValue as bad:
        raise InvalidArgument(field, str(bad), reason="NOT_A_DECIMAL") from None

"""From protos to the domain: what a worker may say, refused with the name of the field."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from arcadia.billing.v1 import balance_service_pb2, ingest_service_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.billing.store.balances import Balance
from services.billing.store.headers import HistoryEntry
from services.billing.store.staging import BilledItem
from services.common import fields
from services.common.errors import InvalidArgument
from services.common.fields import uuid_of
from services.common.money import exact
from services.common.periods import read_day, read_month

__all__ = [
    "balance_of",
    "billed_items",
    "day_bounds",
    "history_entries",
    "instant",
    "required",
    "summary_of",
    "uuid_of",
]

LARGEST_BATCH: Final = 5_000
LONGEST_TEXT: Final = 4_000

FIRST_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime(2200, 1, 1, tzinfo=UTC)

_HOURS: Final = re.compile(r"hours?", re.IGNORECASE)

Item = TypeVar("Item", bound=Message)


def required(field: str, value: str) -> str:
    """A text that is not empty, else InvalidArgument."""
    return words(field, fields.required(field, value))


def words(field: str, value: str) -> str:
    """A text that the database can keep, else InvalidArgument."""
    return fields.text(field, value, LONGEST_TEXT)


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
        exact(request.month_to_date_balance, "month_to_date_balance"),
        exact(request.account_balance, "account_balance"),
        exact(request.month_to_date_usage, "month_to_date_usage"),
        instant("generated_at", request, "generated_at"),
    )


def day_bounds(from_day: str, to_day: str) -> tuple[date | None, date | None]:
    """A half-open span of days whose ends may be open, else InvalidArgument."""
    first = read_day(from_day, "from_day") if from_day else None
    end = read_day(to_day, "to_day") if to_day else None
    if first is not None and end is not None and end <= first:
        raise InvalidArgument("to_day", "must be after from_day")
    return first, end


def history_entries(
    request: ingest_service_pb2.RecordBillingHistoryRequest,
) -> list[HistoryEntry]:
    """The invoices of a page of the history, else InvalidArgument."""
    return [
        HistoryEntry(
            required(f"entries[{index}].invoice_uuid", entry.invoice_uuid),
            words(f"entries[{index}].invoice_number", entry.invoice_number),
            exact(entry.amount_usd, f"entries[{index}].amount_usd"),
            instant(f"entries[{index}].issued_at", entry, "issued_at"),
            words(f"entries[{index}].description", entry.description),
            read_month(entry.period, f"entries[{index}].period").start if entry.period else None,
        )
        for index, entry in enumerate(bounded("entries", request.entries))
    ]


def billed_items(request: ingest_service_pb2.RecordInvoiceItemsRequest) -> list[BilledItem]:
    """The items of a page of the JSON form, else InvalidArgument."""
    return [
        _item(f"items[{index}]", item) for index, item in enumerate(bounded("items", request.items))
    ]


def summary_of(
    request: ingest_service_pb2.CompleteIngestRequest,
) -> tuple[Decimal | None, date | None]:
    """The amount in USD and the month of the provider's summary, else InvalidArgument."""
    if not request.HasField("summary"):
        return None, None
    summary = request.summary
    for name in ("product_charges", "overages", "taxes", "credits_and_adjustments"):
        if part := getattr(summary, f"{name}_usd"):
            exact(part, f"summary.{name}_usd")
    period = read_month(summary.period, "summary.period").start if summary.period else None
    return exact(summary.amount_usd, "summary.amount_usd"), period


def bounded(field: str, items: Sequence[Item]) -> Iterable[Item]:
    """A batch that is not too large, else InvalidArgument."""
    if len(items) > LARGEST_BATCH:
        raise InvalidArgument(field, f"has more than {LARGEST_BATCH} entries")
    return items


def _item(field: str, item: ingest_service_pb2.InvoiceItem) -> BilledItem:
    timed = _HOURS.fullmatch(item.duration_unit) and item.duration
    said = f"{item.product}{item.group_description}{item.description}{item.project_name}"
    words(field, f"{said}{item.category}{item.resource_id}{item.resource_uuid}")
    return BilledItem(
        item.product,
        item.group_description,
        item.description,
        item.project_name,
        item.category,
        exact(item.duration, f"{field}.duration") if timed else None,
        instant(f"{field}.start_at", item, "start_at") if item.HasField("start_at") else None,
        instant(f"{field}.end_at", item, "end_at") if item.HasField("end_at") else None,
        exact(item.amount_usd, f"{field}.amount_usd"),
        item.resource_id,
        item.resource_uuid,
    )

"""Billing at DigitalOcean: balance, history, invoices as JSON and CSV, daily estimates."""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import date
from decimal import Decimal
from typing import Any, Final, NoReturn

from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.pages import PER_PAGE
from providers.digitalocean.billing_rows import (
    Balance,
    HistoryEntry,
    HistoryPage,
    Insight,
    InvoiceItem,
    ItemPage,
    Summary,
    balance_of,
    history_entry,
    insight_of,
    item_of,
    summary_of,
    text,
)
from providers.digitalocean.errors import MalformedAnswer, PagingLoop, ProviderUnavailable

__all__ = [
    "FIRST_INSIGHT",
    "MAX_INSIGHT_DAYS",
    "Balance",
    "HistoryEntry",
    "HistoryPage",
    "Insight",
    "InvoiceItem",
    "ItemPage",
    "Summary",
    "account_urn",
    "balance",
    "history_pages",
    "insight_pages",
    "invoice_csv",
    "invoice_months",
    "item_pages",
    "loads",
    "summary",
]

MAX_INT_DIGITS: Final = 18
"""Longer whole numbers are parsed as decimals, because Python rejects very long ints."""


def loads(content: bytes) -> Any:
    """Parses JSON text with exact numbers. Raises ValueError for text that is not JSON."""
    try:
        return json.loads(content, parse_float=Decimal, parse_int=_whole, parse_constant=_refuse)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError(str(error)) from error


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= MAX_INT_DIGITS else Decimal(text)


def _refuse(text: str) -> NoReturn:
    """`NaN` and `Infinity` are neither JSON nor amounts."""
    raise ValueError(f"{text} is not JSON")


INVOICES: Final = "/v2/customers/my/invoices"
HISTORY: Final = "/v2/customers/my/billing_history"

CSV_TYPES: Final = ("text/csv", "application/csv", "application/octet-stream")
"""The content types of the CSV form: as documented, and as seen."""

_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)

MAX_PAGES: Final = 50_000
"""Maximum pages, ten million entries: more than any account has."""

FIRST_INSIGHT: Final = date(2025, 12, 1)
"""Daily estimates begin on this day."""

MAX_INSIGHT_DAYS: Final = 31


async def balance(provider: DigitalOcean) -> Balance:
    """The account's current balance."""
    return balance_of(await provider.document("/v2/customers/my/balance", loads=loads))


async def history_pages(
    provider: DigitalOcean, *, first: int = 1
) -> AsyncGenerator[HistoryPage, None]:
    """The pages of the billing history."""
    async for number, rows, is_last in _counted(provider, HISTORY, "billing_history", first):
        yield HistoryPage(number, tuple(map(history_entry, rows)), is_last)


async def invoice_months(provider: DigitalOcean) -> dict[str, str]:
    """The month of every invoice, such as `2026-04`, by its UUID.

    Without invoices whose month is not listed; their summary may have it.
    """
    months = {}
    async for _, rows, _ in _counted(provider, INVOICES, "invoices", 1):
        for row in rows:
            uuid, month = row.get("invoice_uuid"), row.get("invoice_period")
            if isinstance(uuid, str) and isinstance(month, str) and _MONTH.fullmatch(month):
                months[uuid] = month
    return months


async def item_pages(
    provider: DigitalOcean, invoice_uuid: str, *, first: int = 1
) -> AsyncGenerator[ItemPage, None]:
    """The pages of the JSON form of an invoice; an invalid line only loses its id."""
    path = f"{INVOICES}/{invoice_uuid}"
    async for number, rows, _ in _counted(provider, path, "invoice_items", first):
        items, unreadable = [], []
        for row in rows:
            try:
                items.append(item_of(row))
            except MalformedAnswer as odd:
                unreadable.append(str(odd))
        yield ItemPage(number, tuple(items), tuple(unreadable))


def invoice_csv(
    provider: DigitalOcean, invoice_uuid: str
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """The CSV form of an invoice, in pieces."""
    return provider.download(f"{INVOICES}/{invoice_uuid}/csv", *CSV_TYPES)


async def summary(provider: DigitalOcean, invoice_uuid: str) -> Summary:
    """The summary of an invoice."""
    path = f"{INVOICES}/{invoice_uuid}/summary"
    return summary_of(await provider.document(path, loads=loads))


async def account_urn(provider: DigitalOcean) -> str:
    """The account's name in the insights API."""
    team = (await provider.one("/v2/account", "account")).get("team")
    if not isinstance(team, dict):
        raise MalformedAnswer("/v2/account: the account has no team")
    return f"do:team:{text(team, 'uuid')}"


async def insight_pages(
    provider: DigitalOcean, urn: str, first_day: date, last_day: date
) -> AsyncGenerator[tuple[Insight, ...], None]:
    """The estimates for a range of days, both inclusive; at most MAX_INSIGHT_DAYS.

    Raises ProviderUnavailable if they are incomplete or duplicated.
    """
    path = f"/v2/billing/{urn}/insights/{first_day}/{last_day}"
    count = 0
    for number in range(1, MAX_PAGES):
        answer = await provider.document(path, _page(number), loads=loads)
        pages, total, current = (
            _count(answer, name, path) for name in ("total_pages", "total_items", "current_page")
        )
        rows = _rows(answer, "data_points", total, path)
        count += len(rows)
        if current != number or (number >= pages and count != total):
            raise ProviderUnavailable(
                f"{path}: page {current} came for page {number}, with {count} of {total} estimates"
            )
        yield tuple(map(insight_of, rows))
        if number >= pages:
            return
    raise PagingLoop(f"{path}: has more than {MAX_PAGES} pages")


async def _counted(
    provider: DigitalOcean, path: str, key: str, first: int
) -> AsyncGenerator[tuple[int, list[JsonObject], bool], None]:
    """Counted pages of a listing, each with whether it is the last.

    They end by `meta.total`. The next link is not followed: it has been seen to loop and to lead
    elsewhere. Raises ProviderUnavailable if a page lacks rows.
    """
    for number in range(first, MAX_PAGES):
        answer = await provider.document(path, _page(number), loads=loads)
        meta = answer.get("meta")
        total = _count(meta if isinstance(meta, dict) else {}, "total", f"{path}: meta")
        rows = _rows(answer, key, total, path)
        if len(rows) < min(PER_PAGE, total - (number - 1) * PER_PAGE):
            raise ProviderUnavailable(
                f"{path}: page {number} of {total} entries has only {len(rows)}"
            )
        is_last = number * PER_PAGE >= total
        yield number, rows, is_last
        if is_last:
            return
    raise PagingLoop(f"{path}: has more than {MAX_PAGES} pages")


def _page(number: int) -> tuple[tuple[str, str], ...]:
    return ("page", str(number)), ("per_page", str(PER_PAGE))


def _count(answer: JsonObject, name: str, path: str) -> int:
    count = answer.get(name)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise MalformedAnswer(f"{path}: {name} is not a count")
    return count


def _rows(answer: JsonObject, key: str, total: int, path: str) -> list[JsonObject]:
    """The rows of a page; absent or null is an empty list if the total is 0."""
    rows = answer.get(key)
    if rows is None and not total:
        return []
    if not isinstance(rows, list):
        raise MalformedAnswer(f"{path}: the response has no list `{key}`")
    # A row that is not an object has no fields, and is reported as lacking its required fields.
    return [row if isinstance(row, dict) else {} for row in rows]

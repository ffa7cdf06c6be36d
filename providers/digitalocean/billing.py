"""The account's money at DigitalOcean: balance, history, invoices in their forms, estimates.

Amounts stay the texts that the provider wrote: whoever keeps them reads them exactly. A
field that the API documents as required and does not send is an error, never a blank.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from providers.digitalocean.client import DigitalOcean
from providers.digitalocean.errors import MalformedAnswer, PagingLoop
from providers.digitalocean.pages import PER_PAGE, JsonObject

__all__ = [
    "FIRST_INSIGHT",
    "MOST_INSIGHT_DAYS",
    "Balance",
    "HistoryInvoice",
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
    "summary",
]

INVOICES: Final = "/v2/customers/my/invoices"
HISTORY: Final = "/v2/customers/my/billing_history"

MOST_PAGES: Final = 50_000
"""Ten million entries: no account has more, and no walk is longer."""

FIRST_INSIGHT: Final = date(2025, 12, 1)
"""Before this day there are no daily estimates."""

MOST_INSIGHT_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class Balance:
    """The four figures; USD."""

    month_to_date_balance: str
    account_balance: str
    month_to_date_usage: str
    generated_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryInvoice:
    """An entry of type `Invoice`; the amount is USD."""

    invoice_uuid: str
    invoice_number: str
    amount_usd: str
    issued_at: datetime
    description: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of the billing history, without what is no invoice."""

    number: int
    invoices: tuple[HistoryInvoice, ...]


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """A line of an invoice in its JSON form; ids and hours are empty where it says none."""

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


@dataclass(frozen=True, slots=True)
class Summary:
    """What an invoice comes to, and its parts; USD."""

    period: str
    """The month, as in `2026-04`."""
    amount_usd: str
    product_charges_usd: str
    overages_usd: str
    taxes_usd: str
    credits_and_adjustments_usd: str


@dataclass(frozen=True, slots=True)
class Insight:
    """What something is estimated to have cost on a day; USD."""

    day: date
    amount_usd: str
    region: str
    sku: str
    description: str
    group_description: str


async def balance(provider: DigitalOcean) -> Balance:
    """The account's balance as of now."""
    answer = await provider.document("/v2/customers/my/balance")
    return Balance(
        _money(answer, "month_to_date_balance"),
        _money(answer, "account_balance"),
        _money(answer, "month_to_date_usage"),
        _instant(answer, "generated_at"),
    )


async def history_pages(
    provider: DigitalOcean, *, first: int = 1
) -> AsyncGenerator[HistoryPage, None]:
    """The billing history, page by page."""
    async for number, rows in _counted(provider, HISTORY, "billing_history", first):
        yield HistoryPage(
            number, tuple(_history_invoice(row) for row in rows if row.get("type") == "Invoice")
        )


async def invoice_months(provider: DigitalOcean) -> dict[str, str]:
    """The month of every invoice, as in `2026-04`, by its UUID."""
    return {
        _text(row, "invoice_uuid"): _text(row, "invoice_period")
        async for _, rows in _counted(provider, INVOICES, "invoices", 1)
        for row in rows
    }


async def item_pages(
    provider: DigitalOcean, invoice_uuid: str, *, first: int = 1
) -> AsyncGenerator[ItemPage, None]:
    """The JSON form of an invoice, page by page."""
    path = f"{INVOICES}/{invoice_uuid}"
    async for number, rows in _counted(provider, path, "invoice_items", first):
        yield ItemPage(number, tuple(map(_item, rows)))


def invoice_csv(
    provider: DigitalOcean, invoice_uuid: str
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """The CSV form of an invoice, in pieces."""
    return provider.download(f"{INVOICES}/{invoice_uuid}/csv", "text/csv")


async def summary(provider: DigitalOcean, invoice_uuid: str) -> Summary:
    """What an invoice comes to."""
    answer = await provider.document(f"{INVOICES}/{invoice_uuid}/summary")
    return Summary(
        _text(answer, "billing_period"),
        _money(answer, "amount"),
        _part(answer, "product_charges"),
        _part(answer, "overages"),
        _part(answer, "taxes"),
        _part(answer, "credits_and_adjustments"),
    )


async def account_urn(provider: DigitalOcean) -> str:
    """The account's name among the insights."""
    team = (await provider.one("/v2/account", "account")).get("team")
    if not isinstance(team, dict):
        raise MalformedAnswer("/v2/account: the account has no team")
    return f"do:team:{_text(team, 'uuid')}"


async def insight_pages(
    provider: DigitalOcean, urn: str, first_day: date, last_day: date
) -> AsyncGenerator[tuple[Insight, ...], None]:
    """The estimates from one day to another, both included; at most MOST_INSIGHT_DAYS."""
    path = f"/v2/billing/{urn}/insights/{first_day}/{last_day}"
    for number in range(1, MOST_PAGES):
        answer = await provider.document(path, _page(number))
        yield tuple(map(_insight, _rows(answer, "data_points", path)))
        pages = answer.get("total_pages")
        if not isinstance(pages, int):
            raise MalformedAnswer(f"{path}: total_pages is not a count")
        if number >= pages:
            return
    raise PagingLoop(f"{path}: has more than {MOST_PAGES} pages")


async def _counted(
    provider: DigitalOcean, path: str, key: str, first: int
) -> AsyncGenerator[tuple[int, list[JsonObject]], None]:
    """The pages of a listing by our own count.

    `meta.total` says where it ends. The next link is not followed: it has been seen to loop,
    and to lead elsewhere. Raises MalformedAnswer when a page that must have rows has none.
    """
    for number in range(first, MOST_PAGES):
        answer = await provider.document(path, _page(number))
        rows = _rows(answer, key, path)
        total = (answer.get("meta") or {}).get("total")
        if isinstance(total, bool) or not isinstance(total, int) or total < 0:
            raise MalformedAnswer(f"{path}: meta.total is not a count")
        yield number, rows
        if number * PER_PAGE >= total:
            return
        if not rows:
            raise MalformedAnswer(f"{path}: page {number} of {total} entries is empty")
    raise PagingLoop(f"{path}: has more than {MOST_PAGES} pages")


def _page(number: int) -> tuple[tuple[str, str], ...]:
    return ("page", str(number)), ("per_page", str(PER_PAGE))


def _rows(answer: JsonObject, key: str, path: str) -> list[JsonObject]:
    rows = answer.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedAnswer(f"{path}: the answer has no list `{key}`")
    return rows


def _history_invoice(row: JsonObject) -> HistoryInvoice:
    return HistoryInvoice(
        _text(row, "invoice_uuid"),
        _word(row, "invoice_id"),
        _money(row, "amount"),
        _instant(row, "date"),
        _word(row, "description"),
    )


def _item(row: JsonObject) -> InvoiceItem:
    return InvoiceItem(
        _word(row, "product"),
        _word(row, "group_description"),
        _word(row, "description"),
        _word(row, "project_name"),
        _word(row, "category"),
        _money(row, "amount"),
        _word(row, "duration"),
        _word(row, "duration_unit"),
        _instant(row, "start_time") if row.get("start_time") else None,
        _instant(row, "end_time") if row.get("end_time") else None,
        _word(row, "resource_id"),
        _word(row, "resource_uuid"),
    )


def _insight(row: JsonObject) -> Insight:
    try:
        day = date.fromisoformat(_text(row, "start_date")[:10])
    except ValueError as error:
        raise MalformedAnswer("`start_date` is not a date") from error
    return Insight(
        day,
        _money(row, "total_amount"),
        _word(row, "region"),
        _word(row, "sku"),
        _word(row, "description"),
        _word(row, "group_description"),
    )


def _part(answer: JsonObject, name: str) -> str:
    part = answer.get(name)
    return _money(part, "amount") if isinstance(part, dict) else "0"


def _word(row: JsonObject, name: str) -> str:
    """A text, or a whole number as one; empty when there is none."""
    value: Any = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MalformedAnswer(f"`{name}` is not a text")
    return str(value)


def _text(row: JsonObject, name: str) -> str:
    value = _word(row, name)
    if not value:
        raise MalformedAnswer(f"`{name}` is missing")
    return value


def _money(row: JsonObject, name: str) -> str:
    """An amount; a JSON number with a point is refused, for it is not exact any more."""
    return _text(row, name)


def _instant(row: JsonObject, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(row, name))
    except ValueError as error:
        raise MalformedAnswer(f"`{name}` is not an instant") from error
    if at.tzinfo is None:
        raise MalformedAnswer(f"`{name}` has no offset")
    return at.astimezone(UTC)

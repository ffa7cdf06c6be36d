"""The provider's billing API: complete data, or an error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.digitalocean import billing
from providers.digitalocean.api.client import DigitalOcean, Retries
from providers.digitalocean.api.rate import RateBudget
from providers.digitalocean.errors import (
    CredentialsRefused,
    MalformedAnswer,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from tests.providers.simulator import Simulator

HISTORY = "/v2/customers/my/billing_history"


def truth(simulator: Simulator, path: str) -> Any:
    headers = {"authorization": "Bearer truth"}
    return httpx.get(f"{simulator.url}{path}", headers=headers, params={"per_page": 200}).json()


async def discovered(provider: DigitalOcean) -> list[str]:
    return [entry.invoice_uuid for entry in await history(provider) if entry.type == "Invoice"]


async def history(provider: DigitalOcean) -> list[billing.HistoryEntry]:
    pages = [page async for page in billing.history_pages(provider)]
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    return [entry for page in pages for entry in page.entries]


async def csv_of(provider: DigitalOcean, uuid: str) -> bytes:
    async with billing.invoice_csv(provider, uuid) as pieces:
        return b"".join([piece async for piece in pieces])


async def newest(provider: DigitalOcean) -> str:
    return (await discovered(provider))[0]


async def test_the_balance_has_its_four_figures(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    told = truth(simulator, "/v2/customers/my/balance")
    balance = await billing.balance(provider)
    assert balance.month_to_date_balance == told["month_to_date_balance"]
    assert balance.account_balance == told["account_balance"]
    assert balance.month_to_date_usage == told["month_to_date_usage"]
    assert balance.generated_at.utcoffset() == timedelta(0)


async def test_the_history_gives_every_entry_of_every_type(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    told = truth(simulator, HISTORY)["billing_history"]
    assert len({entry["type"] for entry in told}) > 1
    assert [
        (entry.type, entry.amount_usd, entry.invoice_uuid) for entry in await history(provider)
    ] == [(entry["type"], entry["amount"], entry.get("invoice_uuid", "")) for entry in told]


@pytest.mark.parametrize("fault", ["cycling_next", "foreign_next"])
async def test_a_next_link_that_loops_or_leads_elsewhere_is_not_followed(
    provider: DigitalOcean, simulator: Simulator, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "PER_PAGE", 20)
    straight = await discovered(provider)
    simulator.fault(fault, path="/v2/customers/")
    simulator.requests()
    assert await discovered(provider) == straight
    assert len(straight) == len(set(straight)) > 20


async def test_every_invoice_has_its_month(provider: DigitalOcean) -> None:
    months = await billing.invoice_months(provider)
    assert set(await discovered(provider)) == set(months)
    assert len(set(months.values())) == len(months)


async def test_items_summary_and_csv_are_of_the_same_invoice(provider: DigitalOcean) -> None:
    uuid = await newest(provider)
    items = [item async for page in billing.item_pages(provider, uuid) for item in page.items]
    summary = await billing.summary(provider, uuid)
    assert sum(Decimal(item.amount_usd) for item in items) == Decimal(summary.amount_usd)
    assert Decimal(summary.amount_usd) == sum(
        map(
            Decimal,
            (
                summary.product_charges_usd,
                summary.overages_usd,
                summary.taxes_usd,
                summary.credits_and_adjustments_usd,
            ),
        )
    )
    content = await csv_of(provider, uuid)
    assert content.count(b"\n") == len(items) + 1
    assert any(item.resource_id or item.resource_uuid for item in items)


async def test_insights_come_by_days_from_every_page(provider: DigitalOcean) -> None:
    urn = await billing.account_urn(provider)
    first = billing.FIRST_INSIGHT
    last = first + timedelta(days=4)
    found = [
        point async for page in billing.insight_pages(provider, urn, first, last) for point in page
    ]
    assert len(found) > 200
    assert {point.day for point in found} == {first + timedelta(days=n) for n in range(5)}


@pytest.mark.parametrize(
    ("fault", "rule", "error"),
    [
        ("server_error", {}, ProviderUnavailable),
        ("gateway_timeout", {}, ProviderUnavailable),
        ("drop", {}, ProviderUnavailable),
        ("too_many_requests", {"retry_after": 1}, RateLimited),
        ("status", {"status": 401}, CredentialsRefused),
        ("status", {"status": 404}, NotFound),
    ],
)
async def test_each_response_other_than_a_csv_is_an_error_of_its_kind(
    simulator: Simulator,
    provider: DigitalOcean,
    fault: str,
    rule: dict[str, Any],
    error: type[ProviderError],
) -> None:
    uuid = await newest(provider)
    simulator.fault(fault, path=f"/v2/customers/my/invoices/{uuid}/csv", **rule)
    async with DigitalOcean.open(simulator.url, "another", RateBudget()) as other:
        with pytest.raises(error):
            await csv_of(other, uuid)


async def test_a_200_with_html_in_place_of_the_csv_is_an_error() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<html>504</html>")

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="http://provider"
    ) as http:
        provider = DigitalOcean(http, RateBudget(), retries=None)  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable, match="the content type is text/html"):
            await csv_of(provider, "any")


@pytest.mark.parametrize(
    ("status", "coding"), [(206, "identity"), (200, "gzip")], ids=["a part", "undecodable"]
)
async def test_a_partial_or_undecodable_csv_is_an_error_and_no_compression_is_requested(
    status: int, coding: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        headers = {"content-type": "text/csv", "content-encoding": coding}
        return httpx.Response(status, headers=headers, content=b"product,USD\n")

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://provider") as http:
        provider = DigitalOcean(http, RateBudget(), Retries(attempts=1))
        with pytest.raises(ProviderUnavailable):
            await csv_of(provider, "any")


@asynccontextmanager
async def answering(*pages: dict[str, Any]) -> AsyncIterator[DigitalOcean]:
    """A provider that gives these pages, one after the other, whatever page is asked for."""
    left = iter(pages)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=next(left)))
    async with httpx.AsyncClient(transport=transport, base_url="http://provider") as http:
        yield DigitalOcean(http, RateBudget(), Retries(attempts=1))


async def test_a_page_without_all_its_rows_is_incomplete(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    told = truth(simulator, HISTORY)
    del told["billing_history"][7]
    async with answering(told) as lacking:
        with pytest.raises(ProviderUnavailable, match="has only"):
            await discovered(lacking)


@pytest.mark.parametrize(
    ("pages", "said"),
    [((1, 1), "page 1 came for page 2"), ((1, 2), "with 2 of 3 estimates")],
)
async def test_estimates_that_come_twice_or_not_at_all_are_an_error(
    pages: tuple[int, ...], said: str
) -> None:
    point = {"start_date": "2026-05-01", "total_amount": "0.20"}
    answers = [
        {"data_points": [point], "total_pages": 2, "total_items": 3, "current_page": page}
        for page in pages
    ]
    day = billing.FIRST_INSIGHT
    async with answering(*answers) as provider:
        with pytest.raises(ProviderUnavailable, match=said):
            async for _ in billing.insight_pages(provider, "do:team:x", day, day):
                pass


@pytest.mark.parametrize("empty", [{}, {"data_points": None}, {"data_points": []}])
async def test_no_estimates_in_any_form_are_an_empty_list(empty: dict[str, Any]) -> None:
    day, counts = billing.FIRST_INSIGHT, {"total_pages": 0, "total_items": 0, "current_page": 1}
    async with answering({**empty, **counts}) as provider:
        pages = [page async for page in billing.insight_pages(provider, "do:team:x", day, day)]
    assert pages == [()]


@asynccontextmanager
async def saying(text: str, kind: str = "application/json") -> AsyncIterator[DigitalOcean]:
    """A provider that answers this text to everything."""
    headers = {"content-type": kind}
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers=headers, content=text.encode())
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://provider") as http:
        yield DigitalOcean(http, RateBudget(), Retries(attempts=1))


ITEM = '{"invoice_items": [{"product": "Droplets", "amount": %s}], "meta": {"total": 1}}'


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"442.40"', "442.40"),
        ("442.40", "442.40"),
        ("386412347", "386412347"),
        ("-0.0074404761904762", "-0.0074404761904762"),
        ("7.4404761904762e-3", "0.0074404761904762"),
        ("1E2", "100"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("9" * 5_000, "9" * 5_000),
    ],
)
async def test_an_amount_is_its_own_digits_as_a_text_or_as_a_number(
    written: str, amount: str
) -> None:
    async with saying(ITEM % written) as provider:
        [page] = [page async for page in billing.item_pages(provider, "any")]
    assert [item.amount_usd for item in page.items] == [amount]


@pytest.mark.parametrize("odd", ["true", "null", "[]", "1e999999999", '""', "{}"])
async def test_an_unreadable_item_does_not_affect_others(odd: str) -> None:
    good = '{"amount": "1.00"}, 7, {"amount": 2.5}'
    text = f'{{"invoice_items": [{{"amount": {odd}}}, {good}], "meta": {{"total": 4}}}}'
    async with saying(text) as provider:
        [page] = [page async for page in billing.item_pages(provider, "any")]
    assert [item.amount_usd for item in page.items] == ["1.00", "2.5"]
    assert len(page.unreadable) == 2
    assert all("`amount`" in why for why in page.unreadable)


@pytest.mark.parametrize("text", ["NaN", '{"a": NaN}', '{"a": -Infinity}', "{", "[" * 100_000])
async def test_a_body_that_is_not_json_is_an_error(text: str) -> None:
    async with saying(text) as provider:
        with pytest.raises(ProviderUnavailable, match="not JSON"):
            await billing.balance(provider)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-20T00:00:00Z",
        "2026-05-20 00:00:00 +0000",
        "2026-05-20 00:00:00 +0000 UTC",
        "2026-05-20T02:00:00.123456789+02:00",
        " 2026-05-20T00:00:00+00:00 ",
    ],
)
async def test_an_instant_is_read_in_every_spelling(written: str) -> None:
    row = {"start_time": written, "amount": "1"}
    async with answering({"invoice_items": [row], "meta": {"total": 1}}) as provider:
        [page] = [page async for page in billing.item_pages(provider, "any")]
    [item] = page.items
    assert item.start_at is not None
    assert item.start_at.replace(microsecond=0) == datetime(2026, 5, 20, tzinfo=UTC)


ENTRY = {"type": "Refund", "amount": 4.4, "date": "2026-05-20T00:00:00Z", "description": "back"}


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({**ENTRY, "amount": None}, "`amount` is missing"),
        ({**ENTRY, "date": "yesterday"}, "`date` is not a timestamp"),
        ({**ENTRY, "date": "2026-05-20T00:00:00"}, "`date` has no offset"),
        ({**ENTRY, "date": "0001-01-01T00:00:00+10:00"}, "`date` is not a timestamp"),
        ({**ENTRY, "date": "9999-12-31T23:59:59-10:00"}, "`date` is not a timestamp"),
        ({**ENTRY, "type": "Invoice"}, "`invoice_uuid` is missing"),
        ({**ENTRY, "description": ["a"]}, "`description` is not a text"),
        ({}, "`type` is missing"),
        ("free text", "`type` is missing"),
    ],
)
async def test_an_unreadable_entry_of_the_history_does_not_stop_others(odd: Any, why: str) -> None:
    page = {"billing_history": [ENTRY, odd, ENTRY], "meta": {"total": 3}}
    async with answering(page) as provider:
        entries = await history(provider)
    assert [entry.unreadable for entry in entries] == ["", why, ""]
    assert [entry.amount_usd for entry in entries] == ["4.4", "", "4.4"]


async def test_an_invoice_that_tells_no_month_stops_no_other() -> None:
    rows = [
        {"invoice_uuid": "a", "invoice_period": "2026-05"},
        {"invoice_uuid": "b"},
        {"invoice_period": "2026-05"},
        {"invoice_uuid": "c", "invoice_period": "May 2026"},
        None,
    ]
    async with answering({"invoices": rows, "meta": {"total": 5}}) as provider:
        assert await billing.invoice_months(provider) == {"a": "2026-05"}


async def test_a_summary_tells_only_the_parts_that_it_has() -> None:
    said = {"billing_period": "2026-05", "amount": 12.5, "taxes": {"amount": 1.10}}
    async with answering(said) as provider:
        told = await billing.summary(provider, "any")
    assert (told.amount_usd, told.taxes_usd, told.overages_usd) == ("12.5", "1.1", "")


@pytest.mark.parametrize("kind", ["text/csv; charset=utf-8", "application/octet-stream"])
async def test_the_csv_is_taken_by_every_name_that_it_was_seen_with(kind: str) -> None:
    async with saying("product,USD\n", kind) as provider:
        assert await csv_of(provider, "any") == b"product,USD\n"


@pytest.mark.parametrize("key", ["billing_history", "meta"])
async def test_a_page_without_required_fields_is_not_an_empty_list(
    provider: DigitalOcean, simulator: Simulator, key: str
) -> None:
    simulator.fault("missing_key", path=HISTORY, key=key)
    with pytest.raises(MalformedAnswer):
        await discovered(provider)

"""The account's money as the provider tells it: all of it, or an honest error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.digitalocean import billing
from providers.digitalocean.client import DigitalOcean, Retries
from providers.digitalocean.errors import (
    CredentialsRefused,
    MalformedAnswer,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from providers.digitalocean.rate import RateBudget
from tests.providers.simulator import Simulator

HISTORY = "/v2/customers/my/billing_history"


def truth(simulator: Simulator, path: str) -> Any:
    headers = {"authorization": "Bearer truth"}
    return httpx.get(f"{simulator.url}{path}", headers=headers, params={"per_page": 200}).json()


async def discovered(provider: DigitalOcean) -> list[str]:
    return [
        invoice.invoice_uuid
        async for page in billing.history_pages(provider)
        for invoice in page.invoices
    ]


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


async def test_the_history_gives_every_invoice_and_nothing_else(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    told = truth(simulator, HISTORY)["billing_history"]
    assert len({entry["type"] for entry in told}) > 1
    assert await discovered(provider) == [
        entry["invoice_uuid"] for entry in told if entry["type"] == "Invoice"
    ]


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
async def test_what_is_answered_instead_of_the_csv_is_an_error_of_its_kind(
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
        with pytest.raises(ProviderUnavailable, match="the answer is text/html"):
            await csv_of(provider, "any")


@pytest.mark.parametrize(
    ("status", "coding"), [(206, "identity"), (200, "gzip")], ids=["a part", "undecodable"]
)
async def test_a_csv_in_part_or_undecodable_is_an_error_and_it_is_not_asked_for_compressed(
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


async def test_a_page_that_lacks_rows_is_not_taken_for_whole(
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


@pytest.mark.parametrize("key", ["billing_history", "meta"])
async def test_a_page_without_what_it_must_have_is_no_empty_list(
    provider: DigitalOcean, simulator: Simulator, key: str
) -> None:
    simulator.fault("missing_key", path=HISTORY, key=key)
    with pytest.raises(MalformedAnswer):
        await discovered(provider)

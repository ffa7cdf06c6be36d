"""Exchange rates to the reporting currency: one a day, named by the months that use it."""

from typing import Any

import grpc
import pytest
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates_pb
from arcadia.analytics.v1 import margin_service_pb2 as pb

from tests.analytics.account import Analytics, reason_of
from tests.analytics.april import PERIOD, STUDIO, computed, line, spans, unsettled
from tests.analytics.revenue import invoice


async def rate(analytics: Analytics, rate: str, day: str, until: str = "", **more: str) -> Any:
    request = rates_pb.CreateExchangeRateRequest(
        from_currency="USD", to_currency="AUD", rate=rate, effective_from=day,
        effective_to=until, **more,
    )  # fmt: skip  # a table
    answer = await analytics.rates.CreateExchangeRate(request, metadata=analytics.operator)
    return answer.exchange_rate


async def test_costs_are_brought_to_the_reporting_currency_by_a_rate_that_is_named(
    analytics: Analytics,
) -> None:
    await rate(analytics, "1.5", "2026-01-01", source="rba")
    await rate(analytics, "1.6", "2026-04-15")
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1)]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert answer.cogs_cents == 4885  # 30.53 x 1.6, half up
    assert [one.rate for one in answer.conversion.exchange_rates] == ["1.6"]
    assert not answer.conversion.parity_assumed
    assert answer.conversion.reporting_currency == "AUD"


async def test_a_new_rate_ends_the_open_one_and_none_overlap(analytics: Analytics) -> None:
    await rate(analytics, "1.5", "2026-01-01")
    await rate(analytics, "1.6", "2026-04-15")
    listed = await analytics.rates.ListExchangeRates(
        rates_pb.ListExchangeRatesRequest(), metadata=analytics.operator
    )
    assert [(one.rate, one.effective_from, one.effective_to) for one in listed.exchange_rates] == [
        ("1.6", "2026-04-15", ""),
        ("1.5", "2026-01-01", "2026-04-15"),
    ]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rate(analytics, "1.4", "2026-02-01")
    assert reason_of(refused.value) == "RATE_OVERLAPS"
    of_march = await analytics.rates.ListExchangeRates(
        rates_pb.ListExchangeRatesRequest(in_force_on="2026-03-01"), metadata=analytics.operator
    )
    assert [one.rate for one in of_march.exchange_rates] == ["1.5"]


async def test_a_rate_of_some_months_splits_an_open_one_that_continues_after_it(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1)]
    await analytics.attribute(PERIOD)
    open_one = await rate(analytics, "1.5", "2026-01-01")
    before = await analytics.margin(PERIOD)
    assert (before.cogs_cents, before.cogs_state) == (4580, "final")
    await rate(analytics, "1.7", "2026-02-01", "2026-04-01")
    # The rate of April is that of before, and nothing falls back to parity.
    after = await analytics.margin(PERIOD)
    assert (after.cogs_cents, after.cogs_state) == (4580, "final")
    assert [one.rate for one in after.conversion.exchange_rates] == ["1.5"]
    assert not after.conversion.parity_assumed
    listed = await analytics.rates.ListExchangeRates(
        rates_pb.ListExchangeRatesRequest(), metadata=analytics.operator
    )
    assert [(one.rate, one.effective_from, one.effective_to) for one in listed.exchange_rates] == [
        ("1.5", "2026-04-01", ""),
        ("1.7", "2026-02-01", "2026-04-01"),
        ("1.5", "2026-01-01", "2026-02-01"),
    ]
    assert listed.exchange_rates[2].id == open_one.id
    await rate(analytics, "1.6", "2026-04-30", "2026-05-01")
    assert (await analytics.margin(PERIOD)).cogs_cents == 4885


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "NaN"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"from_currency": "usd"}, "from_currency"),
        ({"from_currency": "ABC"}, "from_currency"),
        ({"to_currency": "XAU"}, "to_currency"),
        ({"to_currency": "USD"}, "to_currency"),
        ({"effective_from": "yesterday"}, "effective_from"),
        ({"effective_to": "2025-01-01"}, "effective_to"),
    ],
)
async def test_an_invalid_rate_is_refused_with_the_field(
    analytics: Analytics, wrong: dict[str, str], field: str
) -> None:
    sane = {
        "from_currency": "USD",
        "to_currency": "AUD",
        "rate": "1.5",
        "effective_from": "2026-01-01",
    }
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.rates.CreateExchangeRate(
            rates_pb.CreateExchangeRateRequest(**{**sane, **wrong}), metadata=analytics.operator
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(field)


async def test_a_rate_that_is_set_for_the_past_makes_the_months_since_provisional(
    analytics: Analytics,
) -> None:
    for period in ("2026-01-01", "2026-02-01", "2026-03-01"):
        await computed(analytics, period)
    with pytest.raises(grpc.aio.AioRpcError):
        await rate(analytics, "0", "2026-01-01")
    assert await unsettled(analytics) == []
    await rate(analytics, "1.5", "2026-02-28")
    assert await unsettled(analytics) == ["2026-02-01", "2026-03-01"]
    request = pb.GetMarginRequest(period="2026-02-01")
    told = await analytics.margins.GetMargin(request, metadata=analytics.operator)
    assert (told.revenue_state, told.cogs_state, told.cogs_cents) == (
        "provisional",
        "provisional",
        1000,
    )
    assert (await analytics.margin("2026-02-01")).cogs_cents == 1500
    assert await unsettled(analytics) == ["2026-03-01"]

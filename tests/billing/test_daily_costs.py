"""The provider's daily estimates: a span is replaced completely or not at all."""

from collections.abc import AsyncIterator

import grpc
import pytest
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb

from tests.billing.bills import Billing
from tests.inventory.account import reason_of, violated_field


def cost(day: str, amount: str = "0.20", **changes: str) -> costs_pb2.DailyCost:
    return costs_pb2.DailyCost(
        **{
            "day": day,
            "region": "syd1",
            "sku": "1-DO-DROP-0011",
            "description": "web-1 (s-1vcpu-1gb)",
            "amount_usd": amount,
            **changes,
        }
    )


async def replaced(
    billing: Billing,
    *costs: costs_pb2.DailyCost,
    span: tuple[str, str] = ("2026-05-01", "2026-05-04"),
    total: int | None = None,
) -> pb.ReplaceDailyCostsResponse:
    async def pieces() -> AsyncIterator[pb.ReplaceDailyCostsRequest]:
        yield pb.ReplaceDailyCostsRequest(from_day=span[0], to_day=span[1])
        for one in costs:
            yield pb.ReplaceDailyCostsRequest(daily_costs=[one])
        yield pb.ReplaceDailyCostsRequest(total_rows=len(costs) if total is None else total)

    return await billing.ingest.ReplaceDailyCosts(pieces(), metadata=billing.worker)


def kept(billing: Billing) -> list[tuple[object, ...]]:
    return billing.rows("SELECT day::text, amount_usd::text FROM cloud_daily_costs ORDER BY day")


async def test_a_span_is_replaced_and_nothing_outside_of_it(billing: Billing) -> None:
    await replaced(billing, cost("2026-04-30", "9"), span=("2026-04-30", "2026-05-01"))
    await replaced(billing, cost("2026-05-01", "1"), cost("2026-05-02", "2"))
    answer = await replaced(billing, cost("2026-05-02", "3"), cost("2026-05-03", "4.5"))
    assert kept(billing) == [("2026-04-30", "9"), ("2026-05-02", "3"), ("2026-05-03", "4.5")]
    assert (answer.row_count, answer.amount_usd) == (2, "7.5")


async def test_a_day_without_costs_is_known_and_an_unread_day_is_not(billing: Billing) -> None:
    await replaced(billing, cost("2026-05-02", "3"))
    assert billing.rows(
        "SELECT day::text, row_count, amount_usd::text FROM cloud_daily_cost_days ORDER BY day"
    ) == [("2026-05-01", 0, "0"), ("2026-05-02", 1, "3"), ("2026-05-03", 0, "0")]


async def test_a_stream_that_breaks_off_changes_nothing(billing: Billing) -> None:
    await replaced(billing, cost("2026-05-01", "1"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await replaced(billing, cost("2026-05-01", "2"), total=2)
    assert reason_of(refused.value) == "STREAM_CUT_OFF"
    assert kept(billing) == [("2026-05-01", "1")]


@pytest.mark.parametrize(
    ("malformed", "blamed"),
    [
        (cost("2026-05-04"), "daily_costs[0].day"),
        (cost("yesterday"), "daily_costs[0].day"),
        (cost("2026-05-01", "NaN"), "daily_costs[0].amount_usd"),
        (cost("2026-05-01", sku="\0"), "daily_costs[0]"),
    ],
)
async def test_a_malformed_row_is_refused_by_its_field(
    billing: Billing, malformed: costs_pb2.DailyCost, blamed: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await replaced(billing, malformed)
    assert violated_field(refused.value) == blamed
    assert kept(billing) == []


@pytest.mark.parametrize("span", [("2026-05-02", "2026-05-02"), ("2026-05-02", "2028-05-02")])
async def test_a_span_of_no_days_or_of_years_is_refused(
    billing: Billing, span: tuple[str, str]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await replaced(billing, span=span)
    assert violated_field(refused.value) == "to_day"

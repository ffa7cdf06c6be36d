"""The account's balance, stored every hour."""

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from arcadia.billing.v1 import balance_service_pb2 as pb

from tests.billing.bills import Billing, stamp
from tests.inventory.account import violated_field

AT = datetime(2026, 5, 20, 9, 7, tzinfo=UTC)


async def record(billing: Billing, key: str, balance: str = "12.50", **changes: Any) -> Any:
    request = pb.RecordBalanceRequest(
        **{
            "month_to_date_balance": balance,
            "account_balance": "-3.00",
            "month_to_date_usage": "15.5",
            "generated_at": stamp(AT),
            "key": key,
            **changes,
        }
    )
    return (await billing.balances.RecordBalance(request, metadata=billing.worker)).balance


async def test_there_is_no_balance_before_the_first_snapshot(billing: Billing) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.balances.GetBalance(pb.GetBalanceRequest(), metadata=billing.operator)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_latest_snapshot_is_the_balance(billing: Billing) -> None:
    await record(billing, "09", "1.00")
    kept = await record(billing, "10", "2.00")
    answer = await billing.balances.GetBalance(pb.GetBalanceRequest(), metadata=billing.operator)
    assert answer.balance == kept
    figures = answer.balance
    assert (
        figures.month_to_date_balance,
        figures.account_balance,
        figures.month_to_date_usage,
        figures.generated_at.ToDatetime(UTC),
    ) == ("2", "-3", "15.5", AT)


async def test_the_same_hour_again_changes_nothing(billing: Billing) -> None:
    first = await record(billing, "09", "1.00")
    assert await record(billing, "09", "2.00") == first


async def test_snapshots_are_listed_newest_first_page_by_page(billing: Billing) -> None:
    for hour in range(5):
        await record(billing, f"{hour}", f"{hour}")
    found, token = [], ""
    while True:
        answer = await billing.balances.ListBalances(
            pb.ListBalancesRequest(page_size=2, page_token=token), metadata=billing.operator
        )
        found += [balance.month_to_date_balance for balance in answer.balances]
        token = answer.next_page_token
        if not token:
            break
    assert found == ["4", "3", "2", "1", "0"]


async def test_snapshots_are_listed_by_the_days_on_which_they_were_taken(
    billing: Billing,
) -> None:
    await record(billing, "09")
    [(today,)] = billing.rows("SELECT (now() AT TIME ZONE 'UTC')::date::text")
    for bounds, count in (({"from_day": today}, 1), ({"to_day": today}, 0), ({}, 1)):
        answer = await billing.balances.ListBalances(
            pb.ListBalancesRequest(**bounds), metadata=billing.operator
        )
        assert len(answer.balances) == count


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [
        ({"month_to_date_balance": "inf"}, "month_to_date_balance"),
        ({"account_balance": ""}, "account_balance"),
        ({"month_to_date_usage": "1,5"}, "month_to_date_usage"),
        ({"generated_at": None}, "generated_at"),
        ({"key": ""}, "key"),
    ],
)
async def test_a_malformed_snapshot_is_refused_by_its_field(
    billing: Billing, changes: dict[str, Any], blamed: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await record(billing, **{"key": "09", **changes})
    assert violated_field(refused.value) == blamed
    assert billing.rows("SELECT count(*) FROM cloud_balance_snapshots") == [(0,)]

"""The monthly cost of a drift, its owner, and its cause."""

from datetime import UTC, datetime

import grpc
import pytest
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from tests.drift.account import Account
from tests.inventory.account import PROVIDER, violated_field


async def list_prices(account: Account, **prices: str) -> None:
    listed = [
        pb.ListPrice(size=size.replace("_", "-"), monthly_usd=price)
        for size, price in prices.items()
    ]
    request = pb.RecordListPricesRequest(provider=PROVIDER, kind="droplet", prices=listed)
    await account.reconcile.RecordListPrices(request, metadata=account.inventory.worker)


async def resized(account: Account) -> drift_pb2.Drift:
    await account.shows("1")
    await account.desire("1", {"size": "s-1vcpu-1gb", "name": "other"})
    await account.shows("1", size="s-4vcpu-8gb")
    await account.sweep()
    return (await account.open())["size"]


def amounts(drift: drift_pb2.Drift) -> tuple[str, str, str]:
    cost = drift.cost
    return cost.expected_monthly_usd, cost.actual_monthly_usd, cost.delta_monthly_usd


async def test_a_larger_size_costs_the_difference_of_the_list_prices(account: Account) -> None:
    await list_prices(account, s_1vcpu_1gb="6.00", s_4vcpu_8gb="48.10")
    assert amounts(await resized(account)) == ("6.00", "48.10", "42.10")


async def test_newer_list_prices_replace_the_older_ones(account: Account) -> None:
    await list_prices(account, s_1vcpu_1gb="6", s_4vcpu_8gb="48")
    await list_prices(account, s_1vcpu_1gb="7", s_4vcpu_8gb="50")
    assert amounts(await resized(account)) == ("7", "50", "43")


async def test_a_name_has_no_price(account: Account) -> None:
    await resized(account)
    assert not (await account.open())["name"].HasField("cost")


async def test_an_unknown_size_has_an_unknown_price_and_not_zero(account: Account) -> None:
    await account.shows("1", size="s-of-tomorrow")
    await account.desire("1", {"size": "s-1vcpu-1gb"})
    await account.sweep()
    assert not (await account.open())["size"].HasField("cost")


async def test_a_missing_resource_has_no_monthly_cost(account: Account) -> None:
    await list_prices(account, s_1vcpu_1gb="6")
    await account.shows("1")
    await account.desire("1", {"size": "s-1vcpu-1gb"})
    await account.lose("1")
    await account.sweep()
    assert amounts((await account.open())["presence"]) == ("6", "0", "-6")


async def test_a_larger_volume_costs_by_the_gigabyte(account: Account) -> None:
    await account.shows("v", kind="volume", size="", attrs={"size_gigabytes": 150})
    await account.desire("v", {"size_gigabytes": 100}, kind="volume")
    await account.sweep("volume")
    assert [float(amount) for amount in amounts((await account.open())["size_gigabytes"])] == [
        10,
        15,
        5,
    ]


@pytest.mark.parametrize("price", ["-1", "NaN", "free", "Infinity", ""])
async def test_a_malformed_price_is_refused(account: Account, price: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await list_prices(account, s_1vcpu_1gb=price)
    assert violated_field(refused.value) == "prices[0].monthly_usd"


async def unexplained(account: Account) -> list[str]:
    answer = await account.reconcile.ListUnexplainedDrifts(
        pb.ListUnexplainedDriftsRequest(), metadata=account.inventory.worker
    )
    return [drift.field for drift in answer.drifts]


async def explain(account: Account, drift_id: str) -> None:
    at = Timestamp()
    at.FromDatetime(datetime(2026, 8, 1, tzinfo=UTC))
    cause = drift_pb2.DriftCause(action_id="77", action_type="resize", occurred_at=at)
    name = (await account.open())["name"].id
    request = pb.RecordDriftCausesRequest(
        explained=[pb.ExplainedDrift(drift_id=drift_id, cause=cause)],
        unexplained_drift_ids=[name],
    )
    await account.reconcile.RecordDriftCauses(request, metadata=account.inventory.worker)


async def test_a_cause_is_stored_and_not_looked_up_again(account: Account) -> None:
    drift = await resized(account)
    assert sorted(await unexplained(account)) == ["name", "size"]
    await explain(account, drift.id)
    assert await unexplained(account) == []
    drifts = await account.open()
    assert (drifts["size"].cause.action_id, drifts["size"].cause.action_type) == ("77", "resize")
    assert drifts["size"].cause.occurred_at.ToDatetime(UTC) == datetime(2026, 8, 1, tzinfo=UTC)
    assert not drifts["name"].HasField("cause")


async def test_a_live_value_that_moved_again_has_another_cause(account: Account) -> None:
    drift = await resized(account)
    await explain(account, drift.id)
    await account.shows("1", size="s-8vcpu-16gb")
    await account.sweep()
    assert await unexplained(account) == ["size"]
    assert not (await account.open())["size"].HasField("cause")


async def test_an_open_drift_names_the_tenant_whose_margin_it_affects(account: Account) -> None:
    owned = ["tenant:acme", "deployment:shop"]
    await account.shows("1", tags=owned)
    await account.desire("1", {"size": "s-1vcpu-1gb"})
    await account.shows("1", size="s-4vcpu-8gb", tags=owned)
    await account.sweep()
    drift = (await account.open())["size"]
    assert (drift.tenant_id, drift.deployment_id) == ("acme", "shop")


@pytest.mark.parametrize(
    ("size", "monthly_usd", "field"),
    [
        ("a\0b", "6", "prices[0].size"),
        ("x" * 1_001, "6", "prices[0].size"),
        ("s-1vcpu-1gb", "1e999999", "prices[0].monthly_usd"),
        ("s-1vcpu-1gb", "-1", "prices[0].monthly_usd"),
        ("s-1vcpu-1gb", "NaN", "prices[0].monthly_usd"),
    ],
)
async def test_a_price_that_cannot_be_stored_is_refused(
    account: Account, size: str, monthly_usd: str, field: str
) -> None:
    listed = [pb.ListPrice(size=size, monthly_usd=monthly_usd)]
    request = pb.RecordListPricesRequest(provider=PROVIDER, kind="droplet", prices=listed)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.reconcile.RecordListPrices(request, metadata=account.inventory.worker)
    assert violated_field(refused.value) == field


@pytest.mark.parametrize("field", ["action_id", "action_type"])
async def test_a_cause_that_cannot_be_stored_is_refused(account: Account, field: str) -> None:
    drift = await resized(account)
    cause = drift_pb2.DriftCause(action_id="77")
    setattr(cause, field, "a\0b")
    request = pb.RecordDriftCausesRequest(
        explained=[pb.ExplainedDrift(drift_id=drift.id, cause=cause)]
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.reconcile.RecordDriftCauses(request, metadata=account.inventory.worker)
    assert violated_field(refused.value) == f"explained[0].cause.{field}"

"""Quotas: counted on creation, refused at the limit, raised by an operator."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as deployment_pb
from arcadia.catalog.v1 import limit_service_pb2 as pb
from arcadia.catalog.v1 import quote_service_pb2 as quote_pb
from google.rpc import error_details_pb2
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.common.identity.callers import Scope
from services.common.limits import shares
from services.common.limits.declared import LIMITS
from tests.catalog.shop import Shop, refusal
from tests.inventory.account import _detail, reason_of, violated_field


async def set_limit(
    shop: Shop, name: str, limit: int | None, tenant_id: str = "acme", **said: Any
) -> pb.TenantLimit:
    request = pb.SetTenantLimitRequest(tenant_id=tenant_id, name=name, limit=limit, **said)
    answer = await shop.limits.SetTenantLimit(request, metadata=shop.operator)
    return answer.limit


async def limits(shop: Shop, tenant_id: str = "acme") -> dict[str, pb.TenantLimit]:
    request = pb.GetTenantLimitsRequest(tenant_id=tenant_id)
    answer = await shop.limits.GetTenantLimits(request, metadata=shop.operator)
    return {one.name: one for one in answer.limits}


async def quote(shop: Shop, token: Any = None, **said: Any) -> Any:
    request = quote_pb.CreateQuoteRequest(plan_code="studio", **said)
    return await shop.quotes.CreateQuote(request, metadata=token or shop.acme)


async def a_subscription(shop: Shop) -> str:
    deployment = await shop.deploy("subscribed")
    return (await shop.subscribe(deployment.id)).id


async def attach(shop: Shop, subscription_id: str) -> Any:
    return await shop.change("AttachAddon", subscription_id, shop.acme, code="llm_1m")


Make = Callable[[int], Awaitable[Any]]


async def deploying(shop: Shop) -> Make:
    return lambda number: shop.deploy(f"app-{number}")


async def quoting_plainly(shop: Shop) -> Make:
    return lambda _: quote(shop)


async def quoting_once(shop: Shop) -> Make:
    return lambda number: quote(shop, request_id=f"quote-{number}")


async def attaching(shop: Shop) -> Make:
    subscription_id = await a_subscription(shop)
    return lambda _: attach(shop, subscription_id)


QUOTAS = [
    ("deployments", deploying),
    ("quotes_per_day", quoting_plainly),
    ("quotes_per_day", quoting_once),
    ("addons_per_subscription", attaching),
]
BY_NAME = pytest.mark.parametrize(
    ("quota", "making"), QUOTAS, ids=[making.__name__ for _, making in QUOTAS]
)


@BY_NAME
async def test_a_tenant_has_as_many_as_its_limit_and_more_when_it_is_raised(
    shop: Shop, quota: str, making: Callable[[Shop], Awaitable[Make]]
) -> None:
    make = await making(shop)
    await set_limit(shop, quota, 3)
    for number in range(3):
        await make(number)
    reason = f"QUOTA_{quota.upper()}"
    assert await refusal(make(3), reason_of) == ("RESOURCE_EXHAUSTED", reason)
    await set_limit(shop, quota, 4, reason="they pay")
    await make(4)
    assert await refusal(make(5), reason_of) == ("RESOURCE_EXHAUSTED", reason)


@BY_NAME
async def test_of_twenty_who_take_the_last_one_at_once_one_does(
    shop: Shop,
    quota: str,
    making: Callable[[Shop], Awaitable[Make]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shares, "TENANTS_WAIT_SECONDS", 240.0)  # also on a slow machine
    make = await making(shop)
    await set_limit(shop, quota, 2)
    await make(0)
    outcomes = await asyncio.gather(
        *(make(number) for number in range(1, 21)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, grpc.aio.AioRpcError)]
    assert len(refused) == 19
    assert {reason_of(one) for one in refused} == {f"QUOTA_{quota.upper()}"}


async def test_a_refusal_says_the_limit_and_who_can_raise_it(shop: Shop) -> None:
    await set_limit(shop, "deployments", 1)
    await shop.deploy("one")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await shop.deploy("two")
    assert refused.value.details() == (
        "the tenant has used 1 of 1 deployments; an operator can raise the limit"
    )
    failure = error_details_pb2.QuotaFailure()
    _detail(refused.value, failure)
    assert failure.violations[0].subject == "tenant:acme"
    trailing = dict(refused.value.trailing_metadata() or ())
    assert trailing["x-quota-name"] == "deployments"
    assert (trailing["x-quota-limit"], trailing["x-quota-remaining"]) == ("1", "0")


async def test_an_answer_says_what_is_left_of_the_quota_that_its_call_touched(shop: Shop) -> None:
    async def said(call: Any) -> tuple[str, str, str]:
        headers = dict(await call.initial_metadata())
        await call
        names = ("x-quota-name", "x-quota-limit", "x-quota-remaining")
        name, limit, remaining = (str(headers[one]) for one in names)
        return name, limit, remaining

    new = deployment_pb.CreateDeploymentRequest(slug="one")
    call = shop.deployments.CreateDeployment(new, metadata=shop.acme)
    assert await said(call) == ("deployments", "100", "99")
    asked = quote_pb.CreateQuoteRequest(plan_code="studio")
    for left in ("9999", "9998"):
        quoting = shop.quotes.CreateQuote(asked, metadata=shop.acme)
        assert await said(quoting) == ("quotes_per_day", "10000", left)


async def test_a_cancelled_deployment_makes_room_for_another(shop: Shop) -> None:
    await set_limit(shop, "deployments", 1)
    first = await shop.deploy("one")
    assert (await refusal(shop.deploy("two"), reason_of))[1] == "QUOTA_DEPLOYMENTS"
    await shop.move(first.id, "cancelled", shop.acme)
    await shop.deploy("two")


async def test_a_deployment_counts_whoever_makes_it(shop: Shop) -> None:
    await set_limit(shop, "deployments", 1)
    await shop.deploy("one", shop.operator, tenant_id="acme")
    for token in (shop.acme, shop.operator):
        refused = await refusal(shop.deploy("two", token, tenant_id="acme"), reason_of)
        assert refused == ("RESOURCE_EXHAUSTED", "QUOTA_DEPLOYMENTS")


async def test_an_operators_quotes_are_nobodys(shop: Shop) -> None:
    for _ in range(2):
        await quote(shop, shop.operator)
    assert (await limits(shop))["quotes_per_day"].used == 0


async def test_the_quotes_of_a_new_day_are_counted_anew(shop: Shop) -> None:
    await quote(shop)
    assert (await limits(shop))["quotes_per_day"].used == 1
    shop.clock.set("2026-04-11")
    assert (await limits(shop))["quotes_per_day"].used == 0
    await quote(shop)
    assert (await limits(shop))["quotes_per_day"].used == 1


async def test_a_limit_holds_until_its_end_and_then_the_default_does(shop: Shop) -> None:
    said = {"ends_on": "2026-04-12", "reason": "for the fair"}
    raised = await set_limit(shop, "deployments", 500, **said)
    assert (raised.limit, raised.set_by, raised.reason) == (500, "op", "for the fair")
    shop.clock.set("2026-04-11")
    assert (await limits(shop))["deployments"].limit == 500
    shop.clock.set("2026-04-12")
    over = (await limits(shop))["deployments"]
    assert (over.limit, over.ends_on, over.set_by) == (100, "", "")


async def test_a_limit_that_is_left_out_is_the_default_again(shop: Shop) -> None:
    await set_limit(shop, "deployments", 500)
    assert (await set_limit(shop, "deployments", None)).limit == 100
    assert (await limits(shop))["deployments"].limit == 100


async def test_a_tenant_reads_its_limits_with_what_is_used(shop: Shop) -> None:
    await set_limit(shop, "deployments", 7, reason="they owe us")
    await shop.deploy("one")
    await shop.deploy("two", trial=True)
    await quote(shop)
    answer = await shop.limits.GetLimits(pb.GetLimitsRequest(), metadata=shop.acme)
    assert [one.name for one in answer.limits] == list(LIMITS)
    used = {one.name: (one.limit, one.used) for one in answer.limits if one.HasField("used")}
    assert used == {
        "deployments": (7, 2),
        "trials": (1, 1),
        "quotes_per_day": (10_000, 1),
        "api_keys": (50, 0),
    }
    # Why an operator set it is not for the tenant.
    assert [one for one in answer.limits if one.reason or one.set_by] == []
    other = await shop.limits.GetLimits(pb.GetLimitsRequest(), metadata=shop.tenant("globex"))
    assert {one.used for one in other.limits} == {0}


async def test_grants_raise_the_limit_of_trials(shop: Shop) -> None:
    request = deployment_pb.GrantTrialsRequest(tenant_id="acme", trials=2)
    await shop.deployments.GrantTrials(request, metadata=shop.operator)
    assert (await limits(shop))["trials"].limit == 3
    refused = await refusal(set_limit(shop, "trials", 5), reason_of)
    assert refused == ("INVALID_ARGUMENT", "LIMIT_BY_GRANTS")


async def test_a_tenant_neither_sets_its_limits_nor_reads_anothers(shop: Shop) -> None:
    setting = pb.SetTenantLimitRequest(tenant_id="acme", name="deployments", limit=9)
    reading = pb.GetTenantLimitsRequest(tenant_id="acme")
    for call in (
        shop.limits.SetTenantLimit(setting, metadata=shop.acme),
        shop.limits.GetTenantLimits(reading, metadata=shop.tenant("globex")),
    ):
        assert await refusal(call, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")
    insert = "INSERT INTO tenant_limits (tenant_id, name, value, set_by, set_at) VALUES"
    with pytest.raises(ProgrammingError, match="row-level"):
        async with shop.database.write(Scope("acme")) as session:
            await session.execute(text(f"{insert} ('acme', 'deployments', 9, 'me', now())"))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"tenant_id": ""}, "tenant_id"),
        ({"name": "wishes"}, "name"),
        ({"limit": -1}, "limit"),
        ({"limit": 100_001}, "limit"),
        ({"name": "calls_per_second", "limit": 0}, "limit"),
        ({"ends_on": "soon"}, "ends_on"),
        ({"ends_on": "2026-04-10"}, "ends_on"),
        ({"limit": None, "ends_on": "2026-05-01"}, "ends_on"),
    ],
)
async def test_a_limit_that_makes_no_sense_is_refused_by_its_field(
    shop: Shop, said: dict[str, Any], field: str
) -> None:
    request = {"name": "deployments", "limit": 9, **said}
    refused = await refusal(set_limit(shop, **request), violated_field)
    assert refused == ("INVALID_ARGUMENT", field)


async def test_other_services_learn_what_was_set_and_nothing_else(shop: Shop) -> None:
    await set_limit(shop, "watch_streams", 60)
    await set_limit(shop, "deployments", 60)
    await set_limit(shop, "deployments", None)
    request = pb.LookupTenantLimitsRequest(tenant_ids=["acme", "globex"])
    answer = await shop.limits.LookupTenantLimits(request, metadata=shop.program("inventory"))
    assert list(answer.values) == [pb.LimitValue(tenant_id="acme", name="watch_streams", limit=60)]

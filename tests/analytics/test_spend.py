"""Spending caps: their owners, when they are reached, and the decisions."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import grpc
import pytest
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates_pb
from arcadia.analytics.v1 import spend_service_pb2 as pb
from arcadia.analytics.v1.spend_service_pb2_grpc import SpendServiceStub
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.catalog.v1 import quotes_pb2
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.analytics.spend.rules import (
    Action,
    BreachDecision,
    Spent,
    Status,
    after_outcome,
    check_decision,
    is_reached,
    spent_cents,
)
from services.common.errors import FailedPrecondition
from services.common.identity.callers import ALL
from tests.analytics.account import Analytics, reason_of, today
from tests.analytics.peers import BLOG, SHOP
from tests.analytics.test_accrual import accrue


def test_a_cap_is_exact_to_the_cent_and_converts_other_currencies() -> None:
    assert is_reached(1_000, 1_000)
    assert not is_reached(1_000, 999)
    spent = [Spent("AUD", 100, None), Spent("USD", 333, Decimal("1.5")), Spent("EUR", 7, None)]
    # 100 + 499.5 + 7 by parity, rounded once.
    assert spent_cents(spent, "AUD") == 607
    assert spent_cents([Spent("AUD", 5, Decimal(2))], "AUD") == 5
    assert spent_cents([], "AUD") == 0
    # Minor units of each currency: 10.00 dollars at 150 yen, and 1,000 yen at 0.01 dollars.
    assert spent_cents([Spent("USD", 1000, Decimal(150))], "JPY") == 1500
    assert spent_cents([Spent("JPY", 1000, Decimal("0.01"))], "AUD") == 1000


@given(st.lists(st.sampled_from([Status.OPEN, Status.NOTIFIED, Status.AWAITING_APPROVAL,
                                 Status.PAUSED])), st.sampled_from(Status))  # fmt: skip  # a table
def test_late_and_repeated_signals_never_reopen_a_breach(told: list[Status], at: Status) -> None:
    once = at
    for word in told:
        moved = after_outcome(once, word)
        assert after_outcome(moved, word) is moved
        assert moved is once or once in (Status.OPEN, Status.REFUSED)
        once = moved


def test_a_past_month_asks_for_no_approval() -> None:
    asked = Status.AWAITING_APPROVAL
    assert after_outcome(asked, asked, month_is_over=True) is Status.EXPIRED
    for status in set(Status) - {asked}:
        assert after_outcome(status, asked, month_is_over=True) is after_outcome(status, asked)
    with pytest.raises(FailedPrecondition):
        check_decision(Action.ASK_APPROVAL, Status.EXPIRED, BreachDecision.APPROVE)


def test_only_who_is_asked_decides_and_only_once() -> None:
    approve, refuse = BreachDecision.APPROVE, BreachDecision.REFUSE
    assert check_decision(Action.ASK_APPROVAL, Status.OPEN, approve) is Status.APPROVED
    assert check_decision(Action.ASK_APPROVAL, Status.AWAITING_APPROVAL, refuse) is Status.REFUSED
    assert check_decision(Action.ASK_APPROVAL, Status.PAUSED, refuse) is Status.PAUSED
    for action, status, decision in [
        (Action.PAUSE, Status.OPEN, approve),
        (Action.NOTIFY, Status.NOTIFIED, refuse),
        (Action.ASK_APPROVAL, Status.APPROVED, refuse),
        (Action.ASK_APPROVAL, Status.REFUSED, approve),
        (Action.ASK_APPROVAL, Status.PAUSED, approve),
    ]:
        with pytest.raises(FailedPrecondition):
            check_decision(action, status, decision)


def base(item: pricing_pb.BatchQuoteItem) -> pricing_pb.BatchQuoteResult:
    """50 dollars a month for each."""
    quote = quotes_pb2.Quote(currency="AUD", first_invoice_cents=5000, recurring_cents=5000)
    return pricing_pb.BatchQuoteResult(subscription_id=item.subscription_id, quote=quote)


async def call(analytics: Analytics, method: str, request: Any, *, worker: bool = False) -> Any:
    token = analytics.worker if worker else analytics.operator
    return await getattr(SpendServiceStub(analytics.channel), method)(request, metadata=token)


async def capped(analytics: Analytics, cents: int, action: str = "notify", **more: Any) -> Any:
    asked = {"tenant_id": SHOP.tenant_id, "currency": "AUD", **more}
    request = pb.CreateSpendPolicyRequest(cap_cents=cents, action=action, **asked)
    return (await call(analytics, "CreateSpendPolicy", request)).spend_policy


async def evaluated(analytics: Analytics, size: int = 1) -> list[Any]:
    """The breaches about which something is to be done, over all pages."""
    found, token = [], ""
    while True:
        request = pb.EvaluateSpendPoliciesRequest(page_size=size, page_token=token)
        answer = await call(analytics, "EvaluateSpendPolicies", request, worker=True)
        found += answer.spend_breaches
        if not (token := answer.next_page_token):
            return found


async def recorded(analytics: Analytics, breach_id: str, status: str) -> Any:
    request = pb.RecordSpendOutcomeRequest(
        breach_id=breach_id, status=status, workflow_id=f"spend/{breach_id}", run_id="r"
    )
    answer = await call(analytics, "RecordSpendOutcome", request, worker=True)
    return answer.spend_breach


async def refused(asking: Any) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await asking
    return error.value.code().name, reason_of(error.value)


async def test_each_cap_is_held_against_its_own_accrual_page_by_page_once_a_month(
    analytics: Analytics,
) -> None:
    assert await evaluated(analytics) == []
    analytics.peers.price = base
    exact = await capped(analytics, 5000)
    await capped(analytics, 5001)
    other = await capped(analytics, 1, tenant_id=BLOG.tenant_id, action="pause")
    own = await capped(analytics, 4999, tenant_id="", deployment_id=SHOP.id, action="ask_approval")
    assert own.tenant_id == SHOP.tenant_id
    dollars = await capped(analytics, 3333, currency="USD")
    rate = rates_pb.CreateExchangeRateRequest(
        from_currency="AUD", to_currency="USD", rate="0.66666", effective_from="2020-01-01"
    )
    await analytics.rates.CreateExchangeRate(rate, metadata=analytics.operator)
    # Nothing was accrued yet: no cap is reached.
    assert await evaluated(analytics) == []
    await accrue(analytics)

    found = {one.policy.id: one for one in await evaluated(analytics)}
    assert set(found) == {exact.id, other.id, own.id, dollars.id}
    assert found[dollars.id].accrued_cents == 3333
    assert found[exact.id].accrued_cents == 5000
    assert found[exact.id].period == today().replace(day=1).isoformat()
    assert found[exact.id].policy == exact
    # Nobody deals with them yet: they are told again, and are the same.
    again = {one.policy.id: one.id for one in await evaluated(analytics, size=0)}
    assert again == {policy: one.id for policy, one in found.items()}
    for one in found.values():
        await recorded(analytics, one.id, "paused")
    await call(
        analytics, "UpdateSpendPolicy", pb.UpdateSpendPolicyRequest(id=exact.id, cap_cents=1)
    )
    assert await evaluated(analytics) == []
    kept = await call(analytics, "ListSpendBreaches", pb.ListSpendBreachesRequest(page_size=3))
    rest = pb.ListSpendBreachesRequest(page_size=3, page_token=kept.next_page_token)
    more = await call(analytics, "ListSpendBreaches", rest)
    listed = {one.policy.id: one for one in (*kept.spend_breaches, *more.spend_breaches)}
    assert (len(kept.spend_breaches), set(listed)) == (3, set(found))
    assert {one.status for one in listed.values()} == {"paused"}
    assert listed[exact.id].policy.cap_cents == 5000


async def test_a_decision_is_stored_with_its_actor_and_is_idempotent(
    analytics: Analytics,
) -> None:
    analytics.peers.price = base
    await capped(analytics, 5000, "ask_approval")
    await accrue(analytics)
    [breach] = await evaluated(analytics)
    assert (await recorded(analytics, breach.id, "awaiting_approval")).run.status == "running"
    assert await evaluated(analytics) == []

    request = pb.DecideSpendBreachRequest(
        id=breach.id, decision="refuse", reason="too much", request_id="k"
    )
    first = await call(analytics, "DecideSpendBreach", request)
    assert await call(analytics, "DecideSpendBreach", request) == first
    told = first.spend_breach
    assert (told.status, told.decided_by, told.reason) == ("refused", "op", "too much")
    assert told.run.url.endswith(f"/workflows/spend%2F{breach.id}/r/history")
    # A late word of the work does not undo it, and until it is paused somebody must.
    assert (await recorded(analytics, breach.id, "awaiting_approval")).status == "refused"
    assert [one.id for one in await evaluated(analytics)] == [breach.id]
    other = pb.DecideSpendBreachRequest(id=breach.id, decision="approve")
    answer = await refused(call(analytics, "DecideSpendBreach", other))
    assert answer == ("FAILED_PRECONDITION", "BREACH_DECIDED")
    assert (await recorded(analytics, breach.id, "paused")).run.status == "completed"
    assert await evaluated(analytics) == []


async def test_a_pending_decision_ends_with_its_policy_and_with_its_month(
    analytics: Analytics,
) -> None:
    analytics.peers.price = base
    policies = [await capped(analytics, cents, "ask_approval") for cents in (1, 2, 3)]
    await accrue(analytics)
    open_, asked, late = [one.id for one in await evaluated(analytics, size=0)]
    for one in (asked, late):
        await recorded(analytics, one, "awaiting_approval")
    for policy in policies[:2]:
        request = pb.DeleteSpendPolicyRequest(id=policy.id)
        await call(analytics, "DeleteSpendPolicy", request)
    for one in (open_, asked):
        assert (await recorded(analytics, one, "awaiting_approval")).status == "withdrawn"
    async with analytics.database.write(ALL) as session:
        earlier = "UPDATE spend_breaches SET period = period - interval '1 month' WHERE id = :id"
        await session.execute(text(earlier), {"id": late})
    # It wants to be ended, also when its work is lost; until then nobody decides any more.
    assert late in {one.id for one in await evaluated(analytics, size=0)}
    decision = pb.DecideSpendBreachRequest(id=late, decision="refuse")
    for _ in range(2):
        answer = await refused(call(analytics, "DecideSpendBreach", decision))
        assert answer == ("FAILED_PRECONDITION", "BREACH_DECIDED")
        assert (await recorded(analytics, late, "awaiting_approval")).status == "expired"
    assert late not in {one.id for one in await evaluated(analytics, size=0)}


async def test_policies_are_made_once_listed_changed_and_ended(analytics: Analytics) -> None:
    first = await capped(analytics, 100, request_id="k")
    assert await capped(analytics, 100, request_id="k") == first
    assert await refused(capped(analytics, 101, request_id="k")) == (
        "ALREADY_EXISTS",
        "IDEMPOTENCY_KEY_REUSED",
    )
    second = await capped(analytics, 200, tenant_id=BLOG.tenant_id)
    listed = await call(analytics, "ListSpendPolicies", pb.ListSpendPoliciesRequest())
    assert [one.id for one in listed.spend_policies] == [second.id, first.id]
    mine = pb.ListSpendPoliciesRequest(tenant_id=SHOP.tenant_id)
    listed = await call(analytics, "ListSpendPolicies", mine)
    assert [one.id for one in listed.spend_policies] == [first.id]
    changed = await call(
        analytics, "UpdateSpendPolicy", pb.UpdateSpendPolicyRequest(id=first.id, action="pause")
    )
    assert (changed.spend_policy.cap_cents, changed.spend_policy.action) == (100, "pause")
    ended = pb.DeleteSpendPolicyRequest(id=first.id)
    await call(analytics, "DeleteSpendPolicy", ended)
    again = await refused(call(analytics, "DeleteSpendPolicy", ended))
    assert again == ("NOT_FOUND", "SPEND_POLICY_NOT_FOUND")
    listed = await call(analytics, "ListSpendPolicies", pb.ListSpendPoliciesRequest())
    assert [one.id for one in listed.spend_policies] == [second.id]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"cap_cents": 0}, "cap_cents"),
        ({"currency": "dollars"}, "currency"),
        ({"currency": "ABC"}, "currency"),
        ({"action": "shout"}, "action"),
        ({"tenant_id": ""}, "tenant_id"),
        ({"tenant_id": "globex", "deployment_id": SHOP.id}, "tenant_id"),
        ({"deployment_id": "shop"}, "deployment_id"),
    ],
)
async def test_an_invalid_policy_is_refused_with_the_field(
    analytics: Analytics, asked: dict[str, Any], field: str
) -> None:
    good = {"tenant_id": "acme", "cap_cents": 1, "currency": "AUD", "action": "notify"}
    request = pb.CreateSpendPolicyRequest(**{**good, **asked})
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call(analytics, "CreateSpendPolicy", request)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (error.value.details() or "").startswith(f"{field}:")


async def test_an_unknown_deployment_is_not_capped(analytics: Analytics) -> None:
    unknown = capped(analytics, 1, tenant_id="", deployment_id=str(uuid4()))
    assert (await refused(unknown))[0] == "NOT_FOUND"

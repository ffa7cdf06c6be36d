"""Each tenant's share of a process, and the cache of tenants' limits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from services.common.errors import TooManyCalls, Unavailable
from services.common.identity.callers import Caller
from services.common.limits import known
from services.common.limits import shares as shares_module
from services.common.limits.declared import CONCURRENT_CALLS, DEPLOYMENTS
from services.common.limits.known import KnownLimits, ask_catalog
from services.common.limits.shares import (
    ANSWER_BYTES_A_SECOND,
    FREE_SECONDS,
    MAX_HELD_BYTES,
    MAX_PAUSE_SECONDS,
    CallShares,
)
from services.common.settings import Service, Settings


def member(tenant_id: str, subject: str = "m") -> Caller:
    return Caller(subject, tenant_id, frozenset())


@dataclass
class Catalog:
    """What operators set, as the catalog would answer it."""

    values: dict[str, dict[str, int]] = field(default_factory=dict)
    is_down: bool = False
    asked: list[list[str]] = field(default_factory=list)

    async def load(self, tenant_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        self.asked.append(list(tenant_ids))
        await asyncio.sleep(0)
        if self.is_down:
            raise Unavailable("the catalog is down", reason="CATALOG_UNAVAILABLE")
        return {one: self.values.get(one, {}) for one in tenant_ids}


async def known_shares(at_once: int, **more: int) -> CallShares:
    limits = KnownLimits(Catalog({"acme": {"concurrent_calls": at_once, **more}}).load)
    await limits.fresh_value("acme", CONCURRENT_CALLS)
    return CallShares(limits, clock=lambda: 0.0)


async def settle() -> None:
    """Lets everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_turns_come_in_the_order_of_asking() -> None:
    shares = await known_shares(1)
    first = await shares.enter(member("acme"))
    order: list[int] = []

    async def ask(number: int) -> None:
        share = await shares.enter(member("acme"))
        order.append(number)
        share.leave()

    waiting = [asyncio.create_task(ask(number)) for number in range(5)]
    await settle()
    assert order == []
    first.leave()
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2, 3, 4]


async def test_a_thousand_callers_of_one_tenant_have_the_share_of_one() -> None:
    shares = await known_shares(2)
    calls = [
        asyncio.create_task(shares.enter(member("acme", f"caller {number}"))) for number in range(9)
    ]
    await settle()
    assert sum(call.done() for call in calls) == 2
    for call in calls:
        (await call).leave()


async def test_who_gives_up_while_waiting_takes_no_turn() -> None:
    shares = await known_shares(1)
    first = await shares.enter(member("acme"))
    leaver, stayer = (asyncio.create_task(shares.enter(member("acme"))) for _ in range(2))
    await settle()
    leaver.cancel()
    await settle()
    first.leave()
    (await stayer).leave()
    assert (await shares.enter(member("acme"))).share.running == 1


async def test_who_gives_up_as_the_turn_comes_passes_it_on() -> None:
    shares = await known_shares(1)
    first = await shares.enter(member("acme"))
    leaver, stayer = (asyncio.create_task(shares.enter(member("acme"))) for _ in range(2))
    await settle()
    first.leave()  # the turn is the leaver's, who does not know yet
    leaver.cancel()
    (await stayer).leave()
    assert (await shares.enter(member("acme"))).share.running == 1


async def test_requests_that_wait_hold_so_much_memory_and_no_more() -> None:
    shares = await known_shares(1)
    first = await shares.enter(member("acme"), 0)
    waiting = [
        asyncio.create_task(shares.enter(member("acme"), MAX_HELD_BYTES // 2)) for _ in range(2)
    ]
    await settle()
    with pytest.raises(TooManyCalls):
        await shares.enter(member("acme"), 1)
    first.leave()
    for call in waiting:
        (await call).leave()
    (await shares.enter(member("acme"), MAX_HELD_BYTES)).leave()


async def test_a_tenant_that_calls_too_often_is_refused_with_the_time_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shares_module, "TENANTS_WAIT_SECONDS", 0.0)
    shares = await known_shares(1_000, calls_per_second=1)
    for _ in range(2):  # the second at the end of the burst
        await shares.enter(member("acme"))
    with pytest.raises(TooManyCalls) as refused:
        await shares.enter(member("acme"))
    assert (refused.value.reason, refused.value.headers) == ("RATE_LIMITED", {"retry-after": "1"})
    await shares.enter(member("globex"))


OPERATOR = Caller("o", "", frozenset({"platform-admin"}))
LARGE = 2 * ANSWER_BYTES_A_SECOND


async def test_who_gets_large_answers_waits_before_the_next_while_others_call() -> None:
    shares = await known_shares(5)
    for _ in range(2):  # nobody else calls
        (await shares.enter(OPERATOR)).leave(LARGE)
    await shares.enter(member("acme"))
    waiting = asyncio.create_task(shares.enter(OPERATOR))
    await settle()
    assert not waiting.done()
    await shares.enter(member("acme"))  # the others do not wait for them
    waiting.cancel()


async def test_after_a_large_answer_one_call_begins_at_a_time() -> None:
    """What the next answer takes is counted before it is known; else eight begin together."""
    now = 0.0
    shares = CallShares(KnownLimits(Catalog().load), clock=lambda: now)
    await shares.enter(member("acme"))
    (await shares.enter(OPERATOR)).leave(ANSWER_BYTES_A_SECOND // 4)
    now = 0.15
    await shares.enter(member("acme"))
    first, second = (asyncio.create_task(shares.enter(OPERATOR)) for _ in range(2))
    await settle()
    assert (first.done(), second.done()) == (True, False)
    (await first).leave()  # refused: what was counted is given back
    assert (await second).share.running == 1


async def test_the_answers_of_services_and_workers_are_not_counted() -> None:
    shares = await known_shares(5)
    worker = Caller("worker", "", frozenset(), is_service=True)
    await shares.enter(member("acme"))
    for _ in range(20):
        (await shares.enter(worker)).leave(LARGE)


async def test_the_pause_for_large_answers_is_bounded() -> None:
    shares = await known_shares(5)
    for _ in range(100):
        turn = await shares.enter(OPERATOR)
        turn.leave(LARGE)
    assert turn.share.paid_at == FREE_SECONDS + MAX_PAUSE_SECONDS


async def test_without_the_catalog_the_default_holds_and_later_what_was_known() -> None:
    catalog = Catalog({"acme": {"deployments": 500}}, is_down=True)
    limits = KnownLimits(catalog.load)
    assert await limits.fresh_value("acme", DEPLOYMENTS) == DEPLOYMENTS.default
    catalog.is_down = False
    assert await limits.fresh_value("acme", DEPLOYMENTS) == 500
    catalog.is_down = True
    assert await limits.fresh_value("acme", DEPLOYMENTS) == 500


async def test_a_service_without_a_catalog_goes_by_the_defaults() -> None:
    nowhere = Settings(catalog_address="127.0.0.1:1")
    limits = KnownLimits(ask_catalog(nowhere, Service.INVENTORY))
    assert await limits.fresh_value("acme", DEPLOYMENTS) == DEPLOYMENTS.default


async def test_reading_limits_does_not_block_and_is_shared_by_callers() -> None:
    catalog = Catalog({"acme": {"deployments": 500}})
    limits = KnownLimits(catalog.load)
    assert {limits.value("acme", DEPLOYMENTS) for _ in range(100)} == {DEPLOYMENTS.default}
    await settle()
    assert {limits.value("acme", DEPLOYMENTS) for _ in range(100)} == {500}
    assert catalog.asked == [["acme"]]


async def test_a_value_is_read_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "FRESH_SECONDS", -1.0)
    catalog = Catalog({"acme": {"deployments": 500}})
    limits = KnownLimits(catalog.load)
    limits.value("acme", DEPLOYMENTS)
    await settle()
    catalog.values["acme"] = {"deployments": 600}
    assert limits.value("acme", DEPLOYMENTS) == 500
    await settle()
    assert limits.value("acme", DEPLOYMENTS) == 600

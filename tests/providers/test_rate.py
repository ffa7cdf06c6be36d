"""A token's budget: no burst beyond the limit per minute, and headers are respected."""

import asyncio
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.digitalocean.api.rate import LEFT_FOR_OTHERS, RateBudget, RateBudgets
from providers.digitalocean.errors import RateLimited


@dataclass
class Time:
    """A clock that sleeping moves."""

    now: float = 0.0
    sent: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def budget(self) -> RateBudget:
        return RateBudget(clock=lambda: self.now, sleep=self.sleep)

    async def send(self, budget: RateBudget) -> None:
        await budget.acquire()
        self.sent.append(self.now)


def headers(limit: int, remaining: int, reset_in: float = 0, now: float = 1e9) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(now + reset_in),
        "date": formatdate(now, usegmt=True),
    }


async def test_a_minute_takes_250_requests_at_once_and_the_next_one_waits() -> None:
    time = Time()
    budget = time.budget()
    for _ in range(251):
        await time.send(budget)

    assert time.sent == [0.0] * 250 + [60.0]


@given(
    pauses=st.lists(st.floats(0, 30), min_size=20, max_size=60),
    per_minute=st.integers(1, 12),
)
def test_no_minute_ever_holds_more_than_its_share(pauses: list[float], per_minute: int) -> None:
    async def send_all() -> list[float]:
        time = Time()
        budget = time.budget()
        budget.observe(headers(per_minute * 20, 10_000))
        for pause in pauses:
            time.now += pause
            await time.send(budget)
        return time.sent

    sent = asyncio.run(send_all())
    for start in sent:
        assert sum(start <= at < start + 59.999 for at in sent) <= per_minute


async def test_the_minutes_share_is_a_twentieth_of_the_hours_limit() -> None:
    time = Time()
    budget = time.budget()
    budget.observe(headers(limit=100, remaining=100))
    for _ in range(6):
        await time.send(budget)

    assert time.sent == [0.0] * 5 + [60.0]


async def test_a_spent_hour_waits_for_its_reset_by_the_providers_clock() -> None:
    time = Time()
    budget = time.budget()
    budget.observe(headers(limit=5000, remaining=0, reset_in=40))
    await time.send(budget)

    assert time.sent == [40.0]


async def test_the_end_of_an_hours_budget_is_spread_until_some_comes_back() -> None:
    time = Time()
    budget = time.budget()
    budget.observe(headers(limit=5000, remaining=99, reset_in=1000))
    await time.send(budget)

    assert time.sent == [10.0]


async def test_a_call_that_would_wait_too_long_is_refused_with_the_time() -> None:
    budget = Time().budget()
    budget.observe(headers(limit=5000, remaining=0, reset_in=1800))

    with pytest.raises(RateLimited) as caught:
        await budget.acquire()
    assert caught.value.retry_after_seconds == 1800


@pytest.mark.parametrize("answered", [{}, {"ratelimit-limit": "many"}, {"ratelimit-limit": "5000"}])
async def test_missing_rate_limit_headers_change_nothing(answered: dict[str, str]) -> None:
    time = Time()
    budget = time.budget()
    budget.observe(answered)
    await time.send(budget)

    assert time.sent == [0.0]


def test_clients_with_one_token_share_one_budget() -> None:
    budgets = RateBudgets()

    assert budgets.of("one") is budgets.of("one")
    assert budgets.of("one") is not budgets.of("another")


async def test_an_exhausted_token_does_not_delay_other_tokens() -> None:
    budgets = RateBudgets()
    budgets.of("of one queue").pause(3600)

    with pytest.raises(RateLimited):
        await budgets.of("of one queue").acquire()
    await budgets.of("of another").acquire()


async def test_a_share_that_leaves_some_never_takes_the_last_of_the_minute() -> None:
    time = Time()
    budget = time.budget()
    sync, provisioning = budget.share(LEFT_FOR_OTHERS), budget.share()
    for _ in range(200):
        await sync.acquire()

    for _ in range(50):
        await provisioning.acquire()
    assert time.now == 0.0

    await sync.acquire()
    assert time.now == 60.0


async def test_nobody_waits_behind_a_share_that_has_to_wait() -> None:
    budget = RateBudget()
    sync, provisioning = budget.share(LEFT_FOR_OTHERS), budget.share()
    for _ in range(200):
        await sync.acquire()
    waiting = asyncio.create_task(sync.acquire())
    await asyncio.sleep(0)

    await provisioning.acquire()

    assert not waiting.done()
    waiting.cancel()


async def test_a_share_that_leaves_some_stops_before_the_hour_is_spent() -> None:
    budget = Time().budget()
    budget.observe(headers(limit=5000, remaining=900, reset_in=1800))

    await budget.share().acquire()
    with pytest.raises(RateLimited):
        await budget.share(LEFT_FOR_OTHERS).acquire()


async def test_cdn_endpoints_take_five_requests_in_ten_seconds_and_others_do_not_wait() -> None:
    time = Time()
    budget = time.budget()
    for _ in range(5):
        await budget.acquire("/v2/cdn/endpoints")
    await budget.acquire("/v2/droplets")
    assert time.now == 0.0

    await budget.acquire("/v2/cdn/endpoints/892071a0")
    assert time.now == 10.0


def test_a_share_of_the_same_size_is_the_same_so_that_its_holders_queue_together() -> None:
    budget = RateBudget()

    assert budget.share(LEFT_FOR_OTHERS) is budget.share(LEFT_FOR_OTHERS)
    assert budget.share(LEFT_FOR_OTHERS) is not budget.share()


CDN = "/v2/cdn/endpoints"


@pytest.mark.parametrize("cdn_first", [True, False])
async def test_a_paths_own_limit_does_not_delay_other_paths(
    cdn_first: bool,
) -> None:
    time = Time()
    budget = time.budget()
    answers = [(CDN, headers(5, 0, reset_in=10)), ("/v2/droplets/7", headers(5000, 4900, 3000))]
    for path, answered in answers if cdn_first else reversed(answers):
        budget.observe(answered, path)

    for _ in range(50):
        await budget.acquire("/v2/droplets")
        await budget.acquire("/v2/volumes")
    assert time.now == 0.0

    await budget.acquire(f"{CDN}/892071a0")
    assert time.now == 10.0


async def test_a_limit_of_a_path_that_nobody_declared_is_learned_from_its_headers() -> None:
    time = Time()
    budget = time.budget()
    budget.observe(headers(5000, 4900, reset_in=3000), "/v2/droplets")
    budget.observe(headers(3, 2, reset_in=20), "/v2/registries")

    for _ in range(3):
        await budget.acquire("/v2/registries/ours/repositories")

    assert time.now == 20.0
    await budget.acquire("/v2/droplets")
    assert time.now == 20.0


async def test_a_small_limit_that_two_families_announce_is_the_tokens() -> None:
    time = Time()
    budget = time.budget()
    for path in ("/v2/droplets", "/v2/volumes"):
        budget.observe(headers(limit=100, remaining=100), path)

    for _ in range(6):
        await budget.acquire("/v2/images")

    assert time.now == 60.0


async def test_a_429_of_a_path_with_its_own_limit_does_not_delay_other_paths() -> None:
    time = Time()
    budget = time.budget()
    budget.observe(headers(5000, 4900, reset_in=3000), "/v2/droplets")
    budget.observe(headers(5, 0, reset_in=7), CDN)
    budget.pause(7, CDN)

    await budget.acquire("/v2/droplets")
    assert time.now == 0.0

    await budget.acquire(CDN)
    assert time.now == 7.0


async def test_a_path_whose_own_limit_is_spent_for_long_says_so() -> None:
    budget = Time().budget()
    budget.observe(headers(5, 0, reset_in=1800), CDN)

    with pytest.raises(RateLimited) as caught:
        await budget.acquire(CDN)
    assert caught.value.retry_after_seconds == 1800

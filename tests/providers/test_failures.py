"""Transient failures are retried within bounds; permanent ones have their own errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from stamina.instrumentation import set_on_retry_hooks

from providers.digitalocean.api.client import DigitalOcean, Retries
from providers.digitalocean.api.rate import RateBudget
from providers.digitalocean.errors import (
    AccessDenied,
    CredentialsRefused,
    MalformedAnswer,
    NameTaken,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RequestRefused,
)
from tests.providers.conftest import QUICK
from tests.providers.simulator import Simulator
from tests.support.waiting import until

DROPLETS = "/v2/droplets"


async def count(provider: DigitalOcean) -> int:
    pages = [page async for page in provider.pages(DROPLETS, "droplets")]
    return sum(len(page.items) for page in pages)


@pytest.mark.parametrize(
    "fault",
    [
        "server_error", "gateway_timeout", "drop", "truncate", "too_many_requests", "error_body",
        "not_found_page",
    ],
)  # fmt: skip  # a table
async def test_a_passing_failure_is_tried_again(
    simulator: Simulator, provider: DigitalOcean, fault: str
) -> None:
    everything = await count(provider)
    simulator.fault(fault, path=DROPLETS, skip=1, times=2)

    assert await count(provider) == everything


async def test_one_404_of_a_listing_is_tried_again(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    everything = await count(provider)
    simulator.fault("status", path=DROPLETS, status=404, skip=1, times=1)

    assert await count(provider) == everything


async def test_a_lasting_404_of_a_listing_is_raised_after_a_bounded_number_of_attempts(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("status", path=DROPLETS, status=404)

    with pytest.raises(NotFound):
        await count(provider)
    assert len(simulator.requests(path=DROPLETS)) == QUICK.attempts


async def test_a_listing_that_may_be_gone_with_its_object_is_requested_once(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    with pytest.raises(NotFound):
        [page async for page in provider.pages(f"{DROPLETS}/1/x", "x", may_be_gone=True)]
    assert len(simulator.requests(path=DROPLETS)) == 1


async def test_a_404_of_a_proxy_is_not_taken_as_a_deletion(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("not_found_page", path=DROPLETS)

    with pytest.raises(ProviderUnavailable, match="not the API's error body"):
        await provider.one(f"{DROPLETS}/1", "droplet")


@pytest.mark.parametrize(
    "fault",
    ["server_error", "gateway_timeout", "drop", "truncate", "error_body", "not_found_page"],
)
async def test_a_lasting_failure_is_raised_after_a_bounded_number_of_attempts(
    simulator: Simulator, provider: DigitalOcean, fault: str
) -> None:
    simulator.fault(fault, path=DROPLETS)

    with pytest.raises(ProviderUnavailable):
        await count(provider)
    assert len(simulator.requests(path=DROPLETS)) == QUICK.attempts


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefused),
        (401, CredentialsRefused),
        (403, AccessDenied),
        (409, NameTaken),
        (422, RequestRefused),
    ],
)
async def test_a_refusal_has_its_own_error_and_is_not_tried_again(
    simulator: Simulator, provider: DigitalOcean, status: int, error: type[ProviderError]
) -> None:
    simulator.fault("status", path=DROPLETS, status=status)

    with pytest.raises(error) as caught:
        await count(provider)
    assert type(caught.value) is error
    assert len(simulator.requests(path=DROPLETS)) == 1


async def test_a_revoked_token_is_refused(
    simulator: Simulator, provider: DigitalOcean, token: str
) -> None:
    simulator.revoke(token)

    with pytest.raises(CredentialsRefused):
        await count(provider)


async def test_a_missing_scope_is_not_an_empty_list(
    simulator: Simulator, provider: DigitalOcean, token: str
) -> None:
    simulator.narrow(token, "droplet:read")

    with pytest.raises(AccessDenied):
        await count(provider)


async def test_a_redirect_is_not_followed(simulator: Simulator, provider: DigitalOcean) -> None:
    simulator.fault("status", path=DROPLETS, status=302)

    with pytest.raises(MalformedAnswer):
        await count(provider)


async def test_a_429_with_a_long_wait_is_an_error_with_the_time_to_wait(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("too_many_requests", path=DROPLETS, retry_after=900)

    with pytest.raises(RateLimited) as caught:
        await count(provider)
    assert caught.value.retry_after_seconds == 900
    assert len(simulator.requests(path=DROPLETS)) == 1


async def test_a_429_delays_all_requests_with_the_same_token(
    simulator: Simulator, token: str
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    simulator.fault("too_many_requests", path=DROPLETS, retry_after=30, times=1)
    budget = RateBudget(clock=lambda: 0.0, sleep=sleep)
    async with DigitalOcean.open(simulator.url, token, budget, retries=QUICK) as provider:
        await provider.one("/v2/account", "account")
        with_fault = await count(provider)

    assert with_fault
    assert slept[0] == 30.0


async def test_an_object_that_is_not_there_is_not_found(provider: DigitalOcean) -> None:
    with pytest.raises(NotFound):
        await provider.one("/v2/droplets/1", "droplet")


async def test_an_object_without_its_key_is_an_error(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    with pytest.raises(MalformedAnswer):
        await provider.one("/v2/account", "droplet")


async def test_a_write_is_never_sent_twice(simulator: Simulator, provider: DigitalOcean) -> None:
    simulator.fault("server_error", path="/v2/projects", method="POST")

    with pytest.raises(ProviderUnavailable):
        await provider.create("/v2/projects", "project", {"name": "once", "purpose": "IoT"})
    assert len(simulator.requests("POST", "/v2/projects")) == 1


@pytest.mark.parametrize("fault", ["status", "server_error", "drop", "too_many_requests"])
async def test_the_token_is_in_no_error_and_in_no_log(
    simulator: Simulator,
    provider: DigitalOcean,
    token: str,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    caplog.set_level("DEBUG")
    simulator.fault(fault, path=DROPLETS, **({"status": 401} if fault == "status" else {}))

    with pytest.raises(ProviderError) as caught:
        await count(provider)
    assert token not in repr(caught.value)
    assert token not in repr(caught.value.__cause__)
    assert token not in caplog.text


async def test_a_write_that_was_sent_is_done_when_its_cancelled_caller_goes_on(
    simulator: Simulator, provider: DigitalOcean, token: str
) -> None:
    simulator.fault("delay", path="/v2/tags", method="POST", delay_ms=700)
    writing = asyncio.create_task(provider.create("/v2/tags", "tag", {"name": f"late-{token}"}))

    def is_sent() -> bool:
        [rule] = httpx.get(f"{simulator.url}/_simulator/faults").json()["faults"]
        return bool(rule["fired"])

    await asyncio.to_thread(until, is_sent)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert f"late-{token}" in {tag["name"] for tag in simulator.truth("tag")}


@asynccontextmanager
async def answering(*answers: httpx.Response) -> AsyncIterator[DigitalOcean]:
    """A client whose requests are answered so, one after the other."""
    given = iter(answers)
    transport = httpx.MockTransport(lambda _: next(given))
    async with httpx.AsyncClient(base_url="http://x", transport=transport) as http:
        yield DigitalOcean(http, RateBudget(), QUICK)


@pytest.mark.parametrize("body", ["<html><h1>Forbidden</h1></html>", "forbidden", ""])
@pytest.mark.parametrize(("status", "error"), [(401, CredentialsRefused), (403, AccessDenied)])
async def test_a_refusal_is_one_in_html_or_as_a_text_too(
    body: str, status: int, error: type[ProviderError]
) -> None:
    async with answering(httpx.Response(status, text=body)) as provider:
        with pytest.raises(error):
            await count(provider)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 524])
async def test_transient_failures_are_retried_without_headers_or_a_body(status: int) -> None:
    listed = httpx.Response(200, json={"droplets": [{"id": 1}], "meta": {"total": 1}})
    async with answering(httpx.Response(status), listed) as provider:
        assert await count(provider) == 1


async def test_the_waits_between_tries_grow_with_jitter_up_to_the_longest() -> None:
    retries = Retries(
        attempts=5, first_wait_seconds=0.001, longest_wait_seconds=0.006, jitter_seconds=0.001
    )
    waits: list[float] = []
    set_on_retry_hooks([lambda details: waits.append(details.wait_for)])

    async def fails() -> None:
        raise ProviderUnavailable("away")

    with pytest.raises(ProviderUnavailable):
        await retries.repeated(fails)
    with pytest.raises(ProviderUnavailable):
        await retries.repeated(fails)
    set_on_retry_hooks(None)

    for tried in (waits[:4], waits[4:]):
        for wait, grown in zip(tried, (0.001, 0.002, 0.004, 0.006), strict=True):
            # The waits are floats, which stamina adds up: the last digit may differ.
            assert grown <= wait <= min(0.006, grown + 0.001) + 1e-12
    assert waits[0] != waits[4]

"""A busy droplet is waited for, and not treated as a refusal."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from providers.digitalocean import droplets
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.droplets import (
    ensure_name,
    ensure_power,
    ensure_size,
    ensure_tags,
    read_droplet,
    remove_tagged,
)
from providers.digitalocean.errors import RequestRefused, ResourceBusy
from tests.providers.simulator import Simulator
from tests.support.waiting import until
from workflows.durable.errors import as_failures

AS_BEFORE = (4, 250)
"""The seconds of an action, and the milliseconds for which a new droplet is not found."""

ACTIONS = "/v2/droplets/{}/actions"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> Iterator[None]:
    """Looks follow each other at once, and actions take a moment."""
    monkeypatch.setattr(droplets, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(droplets, "MAX_PAUSE", 0.02)
    simulator.set(action_seconds=0.05, settle_ms=0)
    yield
    simulator.set(action_seconds=AS_BEFORE[0], settle_ms=AS_BEFORE[1])


@pytest.fixture
def droplet(simulator: Simulator) -> str:
    [made] = simulator.create("s-1vcpu-1gb", "busy-1", tags=[f"busy:{uuid4()}"])
    return made


def begun(simulator: Simulator, droplet: str) -> list[str]:
    answer = httpx.get(
        f"{simulator.url}{ACTIONS.format(droplet)}", headers={"authorization": "Bearer somebody"}
    )
    return [str(action["type"]) for action in answer.json()["actions"]][::-1]


async def live(provider: DigitalOcean, droplet: str) -> dict[str, Any]:
    return await read_droplet(provider, droplet)


async def test_an_action_that_another_one_is_ahead_of_is_done_after_it(
    simulator: Simulator, provider: DigitalOcean, droplet: str
) -> None:
    simulator.fault("pending_event", path=ACTIONS.format(droplet), method="POST", times=3)

    await ensure_power(provider, droplet, on=False)

    assert (await live(provider, droplet))["status"] == "off"
    assert begun(simulator, droplet) == ["power_off"]


async def test_a_locked_droplet_is_waited_for(
    simulator: Simulator, provider: DigitalOcean, droplet: str
) -> None:
    simulator.change("droplet", droplet, locked=True)
    waiting = asyncio.create_task(ensure_name(provider, droplet, "renamed-1"))
    await asyncio.to_thread(until, lambda: bool(simulator.requests(path=f"/v2/droplets/{droplet}")))
    assert begun(simulator, droplet) == []
    simulator.change("droplet", droplet, locked=False)

    await waiting

    assert (await live(provider, droplet))["name"] == "renamed-1"


async def test_many_who_act_on_one_droplet_at_once_all_succeed(
    simulator: Simulator, provider: DigitalOcean, droplet: str
) -> None:
    await ensure_power(provider, droplet, on=False)

    await asyncio.gather(
        ensure_size(provider, droplet, "s-1vcpu-2gb"),
        ensure_name(provider, droplet, "renamed-2"),
        remove_nothing(provider),
    )

    found = await live(provider, droplet)
    assert (found["size_slug"], found["name"]) == ("s-1vcpu-2gb", "renamed-2")
    assert sorted(begun(simulator, droplet)) == ["power_off", "rename", "resize"]


async def remove_nothing(provider: DigitalOcean) -> None:
    assert await remove_tagged(provider, "nobody-has-this") == 0


async def test_a_droplet_that_is_busy_is_deleted_once_it_is_not(
    simulator: Simulator, provider: DigitalOcean, droplet: str
) -> None:
    simulator.fault("pending_event", path=f"/v2/droplets/{droplet}", method="DELETE", times=2)

    [tag] = (await live(provider, droplet))["tags"]

    assert await remove_tagged(provider, tag) == 1

    assert len(simulator.requests("DELETE", f"/v2/droplets/{droplet}")) == 3


async def test_an_action_that_somebody_else_completed_counts_as_done(
    simulator: Simulator,
    provider: DigitalOcean,
    droplet: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = provider.send

    async def after_somebody_else(method: str, path: str, body: Any = None) -> Any:
        simulator.change("droplet", droplet, status="off")
        return await ask(method, path, body)

    monkeypatch.setattr(provider, "send", after_somebody_else)

    await ensure_power(provider, droplet, on=False)

    assert begun(simulator, droplet) == []
    assert (await live(provider, droplet))["status"] == "off"


async def test_a_refusal_for_another_reason_is_raised(
    simulator: Simulator, provider: DigitalOcean, droplet: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await ensure_size(provider, droplet, "s-1vcpu-2gb")  # it is on
    assert not isinstance(refused.value, ResourceBusy)


async def test_the_waiting_ends_and_may_be_begun_again(
    simulator: Simulator,
    provider: DigitalOcean,
    droplet: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(droplets, "MAX_BUSY", 0.05)
    simulator.fault("pending_event", path=ACTIONS.format(droplet), method="POST")

    with pytest.raises(Exception, match="busy with another action") as failed, as_failures():
        await ensure_power(provider, droplet, on=False)

    assert (failed.value.type, failed.value.non_retryable) == ("ResourceBusy", False)  # type: ignore[attr-defined]


async def test_tags_of_the_providers_systems_stay_and_no_others_that_look_like_them(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    given = ["k8s", "k8s:worker", "terraform:x", "k8s-web", "old"]
    [made] = simulator.create("s-1vcpu-1gb", "tagged-1", tags=given)

    await ensure_tags(provider, made, ["new"])

    assert set((await live(provider, made))["tags"]) == {"k8s", "k8s:worker", "terraform:x", "new"}

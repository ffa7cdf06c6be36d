"""Sagas always compensate, with retries for days if necessary."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from contracts.drift import RevertInput
from contracts.flows import TaskQueue
from contracts.provisioning import DROPLET_TURN, ProvisionInput
from tests.support.waiting import until
from tests.workflows.skipping import Script, refused, skipping, until_heard, working
from workflows.collections.payloads import Noticed
from workflows.drift.payloads import RevertPlan, RevertResult
from workflows.drift.revert_drift import RevertDrift
from workflows.provisioning.droplet_locks import DropletTurn
from workflows.provisioning.provision import Provision

ORDER = ProvisionInput("p", "d", "acme", "shop", "shop-1", "nyc3", "s-1vcpu-1gb", "debian-12")
PLAN = RevertPlan("x", "digitalocean", "droplet", "7", "size", '"s-1vcpu-1gb"', is_on=True)
FOR_HALF_AN_HOUR = 40
"""So many tries, of which the later ones are a minute apart."""


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    async with skipping() as connected:
        yield connected


def provisioning(**failures: list[ApplicationError]) -> Script:
    made = {"create_droplet": "7", "place_droplet": "", "find_resource": "r", "delete_droplet": 1}
    rest = (
        "record_provision", "await_droplet", "tag_droplet", "read_resource", "record_spec",
        "assign_droplet", "unassign_droplet", "remove_spec",
    )  # fmt: skip  # a table
    return Script({**dict.fromkeys(rest), **made}, failures)


def reverting(**failures: list[ApplicationError]) -> Script:
    return Script(
        {
            "begin_revert": PLAN, "set_power": None, "set_field": None, "read_resource": True,
            "complete_revert": RevertResult("reverted"), "fail_revert": None,
            "post_tenant_notice": Noticed(is_delivered=True),
        },
        failures,
    )  # fmt: skip  # a table


@asynccontextmanager
async def running(
    client: Client, script: Script, run: Any, argument: Any
) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    async with working(client, script, TaskQueue.PROVISIONING, Provision, RevertDrift, DropletTurn):
        yield await client.start_workflow(
            run, argument, id=f"saga/{uuid4()}", task_queue=TaskQueue.PROVISIONING
        )


async def fails(handle: WorkflowHandle[Any, Any]) -> None:
    with pytest.raises(WorkflowFailureError):
        await handle.result()


def last_word(script: Script) -> tuple[str, str]:
    """The status and the reason that the catalog was told last."""
    word = next(
        told
        for name, told in reversed(list(zip(script.done, script.told, strict=True)))
        if name == "record_provision"
    )
    return word["status"], word["reason"]


async def begins(script: Script, name: str) -> None:
    await asyncio.to_thread(until, lambda: name in script.begun)


async def test_deleting_a_droplet_is_retried_until_it_is_permitted(
    client: Client,
) -> None:
    script = provisioning(
        tag_droplet=[refused("no")], delete_droplet=[refused("the token is wrong")] * 9
    )
    async with running(client, script, Provision.run, ORDER) as handle:
        await fails(handle)
    assert script.done[-2:] == ["delete_droplet", "record_provision"]
    assert last_word(script) == ("failed", "Refused: no")


async def test_a_failing_compensation_does_not_block_the_others(client: Client) -> None:
    script = provisioning(assign_droplet=[refused("no")], unassign_droplet=[refused("not now")] * 3)
    async with running(client, script, Provision.run, ORDER) as handle:
        await fails(handle)
    undone = [name for name in script.done if name.startswith(("remove", "delete", "unassign"))]
    assert undone == ["remove_spec", "delete_droplet", "unassign_droplet"]
    assert last_word(script) == ("failed", "Refused: no")


@pytest.mark.soak
async def test_a_compensation_that_can_never_succeed_is_reported(client: Client) -> None:
    script = provisioning(
        assign_droplet=[refused("no")], unassign_droplet=[refused("never")] * 10_000
    )
    async with running(client, script, Provision.run, ORDER) as handle:
        await fails(handle)
    assert last_word(script) == ("failed", "Refused: no; not undone: Refused: never")


async def test_the_end_is_recorded_however_long_the_catalog_was_unavailable(client: Client) -> None:
    down = ApplicationError("down", type="CatalogUnavailable")
    script = provisioning(record_provision=[down] * FOR_HALF_AN_HOUR)
    async with running(client, script, Provision.run, ORDER) as handle:
        await fails(handle)
    assert script.done == ["record_provision"]
    assert last_word(script) == ("failed", "CatalogUnavailable: down")


async def test_an_unrecorded_provision_creates_nothing(client: Client) -> None:
    unknown = ApplicationError("unknown", type="ProvisionUnknown")
    script = provisioning(record_provision=[unknown] * 10_000)
    async with running(client, script, Provision.run, ORDER) as handle:
        await fails(handle)
    assert script.done == []


async def test_a_cancellation_does_not_stop_compensations_after_a_failure(
    client: Client,
) -> None:
    script = provisioning(tag_droplet=[refused("no")])
    script.held["delete_droplet"] = asyncio.Event()
    async with running(client, script, Provision.run, ORDER) as handle:
        await begins(script, "delete_droplet")
        await handle.cancel()
        await until_heard(handle)
        script.held["delete_droplet"].set()
        await fails(handle)
    assert script.done[-2:] == ["delete_droplet", "record_provision"]
    assert last_word(script)[0] == "failed"


@pytest.mark.parametrize("step", ["create_droplet", "record_spec"])
async def test_a_cancellation_during_a_step_that_succeeds_is_not_lost(
    client: Client, step: str
) -> None:
    script = provisioning()
    script.held[step] = asyncio.Event()
    async with running(client, script, Provision.run, ORDER) as handle:
        await begins(script, step)
        await handle.cancel()
        await until_heard(handle)
        script.held[step].set()
        await fails(handle)
    assert "assign_droplet" not in script.done
    assert script.done[-2:] == ["delete_droplet", "record_provision"]
    assert last_word(script) == ("cancelled", "the provision was cancelled")


async def test_a_cancellation_before_the_first_step_is_reported(client: Client) -> None:
    down = ApplicationError("down", type="CatalogUnavailable")
    script = provisioning(record_provision=[down] * 3)
    async with running(client, script, Provision.run, ORDER) as handle:
        await begins(script, "record_provision")
        await handle.cancel()
        await fails(handle)
    assert last_word(script) == ("cancelled", "the provision was cancelled")
    assert "create_droplet" not in script.begun


async def test_a_machine_is_turned_on_again_though_the_provider_fails_for_long(
    client: Client,
) -> None:
    errored = ApplicationError("errored", type="ActionFailed", non_retryable=True)
    down = ApplicationError("down", type="ProviderUnavailable")
    script = reverting(set_field=[refused("no")])
    script.held["set_field"] = asyncio.Event()
    async with running(client, script, RevertDrift.run, RevertInput("x")) as handle:
        await begins(script, "set_field")
        script.failures["set_power"] = [errored] * 3 + [down] * FOR_HALF_AN_HOUR
        script.held["set_field"].set()
        await fails(handle)
    words = [
        told["is_on"]
        for name, told in zip(script.done, script.told, strict=True)
        if name == "set_power"
    ]
    assert words == [False, True]
    # While it was off, it was not off without a word.
    [notice] = [
        told
        for name, told in zip(script.done, script.told, strict=True)
        if name == "post_tenant_notice"
    ]
    assert (notice["action"], notice["why"]) == ("left_off", "ActionFailed: errored")
    assert "droplet 7 is off" in notice["what"]
    assert script.done[-2:] == ["read_resource", "fail_revert"]
    assert script.told[-1]["reason"] == "Refused: no"


@pytest.mark.soak
async def test_a_machine_that_cannot_be_powered_on_is_reported(
    client: Client,
) -> None:
    script = reverting(set_field=[refused("no")])
    script.held["set_field"] = asyncio.Event()
    async with running(client, script, RevertDrift.run, RevertInput("x")) as handle:
        await begins(script, "set_field")
        script.failures["set_power"] = [refused("the token is wrong")] * 10_000
        script.held["set_field"].set()
        await fails(handle)
    told = dict(zip(script.done, script.told, strict=True))
    assert told["fail_revert"]["reason"] == (
        "Refused: no; the machine is off and could not be powered on: Refused: the token is wrong"
    )
    assert script.done.count("post_tenant_notice") == 1


async def test_a_revert_waits_while_another_run_acts_on_its_droplet(client: Client) -> None:
    script = reverting()
    async with running(client, script, RevertDrift.run, RevertInput("x")) as handle:
        await handle.result()
        done = len(script.done)
        # The next one begins while somebody else has the turn.
        other = await client.start_workflow(
            DropletTurn.run, "somebody", id=DROPLET_TURN.id("7"), task_queue=TaskQueue.PROVISIONING
        )
        waiting = await client.start_workflow(
            RevertDrift.run,
            RevertInput("x"),
            id=f"saga/{uuid4()}",
            task_queue=TaskQueue.PROVISIONING,
        )
        await until_tried(waiting)
        assert script.done[done:] == ["begin_revert"]
        await other.signal(DropletTurn.give_back)
        await other.result()
        assert (await waiting.result()).status == "reverted"
    # What is to be set back, and whether the machine runs, is read when it is its turn.
    assert script.done[done:].count("begin_revert") == 2


async def until_tried(handle: WorkflowHandle[Any, Any]) -> None:
    """Waits until a run was told that another has the turn."""
    failed = "start_child_workflow_execution_failed_event_attributes"
    while True:
        events = (await handle.fetch_history()).events
        if failed in [event.WhichOneof("attributes") for event in events]:
            return
        await asyncio.sleep(0.02)


async def test_a_revert_that_cannot_begin_says_so(client: Client) -> None:
    script = reverting(begin_revert=[refused("it is stale by now")])
    async with running(client, script, RevertDrift.run, RevertInput("x")) as handle:
        await fails(handle)
    assert script.done == ["fail_revert"]
    assert script.told == [{"drift_id": "x", "reason": "Refused: it is stale by now"}]


async def test_a_machine_whose_turning_off_was_cancelled_too_late_is_turned_on(
    client: Client,
) -> None:
    script = reverting()
    script.held["set_power"] = asyncio.Event()
    async with running(client, script, RevertDrift.run, RevertInput("x")) as handle:
        await begins(script, "set_power")
        await handle.cancel()
        await until_heard(handle)
        script.held["set_power"].set()
        await fails(handle)
    assert "set_field" not in script.begun
    assert script.told[-1]["reason"] == "the revert was cancelled"
    assert script.done[-3:] == ["set_power", "read_resource", "fail_revert"]

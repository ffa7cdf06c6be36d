"""Reverting drift at the simulated provider: verified, or compensated with a reason."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import grpc
import httpx
import pytest
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import drift_service_pb2 as pb
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb
from arcadia.inventory.v1.drift_service_pb2_grpc import DriftServiceStub
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.testing import ActivityEnvironment

from contracts.flows import TaskQueue
from contracts.provisioning import DROPLET_TURN
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.rate import RateBudget
from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.engine_room import EngineRoom
from tests.support.waiting import until
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.system import System
from tests.workflows.test_drift_sweep import Operator, any_droplet, swept
from workflows.provisioning.activities import powering
from workflows.provisioning.activities.powering import PowerActivities
from workflows.provisioning.droplet_locks import DropletTurn

WORDS = {"power_off", "resize", "power_on"}


class Drifting:
    """A droplet that somebody kept, and then somebody else changed."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.operator = Operator(system)
        self.droplet: dict[str, Any] = any_droplet(system)
        self.id = str(self.droplet["id"])

    async def changed(self, **fields: Any) -> drift_pb2.Drift:
        """Keeps the droplet as it is, changes it behind our back, and finds the drift."""
        await self.system.read("droplet", self.id)
        await self.operator.keep(self.id)
        size = fields.pop("size", None)
        if size:
            self.system.simulator.resize(self.id, size)
        if fields:
            self.system.simulator.change("droplet", self.id, **fields)
        await self.system.read("droplet", self.id)
        await swept(self.system, "droplet")
        return next(drift for drift in await self.operator.drifts() if drift.provider_id == self.id)

    async def revert(self, drift_id: str, request_id: str = "") -> drift_pb2.Drift:
        """Asks for the revert, as an operator."""
        async with grpc.aio.insecure_channel(self.system.settings.inventory_address) as channel:
            answer: Any = await DriftServiceStub(channel).RevertDrift(
                pb.RevertDriftRequest(id=drift_id, request_id=request_id),
                metadata=self.operator.metadata,
            )
        return answer.drift  # type: ignore[no-any-return]

    async def drift(self, drift_id: str) -> drift_pb2.Drift:
        """The drift as it is now."""
        async with grpc.aio.insecure_channel(self.system.settings.inventory_address) as channel:
            answer: Any = await DriftServiceStub(channel).GetDrift(
                pb.GetDriftRequest(id=drift_id), metadata=self.operator.metadata
            )
        return answer.drift  # type: ignore[no-any-return]

    def run_of(self, drift_id: str) -> WorkflowHandle[Any, Any]:
        """The work on it."""
        return self.system.client.get_workflow_handle(f"revert-drift/{drift_id}")

    def live(self) -> dict[str, Any]:
        """The droplet as the provider has it."""
        return next(one for one in self.system.simulator.truth() if str(one["id"]) == self.id)

    def begun(self) -> list[str]:
        """The actions that were begun on it since it was made, oldest first."""
        answer = httpx.get(
            f"{self.system.simulator.url}/v2/droplets/{self.id}/actions",
            headers={"authorization": "Bearer somebody"},
        )
        newest_first = [str(action["type"]) for action in answer.json()["actions"]]
        return [word for word in reversed(newest_first) if word in WORDS]


@pytest.fixture
async def drifting(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    sync_client: Client,
) -> AsyncIterator[Drifting]:
    """A small account, an inventory, and a worker."""
    sync_simulator.behave()
    sync_simulator.reset()
    sync_simulator.set(action_seconds=0.2)
    settings = fresh_settings(Service.INVENTORY, **settings_of(sync_temporal, sync_simulator))
    async with running_system(engine_room, sync_simulator, sync_client, settings) as system:
        system.start_worker()
        yield Drifting(system)


async def test_a_resize_is_reverted_with_the_machine_off_and_then_on_again(
    drifting: Drifting,
) -> None:
    drift = await drifting.changed(size="s-2vcpu-2gb")
    asked = await drifting.revert(drift.id)
    assert (asked.status, asked.revert_run.status) == ("open", "running")
    assert asked.revert_run.workflow_id == f"revert-drift/{drift.id}"
    result = await drifting.run_of(drift.id).result()
    assert result["status"] == "reverted"
    live = drifting.live()
    assert (live["size_slug"], live["status"]) == ("s-1vcpu-1gb", "active")
    assert drifting.begun() == ["power_off", "resize", "power_on"]
    ended = await drifting.drift(drift.id)
    assert (ended.status, ended.revert_run.status) == ("reverted", "completed")


async def test_a_name_and_tags_are_set_back_while_the_machine_runs(drifting: Drifting) -> None:
    tags = drifting.droplet["tags"]
    drift = await drifting.changed(tags=[*tags, "by-hand"])
    await drifting.revert(drift.id)
    await drifting.run_of(drift.id).result()
    assert sorted(drifting.live()["tags"]) == sorted(tags)
    assert drifting.begun() == []

    name = drifting.droplet["name"]
    drift = await drifting.changed(name="by-hand")
    await drifting.revert(drift.id)
    await drifting.run_of(drift.id).result()
    assert drifting.live()["name"] == name


async def test_after_a_failed_resize_the_machine_runs_and_the_drift_is_open_with_the_reason(
    drifting: Drifting,
) -> None:
    drift = await drifting.changed(size="s-2vcpu-2gb")
    actions = f"/v2/droplets/{drifting.id}/actions"
    drifting.system.simulator.fault(
        "status", path=actions, method="POST", status=422, skip=1, times=1
    )
    await drifting.revert(drift.id)
    with pytest.raises(WorkflowFailureError):
        await drifting.run_of(drift.id).result()
    assert drifting.live()["status"] == "active"
    assert drifting.live()["size_slug"] == "s-2vcpu-2gb"
    ended = await drifting.drift(drift.id)
    assert (ended.status, ended.revert_run.status) == ("open", "failed")
    assert "422" in ended.revert_run.reason


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ("s-9vcpu-9gb", "size 's-9vcpu-9gb' does not exist"),
        (
            "s-1vcpu-512mb-10gb",
            "a disk of 10 GB, smaller than the droplet's of 25 GB, which cannot",
        ),
    ],
)
async def test_a_size_that_cannot_be_set_is_refused_before_the_machine_is_turned_off(
    drifting: Drifting, size: str, reason: str
) -> None:
    await drifting.system.read("droplet", drifting.id)
    await drifting.operator.want(drifting.id, {"size": size})
    await swept(drifting.system, "droplet")
    [drift] = [one for one in await drifting.operator.drifts() if one.provider_id == drifting.id]
    await drifting.revert(drift.id)
    with pytest.raises(WorkflowFailureError):
        await drifting.run_of(drift.id).result()
    assert drifting.begun() == []
    assert drifting.live()["status"] == "active"
    ended = await drifting.drift(drift.id)
    assert (ended.status, ended.revert_run.status) == ("open", "failed")
    assert reason in ended.revert_run.reason


@pytest.mark.parametrize(("field", "wanted"), [("size", "5"), ("size", "null"), ("tags", '"web"')])
async def test_a_spec_of_before_with_a_value_of_the_wrong_type_sets_nothing(
    drifting: Drifting, field: str, wanted: str
) -> None:
    await drifting.changed(**({"size": "s-2vcpu-2gb"} if field == "size" else {"tags": ["x"]}))
    drifting.system.rows(
        "UPDATE cloud_drift SET expected = CAST(%s AS jsonb) WHERE status = 'open' RETURNING id",
        wanted,
    )
    [drift] = [one for one in await drifting.operator.drifts() if one.provider_id == drifting.id]
    await drifting.revert(drift.id)
    with pytest.raises(WorkflowFailureError):
        await drifting.run_of(drift.id).result()
    assert drifting.begun() == []
    told = (await drifting.drift(drift.id)).revert_run.reason
    assert f"for {field}, which cannot be set" in told


async def test_a_machine_that_somebody_turned_off_stays_off(drifting: Drifting) -> None:
    drift = await drifting.changed(size="s-2vcpu-2gb")
    drifting.system.simulator.change("droplet", drifting.id, status="off")
    await drifting.revert(drift.id)
    await drifting.run_of(drift.id).result()
    live = drifting.live()
    assert (live["size_slug"], live["status"]) == ("s-1vcpu-1gb", "off")
    assert drifting.begun() == ["resize"]


async def test_a_cancelled_revert_turns_the_machine_on_again(drifting: Drifting) -> None:
    drift = await drifting.changed(size="s-2vcpu-2gb")
    drifting.system.simulator.set(action_seconds=5)
    await drifting.revert(drift.id)
    await asyncio.to_thread(until, lambda: "power_off" in drifting.begun())
    await drifting.run_of(drift.id).cancel()
    with pytest.raises(WorkflowFailureError):
        await drifting.run_of(drift.id).result()
    assert drifting.live()["status"] == "active"
    assert (await drifting.drift(drift.id)).revert_run.reason == "the revert was cancelled"


@pytest.mark.soak
@pytest.mark.parametrize("word", ["power_off", "resize", "power_on"])
async def test_a_worker_that_is_killed_at_any_step_loses_and_doubles_nothing(
    drifting: Drifting, word: str
) -> None:
    await drifting.system.stop_workers()
    drifting.system.start_worker_process()
    drift = await drifting.changed(size="s-2vcpu-2gb")
    drifting.system.simulator.set(action_seconds=3)
    await drifting.revert(drift.id)
    await asyncio.to_thread(until, lambda: word in drifting.begun())
    await drifting.system.stop_workers()
    drifting.system.start_worker()
    await drifting.run_of(drift.id).result()
    assert drifting.begun() == ["power_off", "resize", "power_on"]
    live = drifting.live()
    assert (live["size_slug"], live["status"]) == ("s-1vcpu-1gb", "active")


async def test_three_reverts_of_one_droplet_at_once_all_succeed_in_turn(
    drifting: Drifting,
) -> None:
    name, tags = drifting.droplet["name"], drifting.droplet["tags"]
    await drifting.changed(size="s-2vcpu-2gb", name="by-hand", tags=[*tags, "by-hand"])
    drifts = [one for one in await drifting.operator.drifts() if one.provider_id == drifting.id]
    assert {one.field for one in drifts} == {"size", "name", "tags"}

    for drift in drifts:
        await drifting.revert(drift.id)
    results = await asyncio.gather(*(drifting.run_of(drift.id).result() for drift in drifts))

    assert [result["status"] for result in results] == ["reverted"] * 3
    live = drifting.live()
    assert (live["size_slug"], live["status"]) == ("s-1vcpu-1gb", "active")
    assert (live["name"], sorted(live["tags"])) == (name, sorted(tags))
    assert drifting.begun() == ["power_off", "resize", "power_on"]


async def test_a_power_on_that_loses_the_race_is_tried_until_the_machine_runs(
    drifting: Drifting,
) -> None:
    drift = await drifting.changed(size="s-2vcpu-2gb")
    actions = f"/v2/droplets/{drifting.id}/actions"
    drifting.system.simulator.fault("pending_event", path=actions, method="POST", skip=2, times=2)
    await drifting.revert(drift.id)
    await drifting.run_of(drift.id).result()
    assert drifting.live()["status"] == "active"
    assert (await drifting.drift(drift.id)).status == "reverted"


class Lifetimes:
    """An inventory that knows one droplet of a deployment."""

    def __init__(self, provider_id: str) -> None:
        self._provider_id = provider_id

    async def ListLifetimes(self, _: Any) -> lookup_pb.ListLifetimesResponse:
        span = lookup_pb.OwnershipSpan(deployment_id="shop")
        life = lookup_pb.Lifetime(provider_id=self._provider_id, ownership=[span])
        return lookup_pb.ListLifetimesResponse(lifetimes=[life])


async def test_a_machine_that_is_off_while_it_is_resized_is_one_that_runs(
    drifting: Drifting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powering, "LOOKS_APART", 0.05)
    client, simulator = drifting.system.client, drifting.system.simulator
    turn = await client.start_workflow(
        DropletTurn.run,
        "a revert",
        id=DROPLET_TURN.id(drifting.id),
        task_queue=TaskQueue.PROVISIONING,
    )
    simulator.change("droplet", drifting.id, status="off")
    async with DigitalOcean.open(simulator.url, "somebody", RateBudget()) as provider:
        lookup: Any = Lifetimes(drifting.id)
        asked = PowerActivities(provider, lookup).running_droplets
        asking = asyncio.create_task(ActivityEnvironment(client=client).run(asked, "shop"))
        simulator.change("droplet", drifting.id, status="active")
        await turn.signal(DropletTurn.give_back)
        assert await asking == (drifting.id,)


async def test_a_busy_machine_does_not_delay_others(
    drifting: Drifting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powering, "LOOKS_APART", 0.01)
    monkeypatch.setattr(powering, "MAX_LOOKS", 2)
    client, simulator = drifting.system.client, drifting.system.simulator
    lookup: Any = Lifetimes(drifting.id)
    async with DigitalOcean.open(simulator.url, "somebody", RateBudget()) as provider:
        asked = PowerActivities(provider, lookup).running_droplets
        simulator.change("droplet", drifting.id, status="off", locked=True)
        assert await ActivityEnvironment(client=client).run(asked, "shop") == ()
        turn = await client.start_workflow(
            DropletTurn.run,
            "a revert",
            id=DROPLET_TURN.id(drifting.id),
            task_queue=TaskQueue.PROVISIONING,
        )
        # It is off only until the revert has turned it on again.
        assert await ActivityEnvironment(client=client).run(asked, "shop") == (drifting.id,)
        await turn.signal(DropletTurn.give_back)
        await turn.result()


async def test_the_same_revert_requested_twice_is_one_run(drifting: Drifting) -> None:
    drift = await drifting.changed(name="by-hand")
    first, again = await drifting.revert(drift.id, "k"), await drifting.revert(drift.id, "k")
    assert again == first
    await drifting.run_of(drift.id).result()
    refused = await refusal(drifting.revert(drift.id))
    assert refused == (grpc.StatusCode.FAILED_PRECONDITION, "DRIFT_NOT_OPEN")


async def test_a_field_that_cannot_be_reverted_is_refused_by_its_name(drifting: Drifting) -> None:
    drift = await drifting.changed(image__slug="ubuntu-22-04-x64", image__id=1)
    refused = await refusal(drifting.revert(drift.id))
    assert refused == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_REVERTIBLE")


async def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    info = error_details_pb2.ErrorInfo()
    assert status is not None
    assert status.details[0].Unpack(info)
    return refused.value.code(), info.reason

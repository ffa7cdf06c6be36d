"""Drift sweeps on a real Temporal server, over a simulated account with changes."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import grpc
import httpx
import pytest
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import drift_service_pb2 as pb
from arcadia.inventory.v1.drift_service_pb2_grpc import DriftServiceStub
from temporalio.client import Client, WorkflowFailureError

from contracts.drift import DRIFT_SWEEP
from contracts.flows import start_flow
from services.common.identity.tokens import mint_user_token
from services.common.settings import Settings
from tests.support.waiting import tries
from tests.workflows.system import System
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.payloads import DriftSweepResult
from workflows.schedules import ensure_schedules, planned
from workflows.sync.starts import UnknownKind, drift_sweep_by_hand

SOMEBODY = {"authorization": "Bearer somebody"}


class Operator:
    """An operator of the system, over gRPC."""

    def __init__(self, system: System) -> None:
        self.system = system
        token = mint_user_token(system.settings, subject="op", roles=["platform-admin"])
        self.metadata = (("authorization", f"Bearer {token}"),)

    async def keep(self, provider_id: str) -> None:
        """Wants a droplet to stay as it is."""
        resource_id = self._resource_id(provider_id)
        await self._record(pb.RecordSpecRequest(resource_id=resource_id, from_live=True))

    async def want(self, provider_id: str, spec: dict[str, Any]) -> None:
        """Wants a droplet to be as a spec says."""
        request = pb.RecordSpecRequest(resource_id=self._resource_id(provider_id))
        request.spec.update(spec)
        await self._record(request)

    def _resource_id(self, provider_id: str) -> str:
        [(resource_id,)] = self.system.rows(
            "SELECT id::text FROM cloud_resources WHERE kind = 'droplet' AND provider_id = %s",
            provider_id,
        )
        return str(resource_id)

    async def _record(self, request: pb.RecordSpecRequest) -> None:
        async with grpc.aio.insecure_channel(self.system.settings.inventory_address) as channel:
            await DriftServiceStub(channel).RecordSpec(request, metadata=self.metadata)

    async def drifts(self) -> Sequence[drift_pb2.Drift]:
        """The open drifts."""
        async with grpc.aio.insecure_channel(self.system.settings.inventory_address) as channel:
            answer: Any = await DriftServiceStub(channel).ListDrifts(
                pb.ListDriftsRequest(), metadata=self.metadata
            )
        return list(answer.drifts)


async def swept(system: System, *kinds: str) -> DriftSweepResult:
    handle = await start_flow(system.client, drift_sweep_by_hand(kinds), DriftSweep.run)
    result: DriftSweepResult = await handle.result()
    return result


def any_droplet(system: System) -> dict[str, Any]:
    """A small droplet that runs."""
    return next(
        droplet
        for droplet in system.simulator.truth()
        if droplet["size_slug"] == "s-1vcpu-1gb" and droplet["status"] == "active"
    )


def act(system: System, droplet_id: int, **action: Any) -> int:
    """Does something to a droplet through the provider's API; answers the action's id."""
    answer = httpx.post(
        f"{system.simulator.url}/v2/droplets/{droplet_id}/actions",
        json=action,
        headers=SOMEBODY,
    )
    answer.raise_for_status()
    return int(answer.json()["action"]["id"])


def status_of(system: System, action_id: int) -> str:
    """As the provider's API tells it."""
    answer = httpx.get(f"{system.simulator.url}/v2/actions/{action_id}", headers=SOMEBODY)
    return str(answer.json()["action"]["status"])


async def done(system: System, action_id: int) -> None:
    """Waits until an action has had its effect."""
    for _ in tries():
        if status_of(system, action_id) == "completed":
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"action {action_id} never ends")


async def test_a_resize_behind_our_back_is_one_drift_with_its_price_and_its_cause(
    system: System,
) -> None:
    system.simulator.set(action_seconds=0.2)
    system.start_worker()
    operator = Operator(system)
    await system.sync("droplet")
    droplet = any_droplet(system)
    await operator.keep(str(droplet["id"]))
    result = await swept(system, "droplet")
    assert [(one.outcome, one.opened_count) for one in result.outcomes] == [("completed", 0)]

    await done(system, act(system, droplet["id"], type="power_off"))
    resize = act(system, droplet["id"], type="resize", size="s-2vcpu-2gb", disk=False)
    await done(system, resize)
    await done(system, act(system, droplet["id"], type="power_on"))
    await system.sync("droplet")
    result = await swept(system, "droplet")

    assert [one.opened_count for one in result.outcomes] == [1]
    assert result.causes.explained_count == 1
    [drift] = await operator.drifts()
    assert drift.field == "size"
    assert drift.expected.string_value == "s-1vcpu-1gb"
    assert drift.actual.string_value == "s-2vcpu-2gb"
    sizes = {size["slug"]: size for size in system.simulator.truth("size")}
    dearer = Decimal(str(sizes["s-2vcpu-2gb"]["price_monthly"])) - Decimal(
        str(sizes["s-1vcpu-1gb"]["price_monthly"])
    )
    assert Decimal(drift.cost.delta_monthly_usd) >= dearer > 0
    assert (drift.cause.action_id, drift.cause.action_type) == (str(resize), "resize")
    assert drift.cause.HasField("occurred_at")


async def test_a_failed_kind_is_reported_and_the_others_complete(system: System) -> None:
    system.start_worker()
    system.simulator.fault("status", status=401, path="/v2/actions")
    handle = await start_flow(
        system.client, drift_sweep_by_hand(["droplet", "domain"]), DriftSweep.run
    )
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    told = {one.kind: one.outcome for one in (await handle.query(DriftSweep.progress)).outcomes}
    assert told == {"droplet": "failed", "domain": "completed"}


async def test_a_sweep_runs_at_twenty_past_every_hour(temporal: Client) -> None:
    await ensure_schedules(temporal, planned(Settings()))
    info = (await temporal.get_schedule_handle(DRIFT_SWEEP.id()).describe()).info
    assert {at.replace(second=0, microsecond=0).minute for at in info.next_action_times[:3]} == {20}


def test_an_unknown_kind_is_refused_before_anything_is_started() -> None:
    with pytest.raises(UnknownKind):
        drift_sweep_by_hand(["dropplet"])

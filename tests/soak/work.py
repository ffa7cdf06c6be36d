"""The workflows that run under load through every fault."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from contracts.flows import start_flow
from services.common.settings import Settings
from tests.soak.outside import NoAnswer, Outside, passing
from workflows.drift.drift_sweep import DriftSweep
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import drift_sweep_by_hand, sync_by_hand

__all__ = ["Ingests", "Provisions", "Sweeps", "Syncs"]

FEW_KINDS: Final = ("project", "droplet", "volume")
LOOK_SECONDS: Final = 0.5
RUNNING: Final = "running"


async def ended(handle: WorkflowHandle[Any, Any]) -> Any:
    """What a run comes to. Raises NoAnswer when Temporal does not respond, or when it failed:
    then it is started again."""
    try:
        return await handle.result()
    except RPCError as error:
        if not passing(error):
            raise
        raise NoAnswer(f"temporal {error.status.name}") from error
    except WorkflowFailureError as error:
        raise NoAnswer(f"{handle.id.partition('/')[0]} failed") from error


@dataclass
class Syncs:
    """Syncs of a few kinds, one after the other."""

    client: Client
    settings: Settings
    kind: str = "sync"
    pause: float = 1.0

    async def prepare(self, key: str) -> tuple[str, ...]:
        return FEW_KINDS

    async def send(self, request: tuple[str, ...]) -> int:
        try:
            handle = await start_flow(
                self.client, sync_by_hand(self.settings, request), ResourceSync.run
            )
        except RPCError as error:
            raise NoAnswer(f"temporal {error.status.name}") from error
        return len((await ended(handle)).outcomes)


@dataclass
class Sweeps:
    """Drift sweeps of the droplets."""

    client: Client
    kind: str = "drift-sweep"
    pause: float = 2.0

    async def prepare(self, key: str) -> str:
        return "droplet"

    async def send(self, request: str) -> bool:
        try:
            handle = await start_flow(self.client, drift_sweep_by_hand([request]), DriftSweep.run)
        except RPCError as error:
            raise NoAnswer(f"temporal {error.status.name}") from error
        await ended(handle)
        return True


@dataclass
class Ingests:
    """Bills that are brought in again and again, each in its turn."""

    outside: Outside
    client: Client
    invoice_ids: list[str]
    kind: str = "ingest"
    pause: float = 2.0

    async def prepare(self, key: str) -> str:
        return self.invoice_ids[int(key.rpartition("-")[2]) % len(self.invoice_ids)]

    async def send(self, request: str) -> str:
        path = f"/api/v1/billing/provider-invoices/{request}/ingest"
        answer = await self.outside.post(path, {})
        await ended(
            self.client.get_workflow_handle(answer["provider_invoice"]["run"]["workflow_id"])
        )
        return request


@dataclass
class Provisions:
    """Droplets for a deployment, each followed to its end."""

    outside: Outside
    deployment_id: str
    limit: int = 25
    """Beyond it, none is asked for: an account holds only so many."""
    asked: dict[str, str] = field(default_factory=dict)
    """The provisions by the key they were asked for with."""
    kind: str = "provision"
    pause: float = 4.0

    async def prepare(self, key: str) -> dict[str, Any] | None:
        if len(self.asked) >= self.limit:
            return None
        order = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
        return {"droplet": order, "request_id": key, "force_reason": "soak"}

    async def send(self, request: dict[str, Any]) -> tuple[str, str]:
        path = f"/api/v1/deployments/{self.deployment_id}/provision"
        provision = (await self.outside.post(path, request))["provision"]
        self.asked[request["request_id"]] = provision["id"]
        polled = f"/api/v1/deployments/{self.deployment_id}/provisions/{provision['id']}"
        while provision["status"] == RUNNING:
            await asyncio.sleep(LOOK_SECONDS)
            provision = (await self.outside.get(polled))["provision"]
        return provision["id"], provision["status"]

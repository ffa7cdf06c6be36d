"""A Temporal server, an inventory on a fresh database, and a simulator, for tests of syncs."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from contracts.flows import TaskQueue, start_flow
from contracts.providers import DIGITALOCEAN
from contracts.sync import ResourceInput, sync_resource
from services.common.settings import Settings
from stack.processes.process import Process
from tests.providers.simulator import Simulator
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.working import Workers
from workflows.sync.payloads import KindOutcome, ResourceSyncResult
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

__all__ = ["Handle", "System", "outcomes_of"]

Handle = WorkflowHandle[ResourceSync, ResourceSyncResult]


@dataclass
class System:
    """The parts, and what a test asks of them."""

    room: EngineRoom
    settings: Settings
    simulator: Simulator
    client: Client
    admin_url: str
    """The inventory's database, as a superuser who sees every row."""
    _workers: list[Process] = field(default_factory=list)
    _working: Workers = field(default_factory=Workers)

    def start_worker(self) -> None:
        """A worker inside the test's own process."""
        self._working.start(self.settings, self.client)

    def start_worker_process(self) -> Process:
        """A worker process of its own, ready."""
        name = self._name_of_worker(len(self._workers))
        log = self.room.log(name)
        worker = self.start_program(
            name, self.settings, lambda: '"event":"worker ready"' in log.read_text()
        )
        self._workers.append(worker)
        return worker

    def start_program(
        self, name: str, settings: Settings, ready: Callable[[], bool] = lambda: True
    ) -> Process:
        """A worker process with these settings, however far it comes."""
        return self.room.start_program(
            name,
            [sys.executable, "-m", "workflows.worker"],
            environment_of(settings),
            lambda _: ready(),
        )

    def _name_of_worker(self, number: int) -> str:
        return f"worker-{self.settings.inventory_address.rpartition(':')[2]}-{number}"

    def inventory_log(self) -> Path:
        """The output of the inventory."""
        return self.room.log(f"inventory-{self.settings.inventory_address.rpartition(':')[2]}")

    def worker_log(self) -> Path:
        """The output of the worker that was started last."""
        return self.room.log(self._name_of_worker(len(self._workers) - 1))

    async def stop_workers(self) -> None:
        """Ends all workers, without waiting for what they do."""
        for worker in self._workers:
            worker.popen.kill()
            self.room.stop(worker)
        self._workers.clear()
        await self._working.stop()

    async def start(self, *kinds: str) -> Handle:
        """Starts a sync, or joins the one that runs."""
        return await start_flow(self.client, sync_by_hand(self.settings, kinds), ResourceSync.run)

    async def start_as(self, identifier: str, *kinds: str) -> Handle:
        """Starts a sync under an id of its own, as a schedule does."""
        return await self.client.start_workflow(
            ResourceSync.run,
            sync_by_hand(self.settings, kinds).argument,
            id=f"resource-sync/{identifier}",
            task_queue=TaskQueue.CLOUD_SYNC_FULL,
        )

    async def read(self, kind: str, provider_id: str, *, expected: bool = True) -> bool:
        """The fast sync of one resource to its end; whether the provider has it."""
        request = ResourceInput(DIGITALOCEAN, kind, provider_id, expected)
        handle = await start_flow(self.client, sync_resource(request), replace=True)
        return bool(await handle.result())

    async def sync(self, *kinds: str) -> dict[str, KindOutcome]:
        """A sync to its end; the outcomes by kind, whether it failed or not."""
        return await outcomes_of(await self.start(*kinds))

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the inventory's database."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query, parameters).fetchall()

    def living(self, kind: str = "droplet") -> set[str]:
        """The provider ids of the resources that live, as the inventory knows them."""
        query = "SELECT provider_id FROM cloud_resources WHERE kind = %s AND deleted_at IS NULL"
        return {provider_id for (provider_id,) in self.rows(query, kind)}

    def events(self) -> dict[str, int]:
        """How many events of each type were written."""
        return dict(self.rows("SELECT type, count(*) FROM cloud_resource_events GROUP BY 1"))

    def pages_asked(self) -> list[int]:
        """The pages of the plain droplet listing, in the order in which they were asked for."""
        asked = self.simulator.requests(path="/v2/droplets?")
        return [
            int(found[1])
            for request in asked
            if "type=gpus" not in request and (found := re.search(r"[?&]page=(\d+)", request))
        ]


async def outcomes_of(handle: Handle) -> dict[str, KindOutcome]:
    """The outcomes by kind of a run, whether it failed or not."""
    try:
        outcomes = (await handle.result()).outcomes
    except WorkflowFailureError as error:
        if not isinstance(error.cause, ApplicationError) or error.cause.type != "KindsFailed":
            raise
        outcomes = (await handle.query(ResourceSync.progress)).outcomes
    return {outcome.kind: outcome for outcome in outcomes}

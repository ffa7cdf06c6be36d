"""The whole system behind links, under load, with its allowed effects."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import orjson
from temporalio.client import Client

from contracts.costs import billing_history
from contracts.flows import BY_HAND, start_flow
from services.common.durable import connect
from services.common.settings import Settings
from tests.soak.disk import SmallDisk
from tests.soak.faults import Fault
from tests.soak.ledger import Ledger
from tests.soak.linked_stack import LINKS, PROGRAM, listening_ports
from tests.soak.links import Link
from tests.soak.load import Load
from tests.soak.outside import Outside
from tests.soak.reads import Pages, Watch
from tests.soak.report import Outcome
from tests.soak.truth import Truth
from tests.soak.work import Ingests, Provisions, Sweeps, Syncs
from tests.soak.writes import (
    TENANT,
    Addons,
    Assignments,
    Deployments,
    Quotes,
    Subscriptions,
    UsageOverGrpc,
    UsageOverHttp,
)
from tests.support.engine_room import EngineRoom
from tests.support.whole_stack import WholeStack
from workflows.costs.billing_history import BillingHistory

__all__ = ["Soak", "soaking"]

WRITES: Final = (
    "usage-http", "usage-grpc", "deployment", "subscription", "addon", "quote", "assignment",
)  # fmt: skip  # a table
WORK: Final = ("sync", "drift-sweep", "ingest")
RECOVERY_SECONDS: Final = 120.0
QUIET_SECONDS: Final = 1.0
BILLS: Final = 3
MAX_DEPLOYMENTS: Final = 100_000


@dataclass(frozen=True)
class Soak:
    """A system under load."""

    stack: WholeStack
    links: dict[str, Link]
    outside: Outside
    client: Client
    load: Load
    ledger: Ledger
    watch: Watch
    deployment_id: str
    disk: SmallDisk | None = None
    """None where no disk may be mounted."""

    async def suffer(self, fault: Fault) -> Outcome:
        """Breaks something, and waits until every kind of request is acknowledged again."""
        begun = time.monotonic()
        await fault.strike()
        mended = time.monotonic()
        for kind in (*WRITES, *WORK):
            await self._answers_again(kind, mended, fault)
        await asyncio.sleep(QUIET_SECONDS)
        waits = {kind: self.ledger.waited(kind, begun, mended) for kind in (*WRITES, *WORK)}
        return Outcome(
            fault.group,
            fault.name,
            mended - begun,
            [waits[kind] for kind in WRITES],
            {kind: waits[kind] for kind in WORK},
        )

    async def settle(self) -> None:
        """The load ends; what vanished is struck three times; the days are metered."""
        await self.load.stop()
        for words in (("sync",), ("sync",), ("sync",), ("usage", "meter")):
            finished = await asyncio.to_thread(self.stack.run, *words)
            assert finished.returncode == 0, finished.stdout
        last = Truth(self.stack.settings).events_since(self.watch.seen[0])[-1]
        async with asyncio.timeout(60):
            while self.watch.seen[-1] < last:
                self.ledger.requests += 1
                await self.watch.read()

    async def _answers_again(self, kind: str, since: float, fault: Fault) -> None:
        while not self.ledger.answers_again(kind, since):
            self.load.check()
            late = time.monotonic() - since > RECOVERY_SECONDS
            assert not late, f"no {kind} after {fault.group} {fault.name}"
            await asyncio.sleep(0.1)


@asynccontextmanager
async def soaking(room: EngineRoom) -> AsyncIterator[Soak]:
    """Such a system, with bills brought in."""
    plain = WholeStack.at(room.folder / "soak", room)
    ports = listening_ports(plain.settings)
    links = {name: Link(name, port) for name, port in ports.items()}
    told = {LINKS: orjson.dumps({name: link.port for name, link in links.items()}).decode()}
    stack = replace(plain, program=PROGRAM, environment=told)
    disk = SmallDisk(room.folder / "small-disk")
    async with AsyncExitStack() as ending:
        mounted = disk.mount()
        if mounted:
            ending.callback(disk.unmount)
            await asyncio.to_thread(disk.hold, plain.settings)
        for link in links.values():
            await link.open()
            ending.push_async_callback(link.close)
        await asyncio.to_thread(stack.up)
        ending.push_async_callback(asyncio.to_thread, stack.stop)
        through = plain.settings.model_copy(update={"temporal_address": links["temporal"].address})
        outside = Outside.of(plain.settings, links)
        ending.push_async_callback(outside.close)
        client = await connect(through)
        soak = await _under_load(stack, links, outside, client, through)
        ending.push_async_callback(soak.load.cancel)
        yield replace(soak, disk=disk if mounted else None)


async def _under_load(
    stack: WholeStack,
    links: dict[str, Link],
    outside: Outside,
    client: Client,
    settings: Settings,
) -> Soak:
    """Everything that the load needs is made, and the load begins."""
    finished = await asyncio.to_thread(stack.run, "sync")
    assert finished.returncode == 0, finished.stdout
    await (await start_flow(client, billing_history(BY_HAND), BillingHistory.run)).result()
    # The writer makes more deployments than a tenant may have by default.
    await outside.put(f"/api/v1/tenants/{TENANT}/limits/deployments", {"limit": MAX_DEPLOYMENTS})
    slug = {"tenant_id": TENANT, "slug": "counted"}
    deployment_id = (await outside.post("/api/v1/deployments", slug))["deployment"]["id"]
    droplets = await outside.get("/api/v1/inventory", kind="droplet", page_size=1)
    bills = await outside.get("/api/v1/billing/provider-invoices", page_size=BILLS)

    ledger = Ledger()
    load = Load(ledger)
    watch = Watch(outside)
    deployments = Deployments(outside)
    subscriptions = Subscriptions(outside, deployments.made)
    for writer in (
        UsageOverHttp(outside, deployment_id),
        UsageOverGrpc(outside, deployment_id),
        deployments,
        subscriptions,
        Addons(outside, subscriptions.made),
        Quotes(outside),
        Assignments(outside, droplets["resources"][0]["id"]),
        Syncs(client, settings),
        Sweeps(client),
        Ingests(outside, client, [bill["id"] for bill in bills["provider_invoices"]]),
        Provisions(outside, deployment_id),
    ):
        load.write(writer)
    load.read(Pages(outside).read, 0.1)
    load.read(watch.read, 0.1)
    return Soak(stack, links, outside, client, load, ledger, watch, deployment_id)

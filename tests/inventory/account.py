"""A served inventory, and an account at the provider that tests change and sweep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import orjson
from arcadia.inventory.v1 import inventory_service_pb2 as reading_pb
from arcadia.inventory.v1 import (
    inventory_service_pb2_grpc,
    lookup_service_pb2_grpc,
    reconcile_service_pb2_grpc,
    sync_service_pb2_grpc,
)
from arcadia.inventory.v1 import resources_pb2 as words
from arcadia.inventory.v1 import sync_service_pb2 as sync_pb
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.common.db.database import Database
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.settings import Settings

__all__ = ["Inventory", "Swept", "reason_of", "sighting", "violated_field"]

PROVIDER = "digitalocean"
Token = Sequence[tuple[str, str]]


def sighting(
    provider_id: str,
    *,
    attrs: dict[str, Any] | None = None,
    unknown: Iterable[str] = (),
    **columns: Any,
) -> sync_pb.Sighting:
    """A resource as the provider shows it; what is not named is as for any small droplet."""
    shown: dict[str, Any] = {
        "name": f"web-{provider_id}",
        "region": "syd1",
        "size": "s-1vcpu-1gb",
        "status": "active",
        **columns,
    }
    content = {"memory": 1024, "vcpus": 1} if attrs is None else attrs
    return sync_pb.Sighting(
        provider_id=provider_id,
        attrs_json=orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode(),
        unknown_fields=sorted(unknown),
        **shown,
    )


@dataclass(frozen=True)
class Swept:
    """A closed sweep, and the suspects that it left."""

    sweep: words.Sweep
    suspects: list[str]


@dataclass
class Inventory:
    """The inventory service on a fresh database, and those who call it."""

    database: Database
    channel: grpc.aio.Channel
    settings: Settings
    database_name: str
    sync: "sync_service_pb2_grpc.SyncServiceAsyncStub" = field(init=False)
    reading: "inventory_service_pb2_grpc.InventoryServiceAsyncStub" = field(init=False)
    lookup: "lookup_service_pb2_grpc.LookupServiceAsyncStub" = field(init=False)
    reconcile: "reconcile_service_pb2_grpc.ReconcileServiceAsyncStub" = field(init=False)
    sweeps_begun: int = 0

    def __post_init__(self) -> None:
        self.sync = sync_service_pb2_grpc.SyncServiceStub(self.channel)
        self.reading = inventory_service_pb2_grpc.InventoryServiceStub(self.channel)
        self.lookup = lookup_service_pb2_grpc.LookupServiceStub(self.channel)
        self.reconcile = reconcile_service_pb2_grpc.ReconcileServiceStub(self.channel)
        self._worker = ServiceTokens(self.settings, "worker")
        self.operator = self._user("op", roles=["platform-admin"])

    @property
    def worker(self) -> Token:
        """The metadata of a worker, whose token ends within minutes: a new one in time."""
        return (("authorization", self._worker.authorization()),)

    def program(self, name: str) -> Token:
        """The metadata of another program of ours."""
        return (("authorization", ServiceTokens(self.settings, name).authorization()),)

    def tenant(self, tenant_id: str) -> Token:
        """The metadata of a tenant's member."""
        return self._user(f"member of {tenant_id}", roles=["admin"], tenant_id=tenant_id)

    def _user(self, subject: str, **claims: Any) -> Token:
        token = mint_user_token(self.settings, subject=subject, **claims)
        return (("authorization", f"Bearer {token}"),)

    async def begin(self, kind: str = "droplet", key: str = "") -> str:
        """Opens a sweep; answers its id."""
        self.sweeps_begun += 1
        request = sync_pb.BeginSweepRequest(
            provider=PROVIDER,
            kind=kind,
            key=key or f"test/{kind}/{self.sweeps_begun}",
            run_id=f"run-{self.sweeps_begun}",
        )
        return (await self.sync.BeginSweep(request, metadata=self.worker)).sweep.id

    async def record(
        self, *sightings: sync_pb.Sighting, kind: str = "droplet", sweep_id: str = ""
    ) -> sync_pb.RecordSightingsResponse:
        """Records a batch."""
        request = sync_pb.RecordSightingsRequest(
            provider=PROVIDER, kind=kind, sweep_id=sweep_id, sightings=sightings
        )
        return await self.sync.RecordSightings(request, metadata=self.worker)

    async def unreadable(self, sweep_id: str, *rows: tuple[str, str], reason: str = "odd") -> int:
        """Says that rows (place, provider id) could not be read; how many there are now."""
        request = sync_pb.RecordUnreadableRowsRequest(
            sweep_id=sweep_id,
            rows=[
                words.UnreadableRow(place=place, provider_id=provider_id, reason=reason)
                for place, provider_id in rows
            ],
        )
        answer = await self.sync.RecordUnreadableRows(request, metadata=self.worker)
        return answer.unreadable_count

    async def complete(
        self, sweep_id: str, *, total: int, scopes: Iterable[str] = ("tags",)
    ) -> sync_pb.CompleteSweepResponse:
        """Closes a sweep that read every page."""
        request = sync_pb.CompleteSweepRequest(
            sweep_id=sweep_id, reported_total=total, scope_fingerprint=sorted(scopes)
        )
        return await self.sync.CompleteSweep(request, metadata=self.worker)

    async def sweep(
        self,
        *sightings: sync_pb.Sighting,
        kind: str = "droplet",
        total: int | None = None,
        scopes: Iterable[str] = ("tags",),
    ) -> Swept:
        """A whole sweep that sees just these; complete unless `total` says otherwise."""
        sweep_id = await self.begin(kind)
        if sightings:
            await self.record(*sightings, kind=kind, sweep_id=sweep_id)
        reported = len(sightings) if total is None else total
        closed = await self.complete(sweep_id, total=reported, scopes=scopes)
        return Swept(closed.sweep, await self.suspects(sweep_id))

    async def suspects(self, sweep_id: str) -> list[str]:
        """What awaits a confirming read after a sweep."""
        request = sync_pb.ListSuspectsRequest(sweep_id=sweep_id, page_size=500)
        answer = await self.sync.ListSuspects(request, metadata=self.worker)
        return list(answer.provider_ids)

    async def confirm(
        self, sweep_id: str, *, gone: Iterable[str] = (), found: Iterable[str] = ()
    ) -> words.Sweep:
        """Says what the confirming reads said."""
        request = sync_pb.RecordConfirmationsRequest(
            sweep_id=sweep_id, gone_provider_ids=gone, found_provider_ids=found
        )
        return (await self.sync.RecordConfirmations(request, metadata=self.worker)).sweep

    async def listed(self, token: Token | None = None, **filters: Any) -> dict[str, words.Resource]:
        """Resources by their provider id, as an operator sees them unless `token` says."""
        request = reading_pb.ListResourcesRequest(
            **{"page_size": 500, "deleted": "any", "view": "RESOURCE_VIEW_FULL", **filters}
        )
        answer = await self.reading.ListResources(request, metadata=token or self.operator)
        return {resource.provider_id: resource for resource in answer.resources}

    async def lose(self, *provider_ids: str, kept: Iterable[sync_pb.Sighting] = ()) -> None:
        """Droplets vanish at the provider: three complete sweeps and a read of each id."""
        for _ in range(3):
            swept = await self.sweep(*kept)
        await self.confirm(swept.sweep.id, gone=provider_ids)

    async def one(self, provider_id: str) -> words.Resource:
        """A resource, as an operator sees it."""
        return (await self.listed())[provider_id]

    async def history(
        self, provider_id: str, token: Token | None = None
    ) -> list[words.ResourceEvent]:
        """What happened to a resource, oldest first, as an operator sees it."""
        request = reading_pb.GetResourceRequest(id=(await self.one(provider_id)).id)
        answer = await self.reading.GetResource(request, metadata=token or self.operator)
        return list(reversed(answer.events))

    async def events(self, provider_id: str) -> list[str]:
        """The types of what happened to a resource, oldest first."""
        return [event.type for event in await self.history(provider_id)]


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The stable name of a refusal."""
    info = error_details_pb2.ErrorInfo()
    _detail(error, info)
    return str(info.reason)


def violated_field(error: grpc.aio.AioRpcError) -> str:
    """The field that a refusal blames."""
    request = error_details_pb2.BadRequest()
    _detail(error, request)
    return str(request.field_violations[0].field)


def _detail(error: grpc.aio.AioRpcError, into: Any) -> None:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    for detail in status.details:
        if detail.Unpack(into):
            return
    raise AssertionError(f"no {into.DESCRIPTOR.name} in {error.details()}")

"""An account whose resources have specs, and its callers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
from arcadia.inventory.v1 import drift_pb2, drift_service_pb2_grpc, reconcile_service_pb2_grpc
from arcadia.inventory.v1 import drift_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2 as worker_pb
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

from tests.inventory.account import PROVIDER, Inventory, sighting

__all__ = ["Account", "value_of"]


def value_of(message: Any) -> Any:
    """The JSON value of a protobuf one."""
    return MessageToDict(message)


@dataclass
class Account:
    """The served inventory, asked as operators and workers ask it."""

    inventory: Inventory
    admin_url: str
    """The database, as a superuser who sees every row."""
    drift: "drift_service_pb2_grpc.DriftServiceAsyncStub" = field(init=False)
    reconcile: "reconcile_service_pb2_grpc.ReconcileServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        channel = self.inventory.channel
        self.drift = drift_service_pb2_grpc.DriftServiceStub(channel)
        self.reconcile = reconcile_service_pb2_grpc.ReconcileServiceStub(channel)

    async def shows(self, provider_id: str, kind: str = "droplet", **shown: Any) -> None:
        """The provider shows a resource so, and the inventory has seen it."""
        await self.inventory.record(sighting(provider_id, **shown), kind=kind)

    async def id_of(self, provider_id: str, kind: str = "droplet") -> str:
        """Our id of a resource."""
        return (await self.inventory.listed(kind=kind))[provider_id].id

    async def desire(
        self, provider_id: str, spec: dict[str, Any], kind: str = "droplet"
    ) -> drift_pb2.Spec:
        """An operator records a spec."""
        request = pb.RecordSpecRequest(
            resource_id=await self.id_of(provider_id, kind), spec=ParseDict(spec, Struct())
        )
        return (await self.drift.RecordSpec(request, metadata=self.inventory.operator)).spec

    async def keep(self, provider_id: str, kind: str = "droplet") -> drift_pb2.Spec:
        """An operator wants a resource to stay as it is."""
        request = pb.RecordSpecRequest(
            resource_id=await self.id_of(provider_id, kind), from_live=True
        )
        return (await self.drift.RecordSpec(request, metadata=self.inventory.operator)).spec

    async def desire_all(self, specs: dict[str, dict[str, Any]]) -> worker_pb.RecordSpecsResponse:
        """A worker records specs by our ids."""
        request = worker_pb.RecordSpecsRequest(
            actor="provisioning",
            specs=[
                worker_pb.DesiredResource(
                    resource_id=identifier,
                    spec_json=orjson.dumps(spec, option=orjson.OPT_SORT_KEYS).decode(),
                )
                for identifier, spec in specs.items()
            ],
        )
        return await self.reconcile.RecordSpecs(request, metadata=self.inventory.worker)

    async def sweep(
        self, kind: str = "droplet", *, page_size: int = 0, in_flight: Iterable[str] = ()
    ) -> worker_pb.SweepDriftResponse:
        """A worker compares the whole kind; the answers of its pages added up."""
        total = worker_pb.SweepDriftResponse()
        token = ""
        while True:
            request = worker_pb.SweepDriftRequest(
                provider=PROVIDER,
                kind=kind,
                page_size=page_size,
                page_token=token,
                in_flight_provider_ids=in_flight,
            )
            page = await self.reconcile.SweepDrift(request, metadata=self.inventory.worker)
            for counted, count in page.ListFields():
                if counted.name.endswith("_count"):
                    setattr(total, counted.name, getattr(total, counted.name) + count)
            total.frozen_reason = page.frozen_reason
            token = page.next_page_token
            if not token:
                return total

    async def listed(self, **filters: Any) -> Sequence[drift_pb2.Drift]:
        """Drifts, newest found first."""
        request = pb.ListDriftsRequest(**{"page_size": 500, **filters})
        answer = await self.drift.ListDrifts(request, metadata=self.inventory.operator)
        return list(answer.drifts)

    async def open(self, **filters: Any) -> dict[str, drift_pb2.Drift]:
        """The open drifts by their fields; of one resource."""
        drifts = await self.listed(**filters)
        by_field = {drift.field: drift for drift in drifts}
        assert len(by_field) == len(drifts)
        return by_field

    async def accept(self, drift_id: str, request_id: str = "") -> pb.AcceptDriftResponse:
        """The operator accepts a drift."""
        request = pb.AcceptDriftRequest(id=drift_id, request_id=request_id)
        return await self.drift.AcceptDrift(request, metadata=self.inventory.operator)

    async def mute(self, field: str, kind: str = "droplet", **rule: Any) -> drift_pb2.IgnoreRule:
        """The operator mutes a field."""
        request = pb.CreateIgnoreRuleRequest(**{"reason": "known", "kind": kind, **rule})
        request.field = field
        answer = await self.drift.CreateIgnoreRule(request, metadata=self.inventory.operator)
        return answer.ignore_rule

    async def lose(self, *provider_ids: str, kept: Sequence[Any] = ()) -> None:
        """Resources vanish at the provider: three complete sweeps and a read of each id."""
        for _ in range(3):
            swept = await self.inventory.sweep(*kept)
        await self.inventory.confirm(swept.sweep.id, gone=provider_ids)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query, parameters).fetchall()

    def execute(self, statement: str) -> None:
        """Changes the database behind everybody's back."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(statement)

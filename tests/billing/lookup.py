"""A fixed inventory: a real gRPC server of LookupService."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import grpc
from arcadia.inventory.v1 import lookup_service_pb2 as pb
from arcadia.inventory.v1 import lookup_service_pb2_grpc

from tests.billing.bills import MAY, stamp

__all__ = ["Known", "KnownAccount", "resource_id"]

SPACE = UUID("6f1f3c1e-0000-4000-8000-000000000000")


def resource_id(provider_id: str, kind: str = "droplet") -> str:
    """Our id of a known resource."""
    return str(uuid5(SPACE, f"{kind}/{provider_id}"))


@dataclass(frozen=True)
class Known:
    """A resource; what is not named is as for a droplet that lived through May."""

    provider_id: str
    name: str = "web-1"
    kind: str = "droplet"
    lived_from: datetime = MAY
    lived_to: datetime | None = None
    former: tuple[tuple[str, datetime], ...] = ()
    """Former names, each with when it ended."""
    project: str = ""
    owners: tuple[tuple[str, str, datetime], ...] = (("acme", "dep-1", MAY),)
    """Tenant, deployment, and since when."""
    region: str = "nyc3"
    begin_unknown: bool = False

    def lifetime(self) -> pb.Lifetime:
        """As the inventory answers it."""
        spans, start = [], self.lived_from
        for name, end in self.former:
            spans.append(pb.NameSpan(name=name, valid_from=stamp(start), valid_to=stamp(end)))
            start = end
        spans.append(pb.NameSpan(name=self.name, valid_from=stamp(start)))
        return pb.Lifetime(
            resource_id=resource_id(self.provider_id, self.kind),
            kind=self.kind,
            provider_id=self.provider_id,
            names=spans,
            project_name=self.project,
            lived_from=stamp(self.lived_from),
            lived_to=stamp(self.lived_to),
            begin_unknown=self.begin_unknown,
            region=self.region,
            ownership=[
                pb.OwnershipSpan(tenant_id=tenant, deployment_id=deployment, valid_from=stamp(at))
                for tenant, deployment, at in self.owners
            ],
        )

    def answers(self, key: pb.ResourceKey) -> bool:
        """Whether a key may mean it."""
        if key.provider_id:
            return key.provider_id == self.provider_id and key.kind in ("", self.kind)
        names = {name.rstrip().lower() for name in (self.name, *(name for name, _ in self.former))}
        return key.kind == self.kind and key.name.rstrip().lower() in names


@dataclass
class KnownAccount(lookup_service_pb2_grpc.LookupServiceServicer):
    """Answers look-ups; tests say what it knows."""

    resources: list[Known] = field(default_factory=list)
    asked: int = 0
    """How many keys it was asked for."""

    is_down: bool = False

    async def LookupResources(
        self, request: pb.LookupResourcesRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.LookupResourcesResponse:
        """The known resources that each key may mean."""
        if self.is_down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down")
        self.asked += len(request.keys)
        return pb.LookupResourcesResponse(
            results=[
                pb.ResourceCandidates(
                    lifetimes=[one.lifetime() for one in self.resources if one.answers(key)]
                )
                for key in request.keys
            ]
        )

"""What the inventory knows of the resources that a bill names."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import grpc
from arcadia.inventory.v1 import lookup_service_pb2 as pb
from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceStub

from contracts.providers import DIGITALOCEAN
from services.billing.ingest.rules.matching import (
    Candidate,
    Key,
    NameHeld,
    OwnerSince,
)
from services.common.errors import Unavailable
from services.common.rpc.clients import open_channel
from services.common.settings import Service, Settings

if TYPE_CHECKING:
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub

__all__ = ["KEYS_A_CALL", "InventoryLookup"]

KEYS_A_CALL: Final = 2_000
CALL_SECONDS: Final = 60.0
ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)


class InventoryLookup:
    """Asks the inventory; connects when it is first asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stub: LookupServiceAsyncStub | None = None

    async def candidates(self, keys: list[Key]) -> list[Candidate]:
        """Every resource that one of the keys may mean.

        Raises Unavailable while the inventory does not answer: nothing is matched by half.
        """
        found: list[Candidate] = []
        for start in range(0, len(keys), KEYS_A_CALL):
            answer = await self._asked(keys[start : start + KEYS_A_CALL])
            found += [_candidate(life) for one in answer.results for life in one.lifetimes]
        return found

    async def _asked(self, keys: list[Key]) -> pb.LookupResourcesResponse:
        if self._stub is None:
            channel = open_channel(self._settings, Service.INVENTORY, caller=Service.BILLING)
            self._stub = LookupServiceStub(channel)
        request = pb.LookupResourcesRequest(
            provider=DIGITALOCEAN,
            keys=[
                pb.ResourceKey(kind=key.kind, provider_id=key.provider_id, name=key.name)
                for key in keys
            ],
        )
        try:
            return await self._stub.LookupResources(request, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise Unavailable(
                "the inventory does not answer",
                reason="INVENTORY_UNAVAILABLE",
                metadata={"code": error.code().name},
            ) from error


def _candidate(life: pb.Lifetime) -> Candidate:
    lived_from = life.lived_from.ToDatetime(UTC)
    # What may have lived before counts for bills before its first sighting too.
    begin = ALWAYS if life.begin_unknown else lived_from
    return Candidate(
        resource_id=UUID(life.resource_id),
        kind=life.kind,
        provider_id=life.provider_id,
        project_id=UUID(life.project_id) if life.project_id else None,
        project_name=life.project_name,
        region=life.region,
        lived_from=begin,
        lived_to=_end(life, "lived_to"),
        names=tuple(
            NameHeld(
                held.name.strip().lower(),
                begin if number == 0 else held.valid_from.ToDatetime(UTC),
                _end(held, "valid_to"),
            )
            for number, held in enumerate(life.names)
        ),
        owners=tuple(
            OwnerSince(
                owner.tenant_id or None,
                owner.deployment_id or None,
                begin if number == 0 else owner.valid_from.ToDatetime(UTC),
            )
            for number, owner in enumerate(life.ownership)
        ),
    )


def _end(span: pb.Lifetime | pb.NameSpan, field: str) -> datetime | None:
    if not span.HasField(field):
        return None
    ended: datetime = getattr(span, field).ToDatetime(UTC)
    return ended

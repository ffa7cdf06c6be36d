"""Converts the provider's rows to the inventory's messages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcadia.inventory.v1.resources_pb2 import UnreadableRow as UnreadableRowMessage
from arcadia.inventory.v1.sync_service_pb2 import (
    ProjectMember,
    ProjectSighting,
    RecordProjectsRequest,
    RecordSightingsRequest,
    RecordUnchangedRequest,
    Sighting,
)

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind
from kinds.listing import AnyListing, Listing
from kinds.pricing import BySize
from kinds.project import PROJECT, PROJECTS, sight_project
from kinds.project import ProjectMember as Member
from kinds.unreadable import JsonObject, UnreadableRow
from services.common.rpc.messages import message_of
from services.common.rpc.wire import timestamp

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = [
    "ProjectRows",
    "ResourceRows",
    "Rows",
    "member_message",
    "rows_of",
    "unreadable_message",
]


@dataclass(frozen=True, slots=True)
class ResourceRows:
    """The sink of a resource kind's rows."""

    provider: str
    kind: ResourceKind

    @property
    def listing(self) -> AnyListing:
        """The provider's listing."""
        return self.kind.listing

    @property
    def remedy(self) -> str:
        """The missing permission, in words."""
        if not self.kind.scope:
            return f"the token, or the Spaces key, lacks the right to list {self.kind.name}"
        return f"to list {self.kind.name}, give the token the scope {self.kind.scope}"

    def visible_scopes(self, row: JsonObject) -> frozenset[str]:
        """The visible scope-dependent fields of a row."""
        return frozenset(self.kind.visible_scopes(row)) if isinstance(row, dict) else frozenset()

    def message(self, row: JsonObject) -> Sighting:
        """Converts a row. Raises UnreadableRow."""
        sighted = self.kind.sight(row)
        return Sighting(
            provider_id=sighted.provider_id,
            name=sighted.name,
            region=sighted.region,
            size=sighted.size,
            status=sighted.status,
            tags=sighted.tags,
            attrs_json=sighted.attrs_json,
            provider_created_at=timestamp(sighted.provider_created_at),
            unknown_fields=sighted.unknown_fields,
        )

    def unpriced(self, messages: list[Sighting]) -> frozenset[str]:
        """The sizes of rows without a declared list price."""
        rule = self.kind.monthly_price
        if not isinstance(rule, BySize):
            return frozenset()
        sizes = {message.size.lower() for message in messages} - {""}
        return frozenset(sizes - rule.prices.keys())

    async def record(
        self, inventory: "SyncServiceAsyncStub", sweep_id: str, messages: list[Sighting]
    ) -> list[int]:
        """Sends rows and returns their digests; `sweep_id` is empty for single reads."""
        answer = await inventory.RecordSightings(
            RecordSightingsRequest(
                provider=self.provider,
                kind=self.kind.name,
                sweep_id=sweep_id,
                sightings=messages,
            )
        )
        return list(answer.digests)

    async def record_unchanged(
        self,
        inventory: "SyncServiceAsyncStub",
        sweep_id: str,
        provider_ids: list[str],
        digests: list[int],
    ) -> list[int]:
        """Marks rows as unchanged; returns the positions of those that are not."""
        answer = await inventory.RecordUnchanged(
            RecordUnchangedRequest(
                provider=self.provider,
                kind=self.kind.name,
                sweep_id=sweep_id,
                provider_ids=provider_ids,
                digests=digests,
            )
        )
        return list(answer.changed_positions)


@dataclass(frozen=True, slots=True)
class ProjectRows:
    """The sink of projects."""

    provider: str

    @property
    def listing(self) -> Listing:
        """The provider's listing."""
        return PROJECTS

    @property
    def remedy(self) -> str:
        """The missing permission, in words."""
        return "to list projects, give the token the scope project:read"

    def visible_scopes(self, row: JsonObject) -> frozenset[str]:
        """Empty: no field of a project depends on a scope."""
        return frozenset()

    def unpriced(self, messages: list[ProjectSighting]) -> frozenset[str]:
        """Empty: projects have no size."""
        return frozenset()

    def message(self, row: JsonObject) -> ProjectSighting:
        """Converts a row. Raises UnreadableRow."""
        return message_of(ProjectSighting, sight_project(row))

    async def record(
        self, inventory: "SyncServiceAsyncStub", sweep_id: str, messages: list[ProjectSighting]
    ) -> list[int]:
        """Sends rows, which have no digests; `sweep_id` is empty for single reads."""
        await inventory.RecordProjects(
            RecordProjectsRequest(provider=self.provider, sweep_id=sweep_id, projects=messages)
        )
        return []


Rows = ResourceRows | ProjectRows


def rows_of(provider: str, kind: str) -> Rows:
    """The sink of a kind. Raises KeyError for an undeclared kind."""
    if kind == PROJECT:
        return ProjectRows(provider)
    return ResourceRows(provider, RESOURCE_KINDS[kind])


def unreadable_message(error: UnreadableRow, place: str) -> UnreadableRowMessage:
    """The message of an unreadable row; `place` is its position in the listing.

    With an id, the position is derived from the content, so the same row on two pages is one row.
    """
    return UnreadableRowMessage(
        provider_id=error.provider_id,
        place=str(error) if error.provider_id else f"{place}: {error}",
        reason=str(error),
    )


def member_message(member: Member) -> ProjectMember:
    """The message of a project's member."""
    return ProjectMember(kind=member.kind, provider_id=member.provider_id)

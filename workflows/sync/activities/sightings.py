"""What the provider showed, in the inventory's wire format."""

from dataclasses import dataclass
from datetime import datetime
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
from google.protobuf.timestamp_pb2 import Timestamp

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind
from kinds.listing import AnyListing, Listing
from kinds.pricing import BySize
from kinds.project import (
    PROJECT,
    PROJECTS,
    SightedProject,
    sight_project,
)
from kinds.project import ProjectMember as Member
from kinds.unreadable import JsonObject, UnreadableRow

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
    """The rows of a resource kind on their way into the inventory."""

    provider: str
    kind: ResourceKind

    @property
    def listing(self) -> AnyListing:
        """Where the provider lists them."""
        return self.kind.listing

    @property
    def remedy(self) -> str:
        """What a token that may not list them needs, in words."""
        if not self.kind.scope:
            return f"the token, or the Spaces key, lacks the right to list {self.kind.name}"
        return f"to list {self.kind.name}, give the token the scope {self.kind.scope}"

    def visible_scopes(self, row: JsonObject) -> frozenset[str]:
        """The scope-dependent fields that a row has."""
        return frozenset(self.kind.visible_scopes(row)) if isinstance(row, dict) else frozenset()

    def message(self, row: JsonObject) -> Sighting:
        """A row as it is sent. Raises UnreadableRow."""
        sighted = self.kind.sight(row)
        return Sighting(
            provider_id=sighted.provider_id,
            name=sighted.name,
            region=sighted.region,
            size=sighted.size,
            status=sighted.status,
            tags=sighted.tags,
            attrs_json=sighted.attrs_json,
            provider_created_at=_timestamp(sighted.provider_created_at),
            unknown_fields=sighted.unknown_fields,
        )

    def unpriced(self, messages: list[Sighting]) -> frozenset[str]:
        """The sizes among rows for which the kind declares no list price."""
        rule = self.kind.monthly_price
        if not isinstance(rule, BySize):
            return frozenset()
        sizes = {message.size.lower() for message in messages} - {""}
        return frozenset(sizes - rule.prices.keys())

    async def record(
        self, inventory: "SyncServiceAsyncStub", sweep_id: str, messages: list[Sighting]
    ) -> list[int]:
        """Sends rows, and answers their digests; `sweep_id` is empty for single reads."""
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
        """Says that rows are as they were; answers the positions of those that are not."""
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
    """Projects on their way into the inventory."""

    provider: str

    @property
    def listing(self) -> Listing:
        """Where the provider lists them."""
        return PROJECTS

    @property
    def remedy(self) -> str:
        """What a token that may not list them needs, in words."""
        return "to list projects, give the token the scope project:read"

    def visible_scopes(self, row: JsonObject) -> frozenset[str]:
        """None: no field of a project depends on a scope."""
        return frozenset()

    def unpriced(self, messages: list[ProjectSighting]) -> frozenset[str]:
        """None: projects have no size."""
        return frozenset()

    def message(self, row: JsonObject) -> ProjectSighting:
        """A row as it is sent. Raises UnreadableRow."""
        return _project_message(sight_project(row))

    async def record(
        self, inventory: "SyncServiceAsyncStub", sweep_id: str, messages: list[ProjectSighting]
    ) -> list[int]:
        """Sends rows; they have no digests. `sweep_id` is empty for single reads."""
        await inventory.RecordProjects(
            RecordProjectsRequest(provider=self.provider, sweep_id=sweep_id, projects=messages)
        )
        return []


Rows = ResourceRows | ProjectRows


def rows_of(provider: str, kind: str) -> Rows:
    """How the rows of a kind travel. Raises KeyError for a kind that is not declared."""
    if kind == PROJECT:
        return ProjectRows(provider)
    return ResourceRows(provider, RESOURCE_KINDS[kind])


def unreadable_message(error: UnreadableRow, place: str) -> UnreadableRowMessage:
    """A row that could not be read, as it is sent; `place` is where it was listed.

    The place of one with an id is its words: the same row on two pages is one row.
    """
    return UnreadableRowMessage(
        provider_id=error.provider_id,
        place=str(error) if error.provider_id else f"{place}: {error}",
        reason=str(error),
    )


def member_message(member: Member) -> ProjectMember:
    """A project's member as it is sent."""
    return ProjectMember(kind=member.kind, provider_id=member.provider_id)


def _project_message(project: SightedProject) -> ProjectSighting:
    return ProjectSighting(
        provider_id=project.provider_id,
        name=project.name,
        description=project.description,
        purpose=project.purpose,
        environment=project.environment,
        is_default=project.is_default,
    )


def _timestamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    return Timestamp(seconds=int(instant.timestamp()), nanos=instant.microsecond * 1000)

"""Parsers of inventory requests; each error names the field."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import orjson
from arcadia.inventory.v1 import sync_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc import wire
from services.common.rpc.fields import required, uuid_of
from services.common.rpc.requests import current_request_id
from services.common.rpc.wire import EPOCH, text, word
from services.inventory.drift.rules.fields import FOUND_BY_NAME
from services.inventory.resources.rules.recording import Cause, SightingBatch, UnchangedBatch
from services.inventory.resources.rules.resources import Content, SightedResource, normal_tags
from services.inventory.sync.rules.projects import MemberKey, SightedProject, first_classification
from services.inventory.sync.rules.sweeps import UnreadablePlace
from services.inventory.vocabulary import KINDS, PROVIDERS, SWEPT_KINDS

__all__ = [
    "MAX_BATCH",
    "batch_of_uuids",
    "bounded",
    "current_cause",
    "digests_in_order",
    "instant",
    "json_object",
    "known_kind",
    "known_provider",
    "known_swept_kind",
    "member_keys",
    "required",
    "sighted_projects",
    "sighting_batch",
    "sweep_keys",
    "text",
    "unchanged_batch",
    "unreadable_rows",
    "uuid_of",
]

MAX_BATCH: Final = 5_000

LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""After every valid time, and valid in the database."""

DIGEST_VERSION: Final = b"sighting/2"
"""Part of every digest.

Increment it if a release parses sightings differently, so that the next sweep processes every row
again.
"""

NUL_ESCAPED: Final = "\\u0000"
NUL_IN_JSON: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""PostgreSQL stores no NUL character, neither in text nor in JSON."""

UNKNOWABLE: Final = frozenset({"name", "region", "size", "status", "tags", "provider_created_at"})


def current_cause(actor: str = "") -> Cause:
    """The actor and the request id for events."""
    return Cause(actor or current_caller().subject, current_request_id())


def instant(field: str, stamp: Timestamp) -> datetime:
    """A time that the database can store."""
    try:
        found = stamp.ToDatetime(UTC)
    except (OverflowError, ValueError):
        raise InvalidArgument(field, "is not an instant") from None
    return min(found, LATEST)


def known_provider(value: str) -> str:
    """A supported provider. Raises InvalidArgument."""
    return word("provider", value, PROVIDERS, "UNKNOWN_PROVIDER")


def known_kind(value: str, field: str = "kind") -> str:
    """A kind of resource. Raises InvalidArgument."""
    return word(field, value, KINDS, "UNKNOWN_KIND")


def known_swept_kind(value: str) -> str:
    """A kind of resource, or `project`. Raises InvalidArgument."""
    return word("kind", value, SWEPT_KINDS, "UNKNOWN_KIND")


def sighting_batch(request: sync_service_pb2.RecordSightingsRequest) -> SightingBatch:
    """The batch of a request without duplicates: the last sighting of an id wins.

    Only ids and digests are parsed here; a row's content is decoded, and validated, on demand.
    """
    _name_by_name(request)
    sightings = _distinct("sightings", request.sightings)
    digests = [_digest(sighting) for sighting in sightings]

    def sighted(position: int) -> SightedResource:
        return _sighted(position, sightings[position], digests[position])

    return SightingBatch(
        provider=known_provider(request.provider),
        kind=known_kind(request.kind),
        provider_ids=[sighting.provider_id for sighting in sightings],
        digests=digests,
        sighted=sighted,
    )


def _name_by_name(request: sync_service_pb2.RecordSightingsRequest) -> None:
    """Workers of an earlier release send another id for resources identified by name."""
    if request.kind in FOUND_BY_NAME:
        for sighting in request.sightings:
            sighting.provider_id = sighting.name or sighting.provider_id


def digests_in_order(
    request: sync_service_pb2.RecordSightingsRequest, batch: SightingBatch
) -> list[int]:
    """The digest of each sighting of a request, in order."""
    if len(request.sightings) == len(batch.digests):
        return batch.digests
    by_id = dict(zip(batch.provider_ids, batch.digests, strict=True))
    return [by_id[sighting.provider_id] for sighting in request.sightings]


def unchanged_batch(request: sync_service_pb2.RecordUnchangedRequest) -> UnchangedBatch:
    """The batch of a request."""
    bounded("provider_ids", len(request.provider_ids))
    if len(request.provider_ids) != len(request.digests):
        raise InvalidArgument("digests", "must be as many as provider_ids")
    if "" in request.provider_ids:
        raise InvalidArgument("provider_ids", "has an empty one", reason="FIELD_REQUIRED")
    if "\x00" in "".join(request.provider_ids):
        raise InvalidArgument("provider_ids", "has a NUL character")
    return UnchangedBatch(
        provider=known_provider(request.provider),
        kind=known_kind(request.kind),
        provider_ids=list(request.provider_ids),
        digests=list(request.digests),
    )


def sighted_projects(
    request: sync_service_pb2.RecordProjectsRequest, *, internal_project: str
) -> list[SightedProject]:
    """The projects of a request without duplicates: the last sighting of an id wins."""
    return [
        SightedProject(
            provider_id=project.provider_id,
            name=text(f"projects[{position}].name", project.name),
            description=text(f"projects[{position}].description", project.description),
            purpose=text(f"projects[{position}].purpose", project.purpose),
            environment=text(f"projects[{position}].environment", project.environment).lower(),
            is_default=project.is_default,
            classification=first_classification(project.name, internal_project),
        )
        for position, project in enumerate(_distinct("projects", request.projects))
    ]


def member_keys(request: sync_service_pb2.RecordProjectMembersRequest) -> list[MemberKey]:
    """The members of a project."""
    bounded("members", len(request.members))
    return [
        MemberKey(
            known_kind(member.kind, f"members[{position}].kind"),
            wire.required(f"members[{position}].provider_id", member.provider_id),
        )
        for position, member in enumerate(request.members)
    ]


def sweep_keys(request: sync_service_pb2.ClaimKindsRequest) -> list[str]:
    """The keys of the sweeps that a claim opens: none, or one per kind."""
    if len(request.sweep_keys) not in (0, len(request.kinds)):
        raise InvalidArgument("sweep_keys", "must be as many as kinds, or none")
    if len({*request.sweep_keys}) != len(request.sweep_keys):
        raise InvalidArgument("sweep_keys", "has one twice")
    return [wire.required("sweep_keys", key) for key in request.sweep_keys]


def unreadable_rows(
    request: sync_service_pb2.RecordUnreadableRowsRequest,
) -> list[UnreadablePlace]:
    """The rows of a request without duplicate positions."""
    bounded("rows", len(request.rows))
    return [
        UnreadablePlace(
            wire.required("rows.place", row.place),
            text("rows.provider_id", row.provider_id),
            wire.required("rows.reason", row.reason),
        )
        for row in {row.place: row for row in request.rows}.values()
    ]


def batch_of_uuids(field: str, values: Sequence[str]) -> list[UUID]:
    """A batch of resource ids without duplicates."""
    bounded(field, len(values))
    return list(dict.fromkeys(uuid_of(f"{field}[{i}]", value) for i, value in enumerate(values)))


def bounded(field: str, count: int) -> None:
    """Raises InvalidArgument for a batch that is too large."""
    if count > MAX_BATCH:
        raise InvalidArgument(
            field, f"has {count} entries, at most {MAX_BATCH}", reason="BATCH_TOO_LARGE"
        )


def _distinct(field: str, messages: Any) -> list[Any]:
    """The messages without duplicate provider ids; the last one wins."""
    bounded(field, len(messages))
    by_id = {message.provider_id: message for message in messages}
    if "" in by_id:
        position = next(i for i, message in enumerate(messages) if not message.provider_id)
        required(f"{field}[{position}].provider_id", "")
    if "\x00" in "".join(by_id):
        raise InvalidArgument(field, "has a provider_id with a NUL character")
    if max(map(len, by_id), default=0) > wire.MAX_TEXT_LENGTH:
        raise InvalidArgument(
            field, f"has a provider_id of more than {wire.MAX_TEXT_LENGTH:,} characters"
        )
    return list(by_id.values())


def _digest(sighting: sync_service_pb2.Sighting) -> int:
    # If the serialization ever changes with the library, the next sweep compares every row in
    # full and finds no changes.
    content = sighting.SerializeToString(deterministic=True)
    digest = blake2b(content, digest_size=8, person=DIGEST_VERSION).digest()
    return int.from_bytes(digest, "big", signed=True)


# In a sync where everything changed, every row is parsed here, so field names and other costly
# texts are built only for errors.
def _sighted(position: int, sighting: sync_service_pb2.Sighting, digest: int) -> SightedResource:
    tags = list(sighting.tags)
    content = Content(
        sighting.name,
        sighting.region,
        sighting.size,
        sighting.status,
        normal_tags(tags),
        _attrs(position, sighting.attrs_json),
        _instant(position, sighting),
    )
    texts = "".join((content.name, content.region, content.size, content.status, *tags))
    if "\x00" in texts or len(texts) > wire.MAX_TEXT_LENGTH:
        _check_texts(position, content, tags)
    unknown = _unknown(position, sighting.unknown_fields)
    return SightedResource(sighting.provider_id, content, unknown, digest)


def _check_texts(position: int, content: Content, tags: Sequence[str]) -> None:
    """Refuses a text that the database cannot keep, by the name of its field."""
    columns = {
        "name": content.name,
        "region": content.region,
        "size": content.size,
        "status": content.status,
    }
    for field, value in (columns | {"tags": "".join(tags)}).items():
        if "\x00" in value:
            raise InvalidArgument(f"sightings[{position}].{field}", "has a NUL character")
    field, longest = max(columns.items(), key=lambda column: len(column[1]))
    if len(longest) > wire.MAX_TEXT_LENGTH:
        raise InvalidArgument(
            f"sightings[{position}].{field}",
            f"must not be longer than {wire.MAX_TEXT_LENGTH} characters",
        )


def _attrs(position: int, content: str) -> dict[str, Any]:
    if not content:
        return {}
    field = "sightings[{}].attrs_json"
    if NUL_ESCAPED in content and NUL_IN_JSON.search(content):
        raise InvalidArgument(field.format(position), "has a NUL character")
    return json_object(field, content, position)


def json_object(field: str, content: str, *place: int) -> dict[str, Any]:
    """The object in a JSON text. `field` is formatted with `place` for errors only."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(
            field.format(*place), f"is not JSON: {error}", reason="MALFORMED_JSON"
        ) from None
    if not isinstance(found, dict):
        raise InvalidArgument(field.format(*place), "is not a JSON object", reason="MALFORMED_JSON")
    return found


def _instant(position: int, sighting: sync_service_pb2.Sighting) -> datetime | None:
    if not sighting.HasField("provider_created_at"):
        return None
    at: Timestamp = sighting.provider_created_at
    try:
        return EPOCH + timedelta(seconds=at.seconds, microseconds=at.nanos // 1000)
    except OverflowError:
        raise InvalidArgument(
            f"sightings[{position}].provider_created_at", "is not an instant"
        ) from None


def _unknown(position: int, names: Iterable[str]) -> frozenset[str]:
    fields = frozenset(names)
    for name in fields:
        if name not in UNKNOWABLE and not name.startswith("attrs."):
            raise InvalidArgument(
                f"sightings[{position}].unknown_fields",
                f"{name!r} is not a column or attrs.<key>",
                reason="UNKNOWN_FIELD",
            )
    return fields

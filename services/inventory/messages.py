"""From rows to protos. A page of a list is made here, so a row costs as little as it can."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from arcadia.inventory.v1 import inventory_service_pb2, resources_pb2
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Row

__all__ = [
    "assignment_message",
    "event_message",
    "project_message",
    "resource_message",
    "sweep_message",
    "timestamp",
]


def timestamp(instant: datetime | None) -> Timestamp | None:
    """The proto of an instant; None stays unset."""
    if instant is None:
        return None
    return Timestamp(seconds=int(instant.timestamp()), nanos=instant.microsecond * 1000)


def resource_message(
    row: Iterable[Any], make: Callable[..., resources_pb2.Resource] = resources_pb2.Resource
) -> resources_pb2.Resource:
    """The resource of a row in the order of `reading.BASIC`, or of `reading.FULL`.

    `make` may be the `add` of a list, which spares a copy.
    """
    (
        identifier,
        provider,
        kind,
        provider_id,
        name,
        region,
        size,
        status,
        project_id,
        tenant_id,
        deployment_id,
        tags,
        provider_created_at,
        first_seen_at,
        last_seen_at,
        strikes,
        deleted_at,
        *attrs,
    ) = row
    # The cheapest way there is: scalars in one call, nulls left unset, then the instants
    # in place, so that none is made first and copied after.
    resource = make(
        id=identifier,
        provider=provider,
        kind=kind,
        provider_id=provider_id,
        name=name,
        region=region,
        size=size,
        status=status,
        project_id=project_id,
        tenant_id=tenant_id,
        deployment_id=deployment_id,
        tags=tags,
        stale_strike_count=strikes,
    )
    _set(resource.first_seen_at, first_seen_at)
    _set(resource.last_seen_at, last_seen_at)
    if provider_created_at is not None:
        _set(resource.provider_created_at, provider_created_at)
    if deleted_at is not None:
        _set(resource.deleted_at, deleted_at)
    if attrs:
        resource.attrs.SetInParent()  # there, also when it is empty
        resource.attrs.update(attrs[0])
    return resource


def event_message(row: Iterable[Any], *, show_owners: bool) -> resources_pb2.ResourceEvent:
    """The event of a row in the order of `history.COLUMNS`.

    A tenant reads what it was given, not from whom: without `show_owners` an `assigned`
    event keeps its previous owner to itself.
    """
    identifier, resource_id, type_, changes, actor, request_id, occurred_at = row
    if type_ == "assigned" and not show_owners:
        changes = {field: {"new": change["new"]} for field, change in changes.items()}
    return resources_pb2.ResourceEvent(
        id=identifier,
        resource_id=resource_id,
        type=type_,
        changes=_struct(changes),
        actor=actor,
        request_id=request_id,
        occurred_at=timestamp(occurred_at),
    )


def project_message(row: Row[Any]) -> resources_pb2.Project:
    """The project of a row of `cloud_projects`."""
    return resources_pb2.Project(
        id=str(row.id),
        provider=row.provider,
        provider_id=row.provider_id,
        name=row.name,
        description=row.description,
        purpose=row.purpose,
        environment=row.environment,
        is_default=row.is_default,
        tenant_id=row.tenant_id,
        classification=row.classification,
        first_seen_at=timestamp(row.first_seen_at),
        last_seen_at=timestamp(row.last_seen_at),
        deleted_at=timestamp(row.deleted_at),
    )


def assignment_message(row: Row[Any]) -> inventory_service_pb2.Assignment:
    """The span of a row of `cloud_resource_assignments`."""
    return inventory_service_pb2.Assignment(
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        source=row.source,
        valid_from=timestamp(row.valid_from),
        valid_to=timestamp(row.valid_to),
        actor=row.actor,
        reason=row.reason,
    )


def sweep_message(row: Row[Any]) -> resources_pb2.Sweep:
    """The sweep of a row of `cloud_sweeps`."""
    return resources_pb2.Sweep(
        id=str(row.id),
        provider=row.provider,
        kind=row.kind,
        outcome=row.outcome,
        reason=row.reason,
        reported_total=-1 if row.reported_total is None else row.reported_total,
        seen_count=row.seen_count,
        discovered_count=row.discovered_count,
        updated_count=row.updated_count,
        restored_count=row.restored_count,
        struck_count=row.struck_count,
        deleted_count=row.deleted_count,
        withheld_count=row.withheld_count,
        scope_fingerprint=row.scope_fingerprint,
        run_id=row.run_id,
        started_at=timestamp(row.started_at),
        finished_at=timestamp(row.finished_at),
        confirmed_by=row.confirmed_by,
        confirmed_at=timestamp(row.confirmed_at),
        unreadable_count=row.unreadable_count,
        total_difference=row.total_difference or 0,
    )


def _set(stamp: Timestamp, instant: datetime) -> None:
    stamp.seconds = int(instant.timestamp())
    stamp.nanos = instant.microsecond * 1000


def _struct(content: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(content)
    return struct

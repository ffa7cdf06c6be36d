"""From lives to protos."""

from arcadia.inventory.v1 import lookup_service_pb2 as pb

from services.common.rpc.wire import timestamp
from services.common.values.money import plain
from services.inventory.lifetimes.rules.lifetimes import (
    ExistenceInterval,
    Lifetime,
    names,
    ownership,
)
from services.inventory.sync.rules.projects import Project

__all__ = ["interval_message", "lifetime_message", "owner_message"]


def lifetime_message(life: Lifetime) -> pb.Lifetime:
    """The lifetime of a resource."""
    return pb.Lifetime(
        resource_id=str(life.id),
        kind=life.kind,
        provider_id=life.provider_id,
        names=[
            pb.NameSpan(
                name=span.name, valid_from=timestamp(span.start), valid_to=timestamp(span.end)
            )
            for span in names(life)
        ],
        project_id=life.project_id,
        project_name=life.project_name,
        lived_from=timestamp(life.lived_from),
        lived_to=timestamp(life.lived_to),
        region=life.region,
        begin_unknown=life.begin_unknown,
        ownership=[
            pb.OwnershipSpan(
                tenant_id=span.owner.tenant_id,
                deployment_id=span.owner.deployment_id,
                valid_from=timestamp(span.start),
                valid_to=timestamp(span.end),
            )
            for span in ownership(life)
        ],
    )


def interval_message(interval: ExistenceInterval) -> pb.ExistenceInterval:
    """One interval of a resource's existence."""
    return pb.ExistenceInterval(
        resource_id=str(interval.resource_id),
        kind=interval.kind,
        name=interval.name,
        tenant_id=interval.owner.tenant_id,
        deployment_id=interval.owner.deployment_id,
        interval_from=timestamp(interval.start),
        interval_to=timestamp(interval.end),
        status=interval.status,
        size=interval.size,
        size_gb=None if interval.gigabytes is None else plain(interval.gigabytes),
        size_unknown_because=interval.unmeasured,
        fields=interval.fields,
    )


def owner_message(project: Project) -> pb.ProjectOwner:
    """A project and whose it is."""
    return pb.ProjectOwner(
        project_id=str(project.id),
        name=project.name,
        classification=project.classification,
        tenant_id=project.tenant_id,
        lived_from=timestamp(project.first_seen_at),
        lived_to=timestamp(project.last_seen_at if project.deleted_at else None),
        provider_id=project.provider_id,
    )

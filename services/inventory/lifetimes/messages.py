"""Renders lifetimes as messages."""

from arcadia.inventory.v1 import lookup_service_pb2 as pb

from services.common.rpc.messages import message_of
from services.common.rpc.wire import timestamp
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
    return message_of(
        pb.Lifetime,
        life,
        resource_id=life.id,
        names=[
            pb.NameSpan(
                name=span.name, valid_from=timestamp(span.start), valid_to=timestamp(span.end)
            )
            for span in names(life)
        ],
        ownership=[
            message_of(pb.OwnershipSpan, span.owner, valid_from=span.start, valid_to=span.end)
            for span in ownership(life)
        ],
    )


def interval_message(interval: ExistenceInterval) -> pb.ExistenceInterval:
    """An interval of a resource."""
    return message_of(
        pb.ExistenceInterval,
        interval,
        tenant_id=interval.owner.tenant_id,
        deployment_id=interval.owner.deployment_id,
        interval_from=interval.start,
        interval_to=interval.end,
        size_gb=interval.gigabytes,
        size_unknown_because=interval.unmeasured,
        fields=interval.fields,
    )


def owner_message(project: Project) -> pb.ProjectOwner:
    """A project with its owner."""
    return message_of(
        pb.ProjectOwner,
        project,
        project_id=project.id,
        lived_from=project.first_seen_at,
        lived_to=project.last_seen_at if project.deleted_at else None,
    )

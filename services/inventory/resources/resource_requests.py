"""Which resources a request asks for, in a list and in an export alike."""

from typing import Final

from arcadia.inventory.v1 import inventory_service_pb2 as pb

from services.common.errors import InvalidArgument
from services.inventory import requests
from services.inventory.resources.store.reading import ResourceFilter, Tombstones

__all__ = ["filters_of", "resource_filter"]

TOMBSTONES: Final = {
    "": Tombstones(living=True, gone=False),
    "false": Tombstones(living=True, gone=False),
    "true": Tombstones(living=False, gone=True),
    "any": Tombstones(living=True, gone=True),
}


def resource_filter(request: pb.ListResourcesRequest) -> ResourceFilter:
    """What a request filters by. Raises InvalidArgument with the name of the field."""
    if request.deleted not in TOMBSTONES:
        raise InvalidArgument("deleted", f"{request.deleted!r} is not one of false, true, any")
    return ResourceFilter(
        tombstones=TOMBSTONES[request.deleted],
        kind=requests.known_kind(request.kind) if request.kind else "",
        region=requests.text("region", request.region),
        status=requests.text("status", request.status),
        project_id=(
            requests.uuid_of("project_id", request.project_id) if request.project_id else None
        ),
        tenant_id=requests.text("tenant_id", request.tenant_id),
        deployment_id=requests.text("deployment_id", request.deployment_id),
        tag=requests.text("tag", request.tag).lower(),
        query=requests.text("query", request.query),
    )


def filters_of(request: pb.ListResourcesRequest) -> tuple[str, ...]:
    """What a page token is bound to: every filter; not the size nor the view."""
    return (
        "resources",
        request.kind,
        request.region,
        request.status,
        request.project_id,
        request.tenant_id,
        request.deployment_id,
        request.tag,
        request.query,
        request.deleted,
    )

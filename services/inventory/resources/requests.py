"""Parsers of owners in requests; each error names the field."""

from typing import Any, Final

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2
from grpc.aio import ServicerContext

from services.common.errors import InvalidArgument
from services.common.identity.claims import MAX_CLAIM
from services.inventory import requests
from services.inventory.requests import required, text
from services.inventory.resources.deployments import Deployments
from services.inventory.resources.rules.ownership import Ownership, OwnershipSource
from services.inventory.resources.store.reading import ResourceFilter, Tombstones
from services.inventory.vocabulary import Classification

__all__ = ["check_one_owner", "filters_of", "new_class", "owner_of", "resource_filter", "tenant_of"]

AssignmentRequest = pb.AssignResourceRequest | reconcile_service_pb2.AssignResourcesRequest


def check_one_owner(request: pb.AssignResourceRequest) -> None:
    """Raises InvalidArgument for a request with no owner, or with more than one."""
    named = bool(request.deployment_id or request.tenant_id)
    if request.by_rules and (named or request.nobody):
        raise InvalidArgument("by_rules", "must not be set together with an owner")
    if request.nobody and named:
        raise InvalidArgument("nobody", "must not be set together with an owner")
    if not (named or request.by_rules or request.nobody):
        raise InvalidArgument(
            "tenant_id",
            "is required, or deployment_id, nobody or by_rules",
            reason="FIELD_REQUIRED",
        )


async def owner_of(
    request: AssignmentRequest, deployments: Deployments, context: ServicerContext[Any, Any]
) -> Ownership:
    """The owner in a request; nobody if it names none.

    The catalog has the tenant of a deployment, so a different tenant is rejected.
    """
    tenant_id = tenant_of(request.tenant_id)
    deployment_id = text("deployment_id", request.deployment_id)
    if not deployment_id:
        return Ownership(tenant_id or None, None, OwnershipSource.EXPLICIT)
    tenant = await deployments.tenant_of(deployment_id, remaining=context.time_remaining())
    if tenant_id and tenant_id != tenant:
        raise InvalidArgument("tenant_id", "is not the tenant of the deployment")
    return Ownership(tenant, deployment_id, OwnershipSource.EXPLICIT)


def new_class(request: pb.ClassifyProjectRequest) -> tuple[Classification, str | None]:
    """The classification of a project; the tenant is None unless it is a tenant's project."""
    value = required("classification", request.classification)
    if value not in set(Classification):
        raise InvalidArgument(
            "classification", f"{value!r} is not one of {', '.join(Classification)}"
        )
    classification = Classification(value)
    if classification is Classification.TENANT:
        return classification, tenant_of(required("tenant_id", request.tenant_id))
    if request.tenant_id:
        raise InvalidArgument("tenant_id", f"must not be set for a project classified as {value}")
    return classification, None


def tenant_of(value: str) -> str:
    """A tenant id that a token can contain; nobody could see the rows of any other."""
    if len(value) > MAX_CLAIM or not value.isprintable() or value != value.strip():
        raise InvalidArgument(
            "tenant_id",
            f"is not at most {MAX_CLAIM} printable characters without blanks around them",
        )
    return value


TOMBSTONES: Final = {
    "": Tombstones(living=True, gone=False),
    "false": Tombstones(living=True, gone=False),
    "true": Tombstones(living=False, gone=True),
    "any": Tombstones(living=True, gone=True),
}


def resource_filter(request: pb.ListResourcesRequest) -> ResourceFilter:
    """The filter of a request. Raises InvalidArgument with the field."""
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
    """The filters that a page token is bound to; not the size or view."""
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

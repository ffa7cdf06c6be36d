"""To whom a request gives a resource or a project, refused with the name of the field."""

from dataclasses import dataclass
from typing import Any

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2
from grpc.aio import ServicerContext

from services.common.errors import InvalidArgument
from services.inventory.deployments import Deployments
from services.inventory.requests import required, text
from services.inventory.store.assigning import NewOwner
from services.inventory.vocabulary import Classification

__all__ = ["NewClass", "new_class", "owner_of"]

Named = pb.AssignResourceRequest | reconcile_service_pb2.AssignResourcesRequest


@dataclass(frozen=True, slots=True)
class NewClass:
    """How to class a project; the tenant is None unless it is a tenant's."""

    classification: Classification
    tenant_id: str | None


async def owner_of(
    request: Named, deployments: Deployments, context: ServicerContext[Any, Any]
) -> NewOwner:
    """The owner that a request names; nobody when it names none.

    The tenant of a deployment is the catalog's to say: another one beside it is refused.
    """
    tenant_id = text("tenant_id", request.tenant_id)
    deployment_id = text("deployment_id", request.deployment_id)
    if not deployment_id:
        return NewOwner(tenant_id or None, None)
    tenant = await deployments.tenant_of(deployment_id, remaining=context.time_remaining())
    if tenant_id and tenant_id != tenant:
        raise InvalidArgument("tenant_id", "is not the tenant of the deployment")
    return NewOwner(tenant, deployment_id)


def new_class(request: pb.ClassifyProjectRequest) -> NewClass:
    """How to class a project."""
    value = required("classification", request.classification)
    if value not in set(Classification):
        raise InvalidArgument(
            "classification", f"{value!r} is not one of {', '.join(Classification)}"
        )
    classification = Classification(value)
    if classification is Classification.TENANT:
        return NewClass(classification, text("tenant_id", required("tenant_id", request.tenant_id)))
    if request.tenant_id:
        raise InvalidArgument("tenant_id", f"is given for a project classed as {value}")
    return NewClass(classification, None)

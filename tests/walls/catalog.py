"""The catalog's things of a tenant, and how each RPC is asked for another's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from arcadia.catalog.v1 import deployment_service_pb2 as deployment_pb
from arcadia.catalog.v1 import deployment_service_pb2_grpc
from google.protobuf.message import Message

from services.common.settings import Service
from tests.walls.wall import INTRUDER, NOWHERE, VICTIM, Planting, Wall

__all__ = ["WALL"]


@dataclass(frozen=True)
class Ids:
    """Of a tenant and its things."""

    tenant: str
    deployment: str


async def plant(planting: Planting) -> Ids:
    """A deployment of each tenant, named after it."""
    stub = deployment_service_pb2_grpc.DeploymentServiceStub(planting.channel)
    made = {}
    for tenant in (INTRUDER, VICTIM):
        request = deployment_pb.CreateDeploymentRequest(slug=f"app-of-{tenant}")
        answer = await stub.CreateDeployment(request, metadata=planting.member(tenant))
        made[tenant] = answer.deployment.id
    return Ids(VICTIM, made[VICTIM])


ASKED: Mapping[str, Callable[[Any], Message]] = {
    "DeploymentService/ListDeployments": lambda ids: deployment_pb.ListDeploymentsRequest(
        tenant_id=ids.tenant
    ),
    "DeploymentService/GetDeployment": lambda ids: deployment_pb.GetDeploymentRequest(
        id=ids.deployment
    ),
    "DeploymentService/ListDeploymentEvents": lambda ids: deployment_pb.ListDeploymentEventsRequest(
        deployment_id=ids.deployment
    ),
    "DeploymentService/CreateDeployment": lambda ids: deployment_pb.CreateDeploymentRequest(
        tenant_id=ids.tenant, slug="another"
    ),
    "DeploymentService/UpdateDeployment": lambda ids: deployment_pb.UpdateDeploymentRequest(
        id=ids.deployment, llm_mode="hosted"
    ),
    "DeploymentService/TransitionDeployment": lambda ids: deployment_pb.TransitionDeploymentRequest(
        id=ids.deployment, to_state="cancelled"
    ),
}

WALL = Wall(
    Service.CATALOG,
    absent=Ids("nobody", NOWHERE),
    plant=plant,
    asked=ASKED,
    unanswered=frozenset(
        {
            "QuoteService/GetQuote",
            "QuoteService/VerifyQuote",
            "QuoteService/CompareQuotes",
            "SubscriptionService/Subscribe",
            "SubscriptionService/ListSubscriptions",
            "SubscriptionService/GetSubscription",
            "SubscriptionService/ChangePlan",
            "SubscriptionService/AttachAddon",
            "SubscriptionService/DetachAddon",
            "SubscriptionService/PauseSubscription",
            "SubscriptionService/ResumeSubscription",
            "SubscriptionService/CancelSubscription",
        }
    ),
)

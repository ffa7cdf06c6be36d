"""Looks deployments up in the catalog, which owns them."""

from collections.abc import Sequence
from typing import Final

from arcadia.catalog.v1 import lifecycle_service_pb2 as pb
from arcadia.catalog.v1 import lifecycle_service_pb2_grpc

from services.common.errors import NotFound
from services.common.rpc.clients import answering, connect
from services.common.settings import Service, Settings
from services.inventory.requests import MAX_BATCH
from services.inventory.resources.rules.ownership import DeploymentName, KnownDeployment

__all__ = ["Deployments"]

TIMEOUT_SECONDS: Final = 5.0


class Deployments:
    """A client for the catalog's deployments."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def tenant_of(self, deployment_id: str, *, remaining: float | None) -> str:
        """The tenant of a deployment; the call takes at most `remaining` seconds, if given.

        Raises NotFound for an unknown deployment, and Unavailable if the catalog does not answer,
        because an owner is never guessed.
        """
        request = pb.LookupDeploymentsRequest(keys=[pb.DeploymentKey(id=deployment_id)])
        answer = await self._ask(request, remaining, f"whose deployment {deployment_id!r} is")
        if not answer.matches or not answer.matches[0].HasField("deployment"):
            raise NotFound("deployment", deployment_id)
        return answer.matches[0].deployment.tenant_id

    async def named(
        self, names: Sequence[DeploymentName], *, remaining: float | None
    ) -> dict[DeploymentName, KnownDeployment]:
        """The deployments of these names, without unknown and ambiguous names.

        Raises Unavailable if the catalog does not answer.
        """
        found: dict[DeploymentName, KnownDeployment] = {}
        for start in range(0, len(names), MAX_BATCH):
            some = names[start : start + MAX_BATCH]
            keys = [pb.DeploymentKey(tenant_id=one.named_tenant_id, slug=one.slug) for one in some]
            request = pb.LookupDeploymentsRequest(keys=keys)
            answer = await self._ask(request, remaining, "which deployments tags mean")
            found |= {
                name: KnownDeployment(match.deployment.tenant_id, match.deployment.id)
                for name, match in zip(some, answer.matches, strict=True)
                if match.HasField("deployment")
            }
        return found

    async def _ask(
        self, request: pb.LookupDeploymentsRequest, remaining: float | None, question: str
    ) -> pb.LookupDeploymentsResponse:
        timeout = TIMEOUT_SECONDS if remaining is None else min(TIMEOUT_SECONDS, remaining)
        with answering(f"the catalog does not say {question}", "CATALOG_UNAVAILABLE"):
            async with connect(self._settings, Service.CATALOG, caller="inventory") as channel:
                catalog = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
                return await catalog.LookupDeployments(request, timeout=timeout)

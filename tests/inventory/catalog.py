"""A fake catalog with a few deployments, on a real server."""

from dataclasses import dataclass, field
from typing import Any

import grpc
from arcadia.catalog.v1 import deployments_pb2, lifecycle_service_pb2_grpc
from arcadia.catalog.v1 import lifecycle_service_pb2 as pb

__all__ = ["SmallCatalog"]


@dataclass
class SmallCatalog(lifecycle_service_pb2_grpc.LifecycleServiceServicer):
    """Answers whose a deployment is. Any other call is UNIMPLEMENTED."""

    port: int
    tenants: dict[str, str] = field(default_factory=dict)
    """By deployment."""
    slugs: dict[str, str] = field(default_factory=dict)
    """By deployment; a slug that two tenants have is ambiguous."""
    asked: list[str] = field(default_factory=list)
    callers: set[str] = field(default_factory=set)
    server: grpc.aio.Server | None = None

    async def LookupDeployments(
        self, request: pb.LookupDeploymentsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.LookupDeploymentsResponse:
        """Each deployment that is known."""
        metadata = dict(context.invocation_metadata() or ())
        self.callers.add(str(metadata["authorization"]).partition(" ")[0])
        self.asked += [key.id for key in request.keys]
        return pb.LookupDeploymentsResponse(matches=[self._match(key) for key in request.keys])

    def _match(self, key: pb.DeploymentKey) -> pb.DeploymentMatch:
        found = [
            identifier
            for identifier, tenant in self.tenants.items()
            if identifier == key.id
            or (key.slug == self.slugs.get(identifier) and key.tenant_id in ("", tenant))
        ]
        if len(found) != 1:
            return pb.DeploymentMatch(ambiguous=len(found) > 1)
        deployment = deployments_pb2.Deployment(
            id=found[0], tenant_id=self.tenants[found[0]], slug=self.slugs.get(found[0], "")
        )
        return pb.DeploymentMatch(deployment=deployment)

    async def serve(self, *, answers: bool = True) -> None:
        """Starts; without answers every call is UNIMPLEMENTED."""
        self.server = grpc.aio.server()
        if answers:
            lifecycle_service_pb2_grpc.add_LifecycleServiceServicer_to_server(self, self.server)
        self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.server.start()

    async def stop(self) -> None:
        """Stops, when it was started."""
        if self.server is not None:
            await self.server.stop(None)

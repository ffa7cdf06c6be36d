"""Under which slug a deployment was kept before the catalog knew it: asked of the catalog.

A tag names a deployment by its slug. What was found under the tag while no such deployment
was registered stands under that slug and the tenant; a filter by the id finds it too.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import grpc
from arcadia.catalog.v1 import lifecycle_service_pb2 as pb
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub

from services.common.errors import Unavailable
from services.common.rpc.clients import connect
from services.common.settings import Service, Settings

__all__ = ["DeploymentSlug", "DeploymentSlugs"]

WAIT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class DeploymentSlug:
    """A deployment by its tenant and its slug; a slug alone names one of each tenant's."""

    tenant_id: str
    slug: str


class DeploymentSlugs:
    """Asks the catalog for the slugs of deployments."""

    def __init__(self, settings: Settings, *, caller: str) -> None:
        self._settings = settings
        self._caller = caller

    async def of(self, deployment: str, *, remaining: float | None) -> DeploymentSlug | None:
        """The slug of a deployment by its id; None for what is no id, or not known.

        Asked within `remaining` seconds, when there is a limit. Raises Unavailable when the
        catalog does not answer: half of a deployment's rows would look like all of them.
        """
        if not _is_id(deployment):
            return None
        request = pb.LookupDeploymentsRequest(keys=[pb.DeploymentKey(id=deployment)])
        timeout = WAIT_SECONDS if remaining is None else min(WAIT_SECONDS, remaining)
        try:
            async with connect(self._settings, Service.CATALOG, caller=self._caller) as channel:
                answer = await LifecycleServiceStub(channel).LookupDeployments(
                    request, timeout=timeout
                )
        except grpc.aio.AioRpcError as error:
            raise Unavailable(
                f"the catalog does not say what the slug of deployment {deployment} is",
                reason="CATALOG_UNAVAILABLE",
                metadata={"code": error.code().name},
            ) from error
        if not answer.matches or not answer.matches[0].HasField("deployment"):
            return None
        found = answer.matches[0].deployment
        return DeploymentSlug(found.tenant_id, found.slug)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False

"""Looks up the slugs of deployments in the catalog.

Tags have the slug of a deployment. Rows from before the deployment was registered are stored under
that slug and the tenant; a filter by id must find them too.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import lifecycle_service_pb2 as pb
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub

from services.common.rpc.clients import answering, connect
from services.common.settings import Service, Settings

__all__ = ["DeploymentSlug", "DeploymentSlugs"]

WAIT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class DeploymentSlug:
    """A deployment by tenant and slug, because a slug is unique only within a tenant."""

    tenant_id: str
    slug: str


class DeploymentSlugs:
    """A client of the catalog for the slugs of deployments."""

    def __init__(self, settings: Settings, *, caller: str) -> None:
        self._settings = settings
        self._caller = caller

    async def of(self, deployment: str, *, remaining: float | None) -> DeploymentSlug | None:
        """The slug of a deployment by id; None for an invalid or unknown id.

        The call takes at most `remaining` seconds, if given. Raises Unavailable if the catalog does
        not answer, because the result would be incomplete without the slug.
        """
        if not _is_id(deployment):
            return None
        request = pb.LookupDeploymentsRequest(keys=[pb.DeploymentKey(id=deployment)])
        timeout = WAIT_SECONDS if remaining is None else min(WAIT_SECONDS, remaining)
        silence = f"the catalog does not say what the slug of deployment {deployment} is"
        with answering(silence, "CATALOG_UNAVAILABLE"):
            async with connect(self._settings, Service.CATALOG, caller=self._caller) as channel:
                catalog = LifecycleServiceStub(channel)
                answer = await catalog.LookupDeployments(request, timeout=timeout)
        if not answer.matches or not answer.matches[0].HasField("deployment"):
            return None
        found = answer.matches[0].deployment
        return DeploymentSlug(found.tenant_id, found.slug)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False

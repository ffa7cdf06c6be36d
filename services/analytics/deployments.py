"""Resolves deployments given by id or by slug to the catalog's ids.

The inventory has a deployment's id if a resource was assigned, and its slug if it was tagged. Usage
and costs are stored under the catalog's id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import lifecycle_service_pb2 as pb

from services.analytics.peers import asking
from services.analytics.usage.rules.figures import DeploymentRef, Owner
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub

__all__ = ["DeploymentRef", "Deployments", "Known", "Owner"]

KEYS_A_CALL: Final = 5_000
MAX_NAME: Final = 63
"""Maximum length of a slug; an id is shorter. Longer names are not looked up."""

MAX_KEPT: Final = 200_000
"""Size of the cache of found deployments; a deployment never changes its id or tenant."""


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment in the catalog."""

    tenant_id: str
    deployment_id: str
    name: str
    """Display name."""


class Deployments:
    """Looks deployments up in the catalog, with a cache."""

    def __init__(self, catalog: "LifecycleServiceAsyncStub") -> None:
        self._catalog = catalog
        self._known: dict[DeploymentRef, Owner] = {}

    async def find(
        self, wanted: Iterable[DeploymentRef], *, by_slug_alone: bool = False
    ) -> dict[DeploymentRef, Owner]:
        """The known deployments by key; unknown keys are omitted.

        A slug is unique only within its tenant, so a slug without a tenant is omitted.
        `by_slug_alone` is for an operator's filters: it accepts such a slug if exactly one tenant
        has it.
        """
        asked = {one for one in wanted if by_slug_alone or one.tenant_id or one.is_by_id}
        found = {one: self._known[one] for one in asked if one in self._known}
        unknown = [one for one in asked if one not in found and len(one.deployment) <= MAX_NAME]
        for start in range(0, len(unknown), KEYS_A_CALL):
            found |= await self._ask(unknown[start : start + KEYS_A_CALL])
        return found

    async def known(self, wanted: Iterable[DeploymentRef]) -> dict[DeploymentRef, Known]:
        """The known deployments with their current names; unknown keys are omitted."""
        asked = [one for one in set(wanted) if len(one.deployment) <= MAX_NAME]
        found: dict[DeploymentRef, Known] = {}
        for start in range(0, len(asked), KEYS_A_CALL):
            answer = await self._look_up(asked[start : start + KEYS_A_CALL])
            for named, one in answer.items():
                found[named] = Known(one.tenant_id, one.id, one.display_name or one.slug)
        return found

    async def _ask(self, unknown: list[DeploymentRef]) -> dict[DeploymentRef, Owner]:
        answer = await self._look_up(unknown)
        found = {named: Owner(one.tenant_id, one.id, one.slug) for named, one in answer.items()}
        if len(self._known) > MAX_KEPT:
            self._known.clear()
        # A slug without a tenant may become ambiguous later, so it is not cached.
        self._known |= {
            named: owner for named, owner in found.items() if named.tenant_id or named.is_by_id
        }
        return found

    async def _look_up(
        self, wanted: list[DeploymentRef]
    ) -> dict[DeploymentRef, deployments_pb2.Deployment]:
        """Looks up at most `KEYS_A_CALL` keys in one call."""
        request = pb.LookupDeploymentsRequest(keys=map(_key, wanted))
        with asking(Service.CATALOG):
            answer = await self._catalog.LookupDeployments(request)
        return {
            named: match.deployment
            for named, match in zip(wanted, answer.matches, strict=True)
            if match.HasField("deployment")
        }


def _key(named: DeploymentRef) -> pb.DeploymentKey:
    if named.is_by_id:
        return pb.DeploymentKey(id=named.deployment)
    return pb.DeploymentKey(tenant_id=named.tenant_id, slug=named.deployment)

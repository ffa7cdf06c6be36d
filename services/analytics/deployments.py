"""Which deployment is meant: the catalog's id of it, by id or by a tag's slug.

The inventory names a deployment as it was named to it: by its id when it was assigned, by
its slug when it was tagged. Usage and costs are kept under the catalog's id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import lifecycle_service_pb2 as pb

from services.analytics.peers import asking
from services.analytics.usage.rules.owners import Named, Owner
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub

__all__ = ["Deployments", "Known", "Named", "Owner"]

KEYS_A_CALL: Final = 5_000
MAX_NAME: Final = 63
"""Of a slug; an id is shorter. What is longer names nothing, and is not asked for."""

MAX_KEPT: Final = 200_000
"""Found deployments that are remembered: a deployment never changes its id or its tenant."""


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment as the catalog knows it now."""

    tenant_id: str
    deployment_id: str
    name: str
    """What people call it."""


class Deployments:
    """Asks the catalog, once for each deployment that it knows."""

    def __init__(self, catalog: "LifecycleServiceAsyncStub") -> None:
        self._catalog = catalog
        self._known: dict[Named, Owner] = {}

    async def find(
        self, wanted: Iterable[Named], *, by_slug_alone: bool = False
    ) -> dict[Named, Owner]:
        """Those that the catalog knows; the others are left out.

        A slug is any tenant's to choose: without its tenant it decides nothing, and is left out.
        `by_slug_alone` is for an operator's filters, which it may name where one tenant has it.
        """
        asked = {one for one in wanted if by_slug_alone or one.tenant_id or one.is_by_id}
        found = {one: self._known[one] for one in asked if one in self._known}
        unknown = [one for one in asked if one not in found and len(one.deployment) <= MAX_NAME]
        for start in range(0, len(unknown), KEYS_A_CALL):
            found |= await self._ask(unknown[start : start + KEYS_A_CALL])
        return found

    async def known(self, wanted: Iterable[Named]) -> dict[Named, Known]:
        """Those that the catalog knows, with their names of now; the others are left out."""
        asked = [one for one in set(wanted) if len(one.deployment) <= MAX_NAME]
        found: dict[Named, Known] = {}
        for start in range(0, len(asked), KEYS_A_CALL):
            answer = await self._look_up(asked[start : start + KEYS_A_CALL])
            for named, one in answer.items():
                found[named] = Known(one.tenant_id, one.id, one.display_name or one.slug)
        return found

    async def _ask(self, unknown: list[Named]) -> dict[Named, Owner]:
        answer = await self._look_up(unknown)
        found = {named: Owner(one.tenant_id, one.id, one.slug) for named, one in answer.items()}
        if len(self._known) > MAX_KEPT:
            self._known.clear()
        # A slug alone may come to mean two deployments tomorrow: it is asked for every time.
        self._known |= {
            named: owner for named, owner in found.items() if named.tenant_id or named.is_by_id
        }
        return found

    async def _look_up(self, wanted: list[Named]) -> dict[Named, deployments_pb2.Deployment]:
        """At most `KEYS_A_CALL` of them, asked in one call."""
        request = pb.LookupDeploymentsRequest(keys=map(_key, wanted))
        with asking(Service.CATALOG):
            answer = await self._catalog.LookupDeployments(request)
        return {
            named: match.deployment
            for named, match in zip(wanted, answer.matches, strict=True)
            if match.HasField("deployment")
        }


def _key(named: Named) -> pb.DeploymentKey:
    if named.is_by_id:
        return pb.DeploymentKey(id=named.deployment)
    return pb.DeploymentKey(tenant_id=named.tenant_id, slug=named.deployment)

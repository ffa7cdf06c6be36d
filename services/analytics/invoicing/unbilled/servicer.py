"""UnbilledUsageService: lists usage that no invoice bills."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from arcadia.analytics.v1 import unbilled_usage_service_pb2 as pb
from arcadia.analytics.v1 import unbilled_usage_service_pb2_grpc

from services.analytics.deployments import DeploymentRef, Deployments
from services.analytics.invoicing import requests
from services.analytics.invoicing.unbilled.find import UnbilledFinder
from services.analytics.invoicing.unbilled.rules import Unbilled
from services.analytics.margin.rules.summary import REPORTING_CURRENCY
from services.common.db.database import Database
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of
from services.common.rpc.paging import encode_token, page_request
from services.common.rpc.wire import Context
from services.common.values.periods import read_month

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["UnbilledUsageServicer"]


MAX_ROUNDS: Final = 4
"""Maximum batches of tenants read for one page; the page may then be incomplete."""


class UnbilledUsageServicer(unbilled_usage_service_pb2_grpc.UnbilledUsageServiceServicer):
    """Lists unbilled usage, with billed days and deployment names from the catalog."""

    def __init__(
        self,
        database: Database,
        catalog: "PricingServiceAsyncStub",
        deployments: Deployments,
    ) -> None:
        self._finder = UnbilledFinder(database, catalog)
        self._deployments = deployments

    async def ListUnbilledUsage(
        self, request: pb.ListUnbilledUsageRequest, context: Context
    ) -> pb.ListUnbilledUsageResponse:
        """Lists the unbilled usage of a month, by tenant, deployment, kind, day and dimensions."""
        scope = current_caller().scope
        period = read_month(request.period, "period")
        tenant_id = requests.text("tenant_id", request.tenant_id)
        deployment_id = requests.text("deployment_id", request.deployment_id)
        filters = ("unbilled", period.code, tenant_id, deployment_id)
        asked = page_request(request, filters, str, str, str, int, str)
        after, size = asked.after, asked.size
        found: list[Unbilled] = []
        if not scope.everything and tenant_id not in ("", scope.tenant_id):
            return pb.ListUnbilledUsageResponse()
        tenant_id = tenant_id or scope.tenant_id or ""
        names = await self._names(tenant_id, deployment_id) if deployment_id else ()
        since, last = after[0] if after else "", ""
        for _ in range(MAX_ROUNDS):
            some, last = await self._finder.some(
                scope, period, since=since, tenant_id=tenant_id, deployments=names
            )
            found += [one for one in some if after is None or one.place > after]
            if len(found) > size or not last:
                break
            # The next page begins after the last tenant, which was read completely.
            since = f"{last}\x01"
        page = found[:size]
        token = ""
        if len(found) > size:
            token = encode_token(filters, page[-1].place)
        elif last:
            token = encode_token(filters, (f"{last}\x01", "", "", 0, ""))
        return pb.ListUnbilledUsageResponse(
            unbilled_usage=map(_message, await self._finder.valued(page)), next_page_token=token
        )

    async def _names(self, tenant_id: str, deployment: str) -> Sequence[str]:
        """The id and the slug of a deployment given by either of them.

        Usage metered before the catalog knew the deployment is stored under its slug until it is
        adopted. A name that the catalog does not know is returned unchanged.
        """
        named = DeploymentRef(tenant_id, deployment)
        owner = (await self._deployments.find([named], by_slug_alone=True)).get(named)
        return [deployment] if owner is None else [owner.deployment_id, owner.slug]


def _message(one: Unbilled) -> pb.UnbilledUsage:
    return message_of(pb.UnbilledUsage, one, value_cents=one.cents, currency=REPORTING_CURRENCY)

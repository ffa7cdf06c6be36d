"""April of a small reseller: the lines of the provider's bill, and the owners of droplets."""

from typing import Any
from uuid import UUID, uuid4

from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.billing.v1 import costs_pb2

from services.common.rpc.wire import timestamp
from services.common.values.periods import Period
from tests.analytics.account import Analytics
from tests.analytics.peers import SHOP, Span
from tests.analytics.revenue import Billed, invoice

APRIL = Period.month(2026, 4)
PERIOD = "2026-04-01"


def line(amount: str, resource: int = 0, **more: Any) -> costs_pb2.CostLine:
    """A line of April's bill, for the whole month unless it says otherwise."""
    told: dict[str, Any] = {
        "id": str(uuid4()), "period": PERIOD, "kind": "droplet", "classification": "resource",
        "match_state": "matched" if resource else "unmatched", "description": f"web-{resource}",
        "resource_id": str(UUID(int=resource)) if resource else "", "hours": "720",
        "start_at": timestamp(APRIL.start_at), "end_at": timestamp(APRIL.end_at),
    }  # fmt: skip  # a table
    return costs_pb2.CostLine(**{**told, **more}, amount_usd=amount)


def spans(*owners: tuple[str, str]) -> list[Span]:
    """A droplet for all of April for each owner; numbered from 1."""
    return [
        Span(number, APRIL.start_at, APRIL.end_at, tenant_id=tenant, deployment=deployment)
        for number, (tenant, deployment) in enumerate(owners, 1)
    ]


def shares(answer: Any) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (one.attribution, one.tenant_id): (one.revenue_cents, one.cogs_cents)
        for one in answer.by_tenant
    }


STUDIO = (
    Billed(5000, deployment_id=SHOP.id),
    Billed(2112, "overage", "droplet_hours", SHOP.id),
)
"""Studio with five droplets through all of April."""


async def unsettled(analytics: Analytics) -> list[str]:
    request = attribution_pb.GetUnsettledMonthsRequest(before="2026-05-01")
    answer = await analytics.attribution.GetUnsettledMonths(request, metadata=analytics.worker)
    return list(answer.periods)


async def computed(analytics: Analytics, period: str) -> None:
    """A month's margin with an invoice and a bill, final."""
    number = int(period[5:7])
    await invoice(analytics.database, period, "acme", Billed(5000), number=number)
    analytics.peers.cost_lines = [line("10.00", period=period)]
    await analytics.attribute(period)
    answer = await analytics.margin(period)
    assert (answer.revenue_state, answer.cogs_state) == ("final", "final")

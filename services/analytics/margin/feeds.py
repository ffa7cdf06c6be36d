"""The inputs of the margin: the inventory's spans, the costs of billing, and quotes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from arcadia.billing.v1 import cost_feed_service_pb2, costs_pb2
from arcadia.catalog.v1 import pricing_service_pb2, quotes_pb2
from arcadia.inventory.v1 import lookup_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from contracts.providers import DIGITALOCEAN
from services.analytics.catalog_client import QuoteOutcome
from services.analytics.deployments import DeploymentRef, Deployments
from services.analytics.margin.rules.attribution import Cost, KnownLifetime
from services.analytics.margin.rules.summary import Accrual, AccrualFailure
from services.analytics.peers import Peers, asking
from services.analytics.usage import requests
from services.analytics.usage.rules.metering import Interval, day_of
from services.common.rpc.wire import instant_of
from services.common.settings import Service
from services.common.values.periods import Period

__all__ = [
    "CostPage",
    "SpanPage",
    "accrual_of",
    "accruals_of",
    "daily_costs",
    "failures_of",
    "lifetimes",
    "lines_versions",
    "period_costs",
    "spans",
]

MATCHED: Final = "matched"
KEYS_A_CALL: Final = 2_000


@dataclass(frozen=True, slots=True)
class SpanPage:
    """A page of ownership spans."""

    spans: Sequence[Interval]
    next_token: str


@dataclass(frozen=True, slots=True)
class CostPage:
    """A page of costs."""

    costs: Sequence[Cost]
    next_token: str
    complete: bool
    """Whether the source is complete."""
    source_version: str = ""
    """Changes when the costs change."""


async def spans(
    peers: Peers,
    deployments: Deployments,
    span: tuple[Timestamp | None, Timestamp | None],
    *,
    size: int,
    token: str,
) -> SpanPage:
    """The ownership spans of all resources within a period."""
    request = lookup_service_pb2.ListExistenceIntervalsRequest(
        page_size=size, page_token=token, span_from=span[0], span_to=span[1]
    )
    with asking(Service.INVENTORY):
        answer = await peers.inventory_lookup.ListExistenceIntervals(request)
    named = {requests.names_of(one) for one in answer.intervals if one.deployment_id}
    owners = await deployments.find(named)
    found = [requests.interval(one, owners) for one in answer.intervals]
    return SpanPage(found, answer.next_page_token)


async def period_costs(
    peers: Peers, deployments: Deployments, period: Period, *, size: int, token: str
) -> CostPage:
    """The lines of a month's bill."""
    request = cost_feed_service_pb2.ListPeriodCostsRequest(
        page_size=size, page_token=token, period=period.start.isoformat()
    )
    with asking(Service.BILLING):
        answer = await peers.billing_costs.ListPeriodCosts(request)
    costs = [_line(line) for line in answer.cost_lines]
    return CostPage(
        await _known(deployments, costs),
        answer.next_page_token,
        answer.complete,
        answer.lines_version,
    )


async def lifetimes(peers: Peers, resource_ids: Collection[UUID]) -> list[KnownLifetime]:
    """The lifetimes of resources; unknown resources are omitted."""
    wanted = sorted(resource_ids)
    found: list[KnownLifetime] = []
    for first in range(0, len(wanted), KEYS_A_CALL):
        keys = [
            lookup_service_pb2.ResourceKey(resource_id=str(one))
            for one in wanted[first : first + KEYS_A_CALL]
        ]
        request = lookup_service_pb2.LookupResourcesRequest(provider=DIGITALOCEAN, keys=keys)
        with asking(Service.INVENTORY):
            answer = await peers.inventory_lookup.LookupResources(request)
        for life in (life for result in answer.results for life in result.lifetimes):
            ended = instant_of(life.lived_to) if life.HasField("lived_to") else None
            began = instant_of(life.lived_from)
            found.append(KnownLifetime(UUID(life.resource_id), began, ended, life.begin_unknown))
    return found


async def lines_versions(peers: Peers, months: Sequence[date]) -> list[str]:
    """The current versions of the bills of these months, as in `CostPage.source_version`."""
    request = cost_feed_service_pb2.GetLinesVersionsRequest(
        periods=[month.isoformat() for month in months]
    )
    with asking(Service.BILLING):
        return list((await peers.billing_costs.GetLinesVersions(request)).lines_versions)


async def daily_costs(
    peers: Peers, deployments: Deployments, days: Period, *, size: int, token: str
) -> CostPage:
    """The daily costs of a range of days."""
    request = cost_feed_service_pb2.ListSpanCostsRequest(
        page_size=size,
        page_token=token,
        from_day=days.start.isoformat(),
        to_day=days.end.isoformat(),
    )
    with asking(Service.BILLING):
        answer = await peers.billing_costs.ListSpanCosts(request)
    costs = [_daily(cost) for cost in answer.daily_costs]
    complete = not answer.unknown_days
    return CostPage(await _known(deployments, costs), answer.next_page_token, complete)


def _line(line: costs_pb2.CostLine) -> Cost:
    return _cost(
        line,
        cost_id=UUID(line.id),
        day=None,
        hours=Decimal(line.hours) if line.HasField("hours") else None,
        start=instant_of(line.start_at) if line.HasField("start_at") else None,
        end=instant_of(line.end_at) if line.HasField("end_at") else None,
        cost_key=f"{line.provider_invoice_id}/{line.row_number}",
    )


def _daily(cost: costs_pb2.DailyCost) -> Cost:
    day = day_of(date.fromisoformat(cost.day))
    return _cost(cost, cost_id=None, day=day.start, hours=None, start=day.start_at, end=day.end_at)


def _cost(cost: costs_pb2.CostLine | costs_pb2.DailyCost, **given: Any) -> Cost:
    return Cost(
        kind=cost.kind,
        classification=cost.classification,
        description=cost.description,
        resource_id=UUID(cost.resource_id) if cost.resource_id else None,
        is_matched=cost.match_state == MATCHED,
        tenant_id=cost.tenant_id,
        deployment_id=cost.deployment_id,
        amount_usd=Decimal(cost.amount_usd),
        **given,
    )


async def _known(deployments: Deployments, costs: list[Cost]) -> list[Cost]:
    """The costs, with deployments resolved to the catalog's ids if known."""
    named = {
        DeploymentRef(cost.tenant_id, cost.deployment_id) for cost in costs if cost.deployment_id
    }
    owners = await deployments.find(named)
    return [
        replace(cost, tenant_id=owner.tenant_id, deployment_id=owner.deployment_id)
        if (owner := owners.get(DeploymentRef(cost.tenant_id, cost.deployment_id)))
        else cost
        for cost in costs
    ]


def accruals_of(
    subscriptions: Iterable[pricing_service_pb2.BillableSubscription],
    outcomes: Iterable[QuoteOutcome],
) -> list[Accrual]:
    """The accruals of the priced subscriptions; both lists have the same order."""
    return [
        accrual_of(one, outcome.quote)
        for one, outcome in zip(subscriptions, outcomes, strict=True)
        if outcome.quote is not None
    ]


def failures_of(
    subscriptions: Iterable[pricing_service_pb2.BillableSubscription],
    outcomes: Iterable[QuoteOutcome],
) -> list[AccrualFailure]:
    """The subscriptions that could not be priced; both lists have the same order."""
    return [
        AccrualFailure(
            one.subscription.id,
            one.subscription.deployment_id,
            one.subscription.tenant_id,
            outcome.reason,
            outcome.message,
        )
        for one, outcome in zip(subscriptions, outcomes, strict=True)
        if outcome.quote is None
    ]


def accrual_of(
    billable: pricing_service_pb2.BillableSubscription, quote: quotes_pb2.Quote
) -> Accrual:
    """The invoice so far: recurring charges prorated, overage, ad hoc and rebilled usage."""
    kinds: dict[str, int] = {}
    for line in (*quote.first_invoice, *quote.overage, *quote.ad_hoc, *quote.rebilled):
        kind = line.resource_kind or line.kind
        kinds[kind] = kinds.get(kind, 0) + line.amount_cents
    return Accrual(
        subscription_id=billable.subscription.id,
        deployment_id=billable.subscription.deployment_id,
        tenant_id=billable.subscription.tenant_id,
        recurring_cents=quote.first_invoice_cents,
        overage_cents=quote.overage_cents,
        ad_hoc_cents=quote.ad_hoc_cents,
        rebilled_cents=quote.rebilled_cents,
        kind_cents=kinds,
        currency=quote.currency,
        inputs_json=quote.proof.inputs_json,
        inputs_hash=quote.proof.inputs_hash,
        engine_version=quote.proof.engine_version,
        result_hash=quote.proof.result_hash,
    )

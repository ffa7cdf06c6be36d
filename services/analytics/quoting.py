"""What subscriptions come to, asked of the quote engine: the one path of accrual and roll-up.

Both name the subscriptions of a period, the usage that was metered for them and the facts
behind it in the same way, so that an accrual at a period's end is the invoice of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import quotes_pb2

from services.analytics.peers import asking
from services.analytics.usage.store.periods import PeriodUsage, UsageSpan
from services.common.money import plain
from services.common.periods import Period
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["OfSpans", "Outcome", "QuoteItem", "Subscriptions", "billable", "billable_of",
           "items_of", "quote", "usage_spans"]  # fmt: skip

Subscriptions = Sequence[pb.BillableSubscription]
OfSpans = Mapping[str, Sequence[PeriodUsage]]
"""What was used in the days that each subscription bears, by its id: see `usage_spans`."""

QUOTES_A_CALL: Final = 10_000
"""As many as the catalog takes at once."""

MOST_TENANTS: Final = 1_000
"""As many as it lists at once."""


@dataclass(frozen=True, slots=True)
class QuoteItem:
    """A subscription and what its deployment used in the period."""

    subscription_id: str
    usage: Sequence[PeriodUsage]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a subscription came to, or why it could not be priced: one of both."""

    subscription_id: str
    quote: quotes_pb2.Quote | None
    reason: str = ""
    message: str = ""


async def billable(
    catalog: "PricingServiceAsyncStub",
    period: Period,
    *,
    page_size: int,
    page_token: str,
    tenant_ids: Sequence[str] = (),
) -> pb.ListBillableSubscriptionsResponse:
    """A page of tenants with the subscriptions that were billable on any day of the period."""
    request = pb.ListBillableSubscriptionsRequest(
        page_size=page_size,
        page_token=page_token,
        period_start=period.start.isoformat(),
        period_end=period.end.isoformat(),
        tenant_ids=tenant_ids,
    )
    with asking(Service.CATALOG):
        return await catalog.ListBillableSubscriptions(request)


async def billable_of(
    catalog: "PricingServiceAsyncStub", period: Period, tenant_ids: Sequence[str]
) -> Subscriptions:
    """All subscriptions of some tenants that were billable on any day of the period."""
    found: list[pb.BillableSubscription] = []
    token = ""
    while tenant_ids:
        answer = await billable(
            catalog, period, page_size=MOST_TENANTS, page_token=token, tenant_ids=tenant_ids
        )
        found.extend(answer.billable_subscriptions)
        token = answer.next_page_token
        if not token:
            break
    return found


def usage_spans(subscriptions: Subscriptions, period: Period) -> list[UsageSpan]:
    """Who bears which days' usage of deployments that were subscribed more than once in a period.

    Each subscription the days until the next one begins, the first one also those before it: no
    day is priced twice, and none is lost. `subscriptions` are by deployment, oldest first.
    """
    of_deployment: dict[str, list[pb.BillableSubscription]] = {}
    for one in subscriptions:
        of_deployment.setdefault(one.subscription.deployment_id, []).append(one)
    spans = []
    for several in of_deployment.values():
        if len(several) == 1:
            continue
        begun = [date.fromisoformat(one.subscription.starts_on) for one in several[1:]]
        for one, days in zip(several, pairwise([period.start, *begun, period.end]), strict=True):
            spans.append(
                UsageSpan(
                    one.subscription.id,
                    one.subscription.tenant_id,
                    one.subscription.deployment_id,
                    Period(*days),
                )
            )
    return spans


def items_of(
    subscriptions: Subscriptions,
    usage: Sequence[PeriodUsage],
    of_spans: OfSpans,
) -> list[QuoteItem]:
    """The subscriptions, each with the usage of its deployment, or of the days that it bears."""
    by_deployment: dict[tuple[str, str], list[PeriodUsage]] = {}
    for used in usage:
        by_deployment.setdefault((used.tenant_id, used.deployment_id), []).append(used)
    return [
        QuoteItem(
            one.subscription.id,
            of_spans[one.subscription.id]
            if one.subscription.id in of_spans
            else by_deployment.get(
                (one.subscription.tenant_id, one.subscription.deployment_id), ()
            ),
        )
        for one in subscriptions
    ]


async def quote(
    catalog: "PricingServiceAsyncStub", period: Period, items: Sequence[QuoteItem]
) -> list[Outcome]:
    """What each item comes to, in the order of the items."""
    outcomes: list[Outcome] = []
    for start in range(0, len(items), QUOTES_A_CALL):
        request = pb.BatchQuoteRequest(
            period_start=period.start.isoformat(),
            period_end=period.end.isoformat(),
            items=map(_item, items[start : start + QUOTES_A_CALL]),
        )
        with asking(Service.CATALOG):
            async for answer in catalog.BatchQuote(request):
                outcomes.extend(map(_outcome, answer.results))
    return outcomes


def _item(item: QuoteItem) -> pb.BatchQuoteItem:
    return pb.BatchQuoteItem(
        subscription_id=item.subscription_id,
        quantities=(
            pb.UsageQuantity(
                resource_kind=used.resource_kind, qty=plain(used.qty), facts_hash=used.facts_hash
            )
            for used in item.usage
        ),
    )


def _outcome(result: pb.BatchQuoteResult) -> Outcome:
    if result.WhichOneof("outcome") == "quote":
        return Outcome(result.subscription_id, result.quote)
    return Outcome(result.subscription_id, None, result.failure.reason, result.failure.message)

"""What subscriptions come to, asked of the quote engine: the one path of accrual and roll-up.

Both name the subscriptions of a period, the usage that was metered for them and the facts
behind it in the same way, so that an accrual at a period's end is the invoice of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import quotes_pb2

from services.analytics.peers import asking
from services.analytics.usage.store.periods import PeriodUsage
from services.common.money import plain
from services.common.periods import Period
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["Outcome", "QuoteItem", "billable", "items_of", "quote"]

QUOTES_A_CALL: Final = 10_000
"""As many as the catalog takes at once."""


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


def items_of(
    subscriptions: Sequence[pb.BillableSubscription], usage: Sequence[PeriodUsage]
) -> list[QuoteItem]:
    """The subscriptions, each with the usage of its deployment."""
    by_deployment: dict[tuple[str, str], list[PeriodUsage]] = {}
    for used in usage:
        by_deployment.setdefault((used.tenant_id, used.deployment_id), []).append(used)
    return [
        QuoteItem(
            one.subscription.id,
            by_deployment.get((one.subscription.tenant_id, one.subscription.deployment_id), ()),
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
        usage=(
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

"""What subscriptions come to, asked of the quote engine: the one path of accrual and roll-up.

Both name the subscriptions of a period, the usage that was metered for them and the facts
behind it in the same way, so that an accrual at a period's end is the invoice of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import quotes_pb2

from services.analytics.peers import asking
from services.analytics.usage.rules.series import UsageSeries
from services.common.settings import Service
from services.common.values.money import plain
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = [
    "QuoteItem",
    "QuoteOutcome",
    "Subscriptions",
    "billable",
    "billable_of",
    "billable_tenants",
    "items_of",
    "quote",
    "usage_message",
]

Subscriptions = Sequence[pb.BillableSubscription]

QUOTES_A_CALL: Final = 10_000
"""As many as the catalog takes at once."""

MAX_TENANTS: Final = 1_000
"""As many as it lists at once."""

OUT_OF_RANGE: Final = "OUT_OF_RANGE"

_ITEM: Final = re.compile(r"\bitems\[([0-9]{1,6})\]")


@dataclass(frozen=True, slots=True)
class QuoteItem:
    """A subscription and what its deployment used in the period, on whatever day."""

    subscription_id: str
    usage: Sequence[UsageSeries]
    engine_version: str = ""
    """By which it is priced; the current one when empty."""


@dataclass(frozen=True, slots=True)
class QuoteOutcome:
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
    include_trials: bool = False,
) -> pb.ListBillableSubscriptionsResponse:
    """A page of tenants with the subscriptions that were billable on any day of the period."""
    request = pb.ListBillableSubscriptionsRequest(
        page_size=page_size,
        page_token=page_token,
        period_start=period.start.isoformat(),
        period_end=period.end.isoformat(),
        tenant_ids=tenant_ids,
        include_trials=include_trials,
    )
    with asking(Service.CATALOG):
        return await catalog.ListBillableSubscriptions(request)


async def billable_tenants(
    catalog: "PricingServiceAsyncStub", period: Period, *, page_size: int, page_token: str
) -> tuple[list[str], str]:
    """A page of the tenants that a subscription bills on any day of the period; the next token."""
    request = pb.ListBillableSubscriptionsRequest(
        page_size=page_size,
        page_token=page_token,
        period_start=period.start.isoformat(),
        period_end=period.end.isoformat(),
        tenants_only=True,
    )
    with asking(Service.CATALOG):
        answer = await catalog.ListBillableSubscriptions(request)
    # A release of the catalog that does not know what is asked for lists the subscriptions.
    listed = (one.subscription.tenant_id for one in answer.billable_subscriptions)
    return list(dict.fromkeys((*answer.tenant_ids, *listed))), answer.next_page_token


async def billable_of(
    catalog: "PricingServiceAsyncStub",
    period: Period,
    tenant_ids: Sequence[str],
    *,
    include_trials: bool = False,
) -> Subscriptions:
    """All subscriptions of some tenants that were billable on any day of the period."""
    found: list[pb.BillableSubscription] = []
    token = ""
    while tenant_ids:
        answer = await billable(
            catalog,
            period,
            page_size=MAX_TENANTS,
            page_token=token,
            tenant_ids=tenant_ids,
            include_trials=include_trials,
        )
        found.extend(answer.billable_subscriptions)
        token = answer.next_page_token
        if not token:
            break
    return found


def items_of(subscriptions: Subscriptions, usage: Sequence[UsageSeries]) -> list[QuoteItem]:
    """The subscriptions, each with the usage of its deployment.

    A deployment that was subscribed more than once gives all of it to each: the engine takes
    the days that a subscription bills.
    """
    by_deployment: dict[tuple[str, str], list[UsageSeries]] = {}
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
) -> list[QuoteOutcome]:
    """The quote or the failure of each item, in the order of the items.

    An item that the catalog does not take at all fails alone: the others are priced.
    """
    outcomes: list[QuoteOutcome] = []
    for start in range(0, len(items), QUOTES_A_CALL):
        outcomes += await _batch(catalog, period, items[start : start + QUOTES_A_CALL])
    return outcomes


async def _batch(
    catalog: "PricingServiceAsyncStub", period: Period, items: Sequence[QuoteItem]
) -> list[QuoteOutcome]:
    request = pb.BatchQuoteRequest(
        period_start=period.start.isoformat(),
        period_end=period.end.isoformat(),
        items=map(_item, items),
    )
    outcomes: list[QuoteOutcome] = []
    with asking(Service.CATALOG):
        try:
            async for answer in catalog.BatchQuote(request):
                outcomes.extend(map(_outcome, answer.results))
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.INVALID_ARGUMENT or not items:
                raise
            refusal = error.details() or ""
        else:
            return outcomes
    if len(items) == 1:
        return [QuoteOutcome(items[0].subscription_id, None, OUT_OF_RANGE, refusal)]
    # The refusal names the item; where it does not, the halves tell which one it is.
    named = _ITEM.search(refusal)
    place = int(named[1]) if named else len(items)
    cut = [0, place, place + 1] if place < len(items) else [0, len(items) // 2]
    parted: list[QuoteOutcome] = []
    for first, last in zip(cut, [*cut[1:], len(items)], strict=True):
        if first < last:
            parted += await _batch(catalog, period, items[first:last])
    return parted


def usage_message(used: UsageSeries) -> pb.UsageSeries:
    """Usage as the catalog takes it."""
    return pb.UsageSeries(
        resource_kind=used.resource_kind,
        runs=(
            pb.UsageRun(first_day=run.first_day.isoformat(), days=run.days, qty=plain(run.qty))
            for run in used.runs
        ),
        facts_hash=used.facts_hash,
    )


def _item(item: QuoteItem) -> pb.BatchQuoteItem:
    return pb.BatchQuoteItem(
        subscription_id=item.subscription_id,
        usage=map(usage_message, item.usage),
        engine_version=item.engine_version,
    )


def _outcome(result: pb.BatchQuoteResult) -> QuoteOutcome:
    if result.WhichOneof("outcome") == "quote":
        return QuoteOutcome(result.subscription_id, result.quote)
    return QuoteOutcome(result.subscription_id, None, result.failure.reason, result.failure.message)

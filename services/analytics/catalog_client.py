"""Prices subscriptions with the catalog's quote engine, for accruals and roll-ups alike.

Both send the subscriptions of a period, their usage and its facts in the same form, so the accrual
at the end of a period equals its invoice.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import grpc
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import quotes_pb2

from services.analytics.invoicing.rollups.rules.rebilling import CostInput
from services.analytics.peers import asking
from services.analytics.usage.rules.figures import UsageRun, UsageSeries
from services.common.rpc.calls import parted
from services.common.rpc.messages import message_of
from services.common.settings import Service
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
    "unsold_usage",
    "usage_message",
]

Subscriptions = Sequence[pb.BillableSubscription]

QUOTES_A_CALL: Final = 10_000
"""The catalog's maximum per call."""

USAGE_A_CALL: Final = 8 * 1024 * 1024
"""Bytes of usage per call, well below the maximum message: answers repeat it in the proofs."""

MAX_USAGE: Final = 16 * 1024 * 1024
"""Bytes of usage of one item; with more it cannot be priced."""

SERIES_BYTES: Final = 200
RUN_BYTES: Final = 50
"""Bytes of a message without its dimensions, at most or nearly so."""

MAX_TENANTS: Final = 1_000
"""The catalog's maximum page size."""

OUT_OF_RANGE: Final = "OUT_OF_RANGE"

_ITEM: Final = re.compile(r"\bitems\[([0-9]{1,6})\]")


@dataclass(frozen=True, slots=True)
class QuoteItem:
    """A subscription and the usage of its deployment in the period."""

    subscription_id: str
    usage: Sequence[UsageSeries]
    engine_version: str = ""
    """Engine version; the current one if empty."""
    costs: Sequence[CostInput] = ()
    """The provider's cost lines of its deployment."""

    @property
    def usage_bytes(self) -> int:
        """About how large its usage is as messages, with its costs."""
        runs = sum(len(one.runs) for one in self.usage) + sum(len(one.runs) for one in self.costs)
        keys = sum(len(key) + len(at) for one in self.usage for key, at in one.dimensions.items())
        return SERIES_BYTES * (len(self.usage) + len(self.costs)) + RUN_BYTES * runs + keys


@dataclass(frozen=True, slots=True)
class QuoteOutcome:
    """The quote of a subscription or its error; exactly one is set."""

    subscription_id: str
    quote: quotes_pb2.Quote | None
    reason: str = ""
    message: str = ""
    unsold: Sequence[UsageSeries] = ()
    """The usage of the billed days that nothing prices, without its owner."""


async def billable(
    catalog: "PricingServiceAsyncStub",
    period: Period,
    *,
    page_size: int,
    page_token: str,
    tenant_ids: Sequence[str] = (),
    include_trials: bool = False,
) -> pb.ListBillableSubscriptionsResponse:
    """A page of tenants with their subscriptions that were billable on any day of the period."""
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
    """A page of tenants with a billable day in the period, and the next token."""
    request = pb.ListBillableSubscriptionsRequest(
        page_size=page_size,
        page_token=page_token,
        period_start=period.start.isoformat(),
        period_end=period.end.isoformat(),
        tenants_only=True,
    )
    with asking(Service.CATALOG):
        answer = await catalog.ListBillableSubscriptions(request)
    # A release of the catalog without this filter lists the subscriptions.
    listed = (one.subscription.tenant_id for one in answer.billable_subscriptions)
    return list(dict.fromkeys((*answer.tenant_ids, *listed))), answer.next_page_token


async def billable_of(
    catalog: "PricingServiceAsyncStub",
    period: Period,
    tenant_ids: Sequence[str],
    *,
    include_trials: bool = False,
) -> Subscriptions:
    """All subscriptions of the given tenants that were billable on any day of the period."""
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
    """Combines subscriptions with the usage of their deployments.

    If a deployment has several subscriptions, each gets all of its usage: the engine selects the
    days that a subscription bills.
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
    catalog: "PricingServiceAsyncStub",
    period: Period,
    items: Sequence[QuoteItem],
    *,
    bill_missing: bool = False,
) -> list[QuoteOutcome]:
    """The quote or the error of each item, in the order of the items.

    An item that the catalog rejects, or with more usage than a message can have, fails alone; the
    others are priced. `bill_missing` says that the provider's bill is not complete, for which some
    items wait.
    """
    outcomes: list[QuoteOutcome] = []
    for these in _calls(items):
        if _is_too_large(these):
            outcomes.append(
                QuoteOutcome(
                    these[0].subscription_id,
                    None,
                    OUT_OF_RANGE,
                    f"usage: has {len(these[0].usage)} series, too many to be priced: its meters"
                    " have too many combinations of dimensions",
                )
            )
        else:
            outcomes += await _batch(catalog, period, these, bill_missing=bill_missing)
    return outcomes


def _calls(items: Sequence[QuoteItem]) -> Iterator[Sequence[QuoteItem]]:
    return parted(
        items, most=QUOTES_A_CALL, most_bytes=USAGE_A_CALL, bytes_of=attrgetter("usage_bytes")
    )


def _is_too_large(items: Sequence[QuoteItem]) -> bool:
    return len(items) == 1 and items[0].usage_bytes > MAX_USAGE


async def _batch(
    catalog: "PricingServiceAsyncStub",
    period: Period,
    items: Sequence[QuoteItem],
    *,
    bill_missing: bool,
) -> list[QuoteOutcome]:
    request = pb.BatchQuoteRequest(
        period_start=period.start.isoformat(),
        period_end=period.end.isoformat(),
        items=map(_item, items),
        bill_missing=bill_missing,
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
    # The error names the item; if it does not, bisect the batch.
    named = _ITEM.search(refusal)
    place = int(named[1]) if named else len(items)
    cut = [0, place, place + 1] if place < len(items) else [0, len(items) // 2]
    parted: list[QuoteOutcome] = []
    for first, last in zip(cut, [*cut[1:], len(items)], strict=True):
        if first < last:
            parted += await _batch(catalog, period, items[first:last], bill_missing=bill_missing)
    return parted


async def unsold_usage(
    catalog: "PricingServiceAsyncStub", period: Period, items: Sequence[QuoteItem]
) -> list[list[UsageSeries]]:
    """The usage of each item that nothing prices, without its owner, in the order of the items.

    None of an item that cannot be priced.
    """
    found: list[list[UsageSeries]] = []
    for these in _calls(items):
        if _is_too_large(these):
            found.append([])
            continue
        request = pb.FindUnsoldUsageRequest(
            period_start=period.start.isoformat(),
            period_end=period.end.isoformat(),
            items=map(_item, these),
        )
        with asking(Service.CATALOG):
            async for answer in catalog.FindUnsoldUsage(request):
                found += [[*map(_series, one.unsold_usage)] for one in answer.results]
    return found


def usage_message(used: UsageSeries) -> pb.UsageSeries:
    """Usage as the catalog's message."""
    return message_of(pb.UsageSeries, used)


def _item(item: QuoteItem) -> pb.BatchQuoteItem:
    return pb.BatchQuoteItem(
        subscription_id=item.subscription_id,
        usage=map(usage_message, item.usage),
        engine_version=item.engine_version,
        costs=[message_of(pb.CostSeries, one) for one in item.costs],
    )


def _outcome(result: pb.BatchQuoteResult) -> QuoteOutcome:
    if result.WhichOneof("outcome") == "quote":
        return QuoteOutcome(
            result.subscription_id, result.quote, unsold=[*map(_series, result.unsold_usage)]
        )
    return QuoteOutcome(result.subscription_id, None, result.failure.reason, result.failure.message)


def _series(said: pb.UsageSeries) -> UsageSeries:
    return UsageSeries(
        "",
        "",
        said.resource_kind,
        tuple(
            UsageRun(date.fromisoformat(run.first_day), run.days, Decimal(run.qty))
            for run in said.runs
        ),
        "",
        dict(said.dimensions),
    )

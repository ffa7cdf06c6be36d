"""Calls to the quote engine have a bounded size, whatever the number of series."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pytest
from arcadia.catalog.v1 import pricing_service_pb2 as pb

from services.analytics.catalog_client import MAX_USAGE, QuoteItem, quote, unsold_usage
from services.analytics.usage.rules.figures import UsageRun, UsageSeries
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

MAY = Period.month(2026, 5)
RUNS = tuple(
    UsageRun(MAY.start + timedelta(days=number), 1, Decimal(f"0.{number + 1:012}"))
    for number in range(MAY.days)
)
MEGABYTE = 1024 * 1024


@dataclass
class Catalog:
    """A catalog that quotes everything, and keeps the sizes of the requests."""

    sizes: list[int] = field(default_factory=list)

    async def BatchQuote(self, request: Any) -> AsyncIterator[pb.BatchQuoteResponse]:
        self.sizes.append(request.ByteSize())
        quoted = [pb.BatchQuoteResult(subscription_id=one.subscription_id) for one in request.items]
        for one in quoted:
            one.quote.currency = "AUD"
        yield pb.BatchQuoteResponse(results=quoted)

    async def FindUnsoldUsage(self, request: Any) -> AsyncIterator[pb.FindUnsoldUsageResponse]:
        self.sizes.append(request.ByteSize())
        for one in request.items:
            yield pb.FindUnsoldUsageResponse(
                results=[
                    pb.UnsoldUsage(subscription_id=one.subscription_id, unsold_usage=one.usage[:1])
                ]
            )


def stub(catalog: Catalog) -> "PricingServiceAsyncStub":
    return cast("PricingServiceAsyncStub", catalog)


def gauges(count: int) -> Sequence[UsageSeries]:
    """Usage of a meter with many values of a dimension, different on each day."""
    return [
        UsageSeries("acme", "shop", "disk", RUNS, "f" * 64, {"volume": f"vol-{number:06}"})
        for number in range(count)
    ]


@pytest.fixture
def items() -> list[QuoteItem]:
    """Subscriptions with about 11 megabytes of usage in all; a message may have 32."""
    usage = gauges(1_000)
    return [QuoteItem(f"s{number}", usage) for number in range(10)]


async def test_subscriptions_with_much_usage_are_quoted_in_several_calls(
    items: list[QuoteItem],
) -> None:
    catalog = Catalog()
    outcomes = await quote(stub(catalog), MAY, items)
    assert [one.subscription_id for one in outcomes] == [one.subscription_id for one in items]
    assert all(one.quote is not None for one in outcomes)
    assert sum(catalog.sizes) > 10 * MEGABYTE
    assert max(catalog.sizes) < 9 * MEGABYTE


async def test_unsold_usage_of_many_series_is_found_in_several_calls(
    items: list[QuoteItem],
) -> None:
    catalog = Catalog()
    found = await unsold_usage(stub(catalog), MAY, items)
    assert [len(one) for one in found] == [1] * len(items)
    assert max(catalog.sizes) < 9 * MEGABYTE


async def test_usage_that_fits_into_no_message_fails_its_own_subscription_alone() -> None:
    catalog = Catalog()
    huge = gauges(11_000)
    few = gauges(1)
    items = [QuoteItem("a", few), QuoteItem("huge", huge), QuoteItem("b", few)]
    assert items[1].usage_bytes > MAX_USAGE
    outcomes = await quote(stub(catalog), MAY, items)
    assert [(one.subscription_id, one.reason) for one in outcomes] == [
        ("a", ""), ("huge", "OUT_OF_RANGE"), ("b", ""),
    ]  # fmt: skip
    assert "11000 series" in outcomes[1].message
    assert [len(one) for one in await unsold_usage(stub(catalog), MAY, items)] == [1, 0, 1]


async def test_the_assumed_size_is_at_least_that_of_the_messages() -> None:
    catalog = Catalog()
    run = UsageRun(date(2026, 5, 1), 31, Decimal("1234567890123456.123456789012"))
    keys = {f"key_{number}": "v" * 100 for number in range(10)}
    item = QuoteItem("s" * 36, [UsageSeries("acme", "shop", "m" * 63, (run,) * 31, "f" * 64, keys)])
    await quote(stub(catalog), MAY, [item])
    assert catalog.sizes[0] <= item.usage_bytes + 100

"""Parsers of pricing requests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import draft_pricing_service_pb2 as drafts_pb
from arcadia.catalog.v1 import pricing_service_pb2 as pb

from kinds.metering import METERS
from services.catalog import requests
from services.catalog.meters.rules.meters import Meters
from services.catalog.pricing.cost_requests import cost_series
from services.catalog.quoting.inputs import UsageRun, UsageSeries
from services.catalog.quoting.numbers import ZERO
from services.catalog.quoting.rebilling.snapshots import CostSeries
from services.common.errors import InvalidArgument
from services.common.values.money import MAX_QUANTITY, exact
from services.common.values.periods import FIRST_YEAR, LAST_YEAR, Period, month_of, read_day

__all__ = [
    "BatchItem",
    "SimulatedItem",
    "batch_items",
    "billing_period",
    "simulated_items",
    "tenants",
    "usage_to_value",
]

EVER: Final = Period(date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1))
"""Any day."""

MAX_ITEMS: Final = 10_000
MAX_TENANTS: Final = 1_000
MAX_VALUED: Final = 1_000
MAX_SIMULATED: Final = 2_000
MAX_RUN_DAYS: Final = 366

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A subscription with its usage and the engine version."""

    subscription_id: UUID
    usage: tuple[UsageSeries, ...]
    engine_version: str = ""
    """Engine version; the current one if empty."""
    refusal: InvalidArgument | None = None
    """The error in its usage or costs, if any."""
    costs: tuple[CostSeries, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedItem:
    """The frozen inputs of a billed month, with usage that was not sold in it."""

    inputs_json: str
    engine_version: str
    unsold: tuple[UsageSeries, ...]
    tenant_id: str = ""


def billing_period(start: str, end: str) -> Period:
    """A half-open range of days within one calendar month. Raises InvalidArgument."""
    first = read_day(requests.required("period_start", start), "period_start")
    until = read_day(requests.required("period_end", end), "period_end")
    if until <= first:
        raise InvalidArgument("period_end", "must be after period_start", reason="OUT_OF_RANGE")
    month = month_of(first)
    if until - timedelta(days=1) not in month:
        raise InvalidArgument(
            "period_end", "must be in the month of period_start, or its end", reason="OUT_OF_RANGE"
        )
    return month if (first, until) == (month.start, month.end) else Period(first, until)


def batch_items(
    request: pb.BatchQuoteRequest | pb.FindUnsoldUsageRequest, period: Period, meters: Meters
) -> list[BatchItem]:
    """The items of a batch, with the known meters. Raises InvalidArgument.

    Invalid usage or costs fail only their own item.
    """
    if len(request.items) > MAX_ITEMS:
        raise InvalidArgument("items", f"must not be more than {MAX_ITEMS}")
    found = []
    for place, item in enumerate(request.items):
        identifier = requests.uuid_of(f"items[{place}].subscription_id", item.subscription_id)
        try:
            usage, refusal = _usage(item.usage, period, meters), None
            costs = cost_series(item.costs, period) if item.costs else ()
        except InvalidArgument as error:
            usage, costs, refusal = (), (), error.within(f"items[{place}]")
        found.append(BatchItem(identifier, usage, item.engine_version, refusal, costs))
    return found


def simulated_items(
    request: drafts_pb.SimulateQuotesRequest, meters: Meters
) -> list[SimulatedItem]:
    """The items of a simulation, with the known meters. Raises InvalidArgument."""
    if len(request.items) > MAX_SIMULATED:
        raise InvalidArgument("items", f"must not be more than {MAX_SIMULATED}")
    return [
        SimulatedItem(
            item.inputs_json,
            item.engine_version,
            _usage(item.unsold_usage, EVER, meters) if item.unsold_usage else (),
            item.tenant_id,
        )
        for item in request.items
    ]


def usage_to_value(request: pb.ValueUsageRequest, meters: Meters) -> list[UsageSeries]:
    """Usage to value at unit prices, of any days, with the known meters. Raises InvalidArgument."""
    if len(request.usage) > MAX_VALUED:
        raise InvalidArgument("usage", f"must not be more than {MAX_VALUED}")
    return [_series(series, place, EVER, meters) for place, series in enumerate(request.usage)]


def tenants(request: pb.ListBillableSubscriptionsRequest) -> list[str]:
    """The requested tenants in order; none means all. Raises InvalidArgument."""
    if len(request.tenant_ids) > MAX_TENANTS:
        raise InvalidArgument("tenant_ids", f"must not be more than {MAX_TENANTS}")
    return sorted(
        {
            requests.text(f"tenant_ids[{place}]", requests.required(f"tenant_ids[{place}]", tenant))
            for place, tenant in enumerate(request.tenant_ids)
        }
    )


def _usage(
    said: Sequence[pb.UsageSeries], period: Period, meters: Meters
) -> tuple[UsageSeries, ...]:
    usage = tuple([_series(series, place, period, meters) for place, series in enumerate(said)])
    if len(usage) > 1:
        # The label identifies usage in the frozen inputs.
        labels: set[str] = set()
        for place, label in enumerate(series.label for series in usage):
            if label in labels:
                raise InvalidArgument(
                    f"usage[{place}].resource_kind",
                    f"{label} is named twice",
                    reason="DUPLICATE_KIND",
                )
            labels.add(label)
    return usage


def _series(said: pb.UsageSeries, place: int, period: Period, meters: Meters) -> UsageSeries:
    kind, facts_hash = said.resource_kind, said.facts_hash
    if kind not in METERS:
        meters.known(f"usage[{place}].resource_kind", kind)
    if facts_hash and not _HASH.fullmatch(facts_hash):
        raise InvalidArgument(
            f"usage[{place}].facts_hash", "is not a SHA-256 in lower-case hexadecimal"
        )
    try:
        runs = _runs(said.runs, period)
    except InvalidArgument as error:
        raise error.within(f"usage[{place}]") from None
    dimensions = tuple(sorted(said.dimensions.items())) if said.dimensions else ()
    return UsageSeries(kind, runs, facts_hash, dimensions)


def _runs(said: Sequence[pb.UsageRun], period: Period) -> tuple[UsageRun, ...]:
    """Runs of days in order within a period, with a bounded sum."""
    runs, total, end = [], ZERO, period.start
    for place, one in enumerate(said):
        try:
            run = _run(one.first_day, one.days, one.qty)
        except InvalidArgument as error:
            raise error.within(f"runs[{place}]") from None
        first, end_before, end = run.first, end, run.end
        if first < end_before or end > period.end:
            raise InvalidArgument(
                f"runs[{place}].first_day",
                "is not in the period, or before the end of the run before",
                reason="OUT_OF_RANGE",
            )
        total += run.qty * run.days
        runs.append(run)
    if total > MAX_QUANTITY:
        raise InvalidArgument("runs", f"add up to more than {MAX_QUANTITY}", reason="OUT_OF_RANGE")
    return tuple(runs)


# Cached, because many deployments have the same usage: 24 hours a day.
@lru_cache(maxsize=4096)
def _run(day: str, days: int, qty: str) -> UsageRun:
    first = _first_day(day)
    if not 1 <= days <= MAX_RUN_DAYS:
        raise InvalidArgument("days", f"must be from 1 to {MAX_RUN_DAYS}", reason="OUT_OF_RANGE")
    return UsageRun(first, days, exact(qty, "qty", minimum=0, maximum=MAX_QUANTITY))


@lru_cache(maxsize=1024)
def _first_day(text: str) -> date:
    return read_day(text, "first_day")

"""Finds unbilled usage: usage from this database, billed and trial days from the catalog."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import pricing_service_pb2 as pricing

from services.analytics.catalog_client import (
    QuoteItem,
    billable_of,
    unsold_usage,
    usage_message,
)
from services.analytics.invoicing.rollups.quotes import Subscribed, days_of
from services.analytics.invoicing.unbilled.rules import (
    Covered,
    Unbilled,
    UnbilledTotal,
    days_of_runs,
    reason_of,
    total_of,
    unbilled_series,
)
from services.analytics.invoicing.unbilled.store import tenants_not_covered, tenants_with_usage
from services.analytics.margin.rules.summary import REPORTING_CURRENCY
from services.analytics.peers import asking
from services.analytics.usage.rules.figures import UsageRun, UsageSeries
from services.analytics.usage.store.periods import usage_of_period
from services.common.db.database import Database
from services.common.errors import FailedPrecondition
from services.common.identity.callers import Scope
from services.common.settings import Service
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["UnbilledFinder"]

TENANTS_AT_ONCE: Final = 500
VALUED_AT_ONCE: Final = 1_000


class UnbilledFinder:
    """Finds unbilled usage and its value at the catalog's list prices."""

    def __init__(self, database: Database, catalog: "PricingServiceAsyncStub") -> None:
        self._database = database
        self._catalog = catalog

    async def total(self, scope: Scope, period: Period) -> UnbilledTotal:
        """The value of all unbilled usage of a month."""
        total = total_of(())
        async with self._database.read(scope) as session:
            tenants = await tenants_not_covered(session, period)
        for start in range(0, len(tenants), TENANTS_AT_ONCE):
            found = await self._found(scope, period, tenants[start : start + TENANTS_AT_ONCE])
            total += total_of(await self.valued(found))
        return total

    async def some(
        self,
        scope: Scope,
        period: Period,
        *,
        since: str,
        tenant_id: str = "",
        deployments: Sequence[str] = (),
    ) -> tuple[list[Unbilled], str]:
        """The unbilled usage of the next tenants from `since` on, without values.

        If a deployment is given, only its usage, under all its names. Also returns the last tenant
        read; empty if it was the last of all.
        """
        async with self._database.read(scope) as session:
            tenants = await tenants_with_usage(
                session,
                period,
                since=since,
                tenant_id=tenant_id or scope.tenant_id or "",
                deployments=deployments,
                limit=TENANTS_AT_ONCE,
            )
        found = [
            one
            for one in await self._found(scope, period, tenants)
            if not deployments or one.deployment_id in deployments
        ]
        found.sort(key=lambda one: one.place)
        return found, tenants[-1] if len(tenants) == TENANTS_AT_ONCE else ""

    async def _found(
        self, scope: Scope, period: Period, tenant_ids: Sequence[str]
    ) -> list[Unbilled]:
        async with self._database.read(scope) as session:
            usage = await usage_of_period(session, period, tenant_ids)
        listed = [
            (one, Subscribed.of(one))
            for one in await billable_of(self._catalog, period, tenant_ids, include_trials=True)
        ]
        covered: dict[tuple[str, str], list[Covered]] = defaultdict(list)
        for one, subscribed in listed:
            covered[subscribed.deployment] += [
                *(Covered(days_of(days), subscribed.sold_kinds) for days in one.billed_days),
                *(Covered(days_of(days), None) for days in one.trial_days),
            ]
        series = [
            *unbilled_series(usage, covered),
            *await self._unsold(period, [subscribed for _, subscribed in listed], usage),
        ]
        return [*_days(series, covered)]

    async def _unsold(
        self, period: Period, subscriptions: Sequence[Subscribed], usage: Sequence[UsageSeries]
    ) -> list[UsageSeries]:
        """The usage of kinds that are sold, which nothing prices on its billed day."""
        used: dict[tuple[str, str], list[UsageSeries]] = defaultdict(list)
        for series in usage:
            used[series.tenant_id, series.deployment_id].append(series)
        asked = [
            (one, of_kinds)
            for one in subscriptions
            if (
                of_kinds := [
                    series
                    for series in used.get(one.deployment, ())
                    if series.resource_kind in one.partly_sold_kinds
                ]
            )
        ]
        items = [QuoteItem(one.subscription_id, of_kinds) for one, of_kinds in asked]
        found = await unsold_usage(self._catalog, period, items) if items else []
        return [
            replace(series, tenant_id=one.tenant_id, deployment_id=one.deployment_id)
            for (one, _), those in zip(asked, found, strict=True)
            for series in those
        ]

    async def valued(self, unbilled: Sequence[Unbilled]) -> list[Unbilled]:
        """Adds exact values at the resource price; None without a price."""
        worth: list[Unbilled] = []
        for start in range(0, len(unbilled), VALUED_AT_ONCE):
            those = unbilled[start : start + VALUED_AT_ONCE]
            worth += map(_worth, those, await self._values(those))
        return worth

    async def _values(self, those: Sequence[Unbilled]) -> list[Decimal | None]:
        """The value of each; None too if the catalog rejects the usage."""
        request = pricing.ValueUsageRequest(
            usage=[usage_message(_alone(one)) for one in those], currency=REPORTING_CURRENCY
        )
        try:
            with asking(Service.CATALOG):
                answer = await self._catalog.ValueUsage(request)
        except FailedPrecondition:
            if len(those) == 1:
                return [None]
            half = len(those) // 2
            return [*await self._values(those[:half]), *await self._values(those[half:])]
        # A release of the catalog that returns no values leaves them unknown.
        return [*map(_cents, answer.values)] or [None] * len(those)


def _days(
    series: Sequence[UsageSeries], covered: Mapping[tuple[str, str], Sequence[Covered]]
) -> Iterator[Unbilled]:
    for one in series:
        of = covered.get((one.tenant_id, one.deployment_id), ())
        for day, qty in days_of_runs(one.runs):
            yield Unbilled(
                one.tenant_id,
                one.deployment_id,
                one.resource_kind,
                day,
                qty,
                None,
                one.dimensions,
                reason_of(day, of),
            )


def _worth(one: Unbilled, cents: Decimal | None) -> Unbilled:
    return replace(one, cents=cents)


def _alone(one: Unbilled) -> UsageSeries:
    run = UsageRun(one.day, 1, one.qty)
    return UsageSeries(
        one.tenant_id, one.deployment_id, one.resource_kind, (run,), "", one.dimensions
    )


def _cents(value: pricing.UsageValue) -> Decimal | None:
    """The period of one day."""
    known = [Decimal(run.value) for run in value.runs if run.HasField("value")]
    return known[0] if known else None

"""AttributionService: workers attribute costs to owners and compute the margin of months."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from arcadia.analytics.v1 import attribution_service_pb2 as pb
from arcadia.analytics.v1 import attribution_service_pb2_grpc

from services.analytics.catalog_client import billable, items_of, quote
from services.analytics.deployments import Deployments
from services.analytics.generations import store
from services.analytics.generations.store import Generation, Work
from services.analytics.invoicing.rollups.store.rebilled import note_cost_changes
from services.analytics.margin import feeds
from services.analytics.margin.daily_costs import with_daily_costs
from services.analytics.margin.feeds import accruals_of, failures_of
from services.analytics.margin.refresh_margin import refresh_accrued_margin, refresh_invoiced_margin
from services.analytics.margin.rules.attribution import (
    Attribution,
    Cost,
    KnownLifetime,
    OwnedSpan,
    attribute,
    charged_before_known,
)
from services.analytics.margin.split_shared import split_shared
from services.analytics.margin.store.accruals import forget_accruals, metered_until, write_accruals
from services.analytics.margin.store.costs import (
    forget_costs,
    spans_of,
    write_costs,
    write_lifetimes,
    write_spans,
)
from services.analytics.margin.store.months import kept_months
from services.analytics.margin.store.reconciliation import reconcile
from services.analytics.peers import Peers
from services.analytics.usage.store.periods import usage_of_period
from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.paging import decode_token, encode_token
from services.common.rpc.wire import Context, internal_page_size, required, timestamp
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import Period, month_of, read_day, read_month

__all__ = ["AttributionServicer"]


SPANS: Final = "spans"
COSTS: Final = "costs"
FALLEN: Final = (
    Attribution.TENANT,
    Attribution.INTERNAL,
    Attribution.UNATTRIBUTED,
    Attribution.SHARED,
)
"""In the order of the returned counts."""

MAX_UNSETTLED: Final = 12
"""Maximum months recomputed per call; the next call takes the others."""

MAX_KEPT: Final = 240
"""Maximum months to consider: twenty years."""

MAX_TENANTS: Final = 1_000
TENANTS_A_PAGE: Final = 200

Answer = TypeVar("Answer", pb.AttributeCostsResponse, pb.AttributeDailyCostsResponse)


class AttributionServicer(attribution_service_pb2_grpc.AttributionServiceServicer):
    """Uses inventory for ownership, billing for costs, catalog for quotes."""

    def __init__(
        self,
        database: Database,
        peers: Peers,
        deployments: Deployments,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._peers = peers
        self._deployments = deployments
        self._clock = clock

    async def AttributeCosts(
        self, request: pb.AttributeCostsRequest, context: Context
    ) -> pb.AttributeCostsResponse:
        """Attributes a page of a month's bill; the last page swaps in the new results."""
        period = read_month(request.period, "period")
        return await self._attribute(Work.COSTS, period, request, pb.AttributeCostsResponse)

    async def AttributeDailyCosts(
        self, request: pb.AttributeDailyCostsRequest, context: Context
    ) -> pb.AttributeDailyCostsResponse:
        """Attributes a page of daily costs; the last page swaps in their month."""
        days = _days_of_one_month(request)
        return await self._attribute(
            Work.DAILY_COSTS, days, request, pb.AttributeDailyCostsResponse
        )

    async def _attribute(
        self,
        work: Work,
        days: Period,
        request: pb.AttributeCostsRequest | pb.AttributeDailyCostsRequest,
        answer_type: type[Answer],
    ) -> Answer:
        """Processes a page of a generation: spans first, then costs."""
        size = internal_page_size(request.page_size)
        filters = (work, days.start.isoformat(), days.end.isoformat())
        position = decode_token(request.page_token, filters, (str, str))
        now = self._clock()
        until = min(days.end_at, now.replace(microsecond=0))
        if until <= days.start_at:
            raise InvalidArgument("period", "has not begun", reason="OUT_OF_RANGE")
        async with self._database.write(current_caller().scope) as session:
            key = required("pass_key", request.pass_key)
            subject = month_of(days.start).start
            of = await store.open_generation(session, work, subject, key, now=now, until=until)
            if of.is_current:
                page = await store.known_page(session, of, request.page_token)
                return _fallen(answer_type, page.counts, page.next_token)
        phase, token = position or (SPANS, "")
        if phase == SPANS:
            following = await self._read_spans(of, days, size, token, request.page_token)
            return _fallen(answer_type, (0, 0, 0, 0), encode_token(filters, following))
        counts, next_token = await self._read_costs(
            of, days, size, token, request.page_token, filters
        )
        return _fallen(answer_type, counts, next_token)

    async def _read_spans(
        self, of: Generation, days: Period, size: int, token: str, page_token: str
    ) -> tuple[str, str]:
        """Writes a page of spans; returns the next position."""
        span = (timestamp(days.start_at), timestamp(of.until))
        page = await feeds.spans(self._peers, self._deployments, span, size=size, token=token)
        following = (SPANS, page.next_token) if page.next_token else (COSTS, "")
        filters = (of.work, days.start.isoformat(), days.end.isoformat())
        async with self._database.write(current_caller().scope) as session:
            next_token = encode_token(filters, following)
            await store.record_page(session, of, page_token, next_token, (0, 0, 0, 0))
            await write_spans(session, of, page_token, page.spans)
        return following

    async def _read_costs(
        self,
        of: Generation,
        days: Period,
        size: int,
        token: str,
        page_token: str,
        filters: Any,
    ) -> tuple[tuple[int, ...], str]:
        """Writes a page of costs with their parts; the last page swaps in the month."""
        feed = feeds.period_costs if of.work is Work.COSTS else feeds.daily_costs
        page = await feed(self._peers, self._deployments, days, size=size, token=token)
        next_token = encode_token(filters, (COSTS, page.next_token)) if page.next_token else ""
        wanted = {cost.resource_id for cost in page.costs if cost.resource_id}
        async with self._database.read(current_caller().scope) as session:
            spans = await spans_of(session, of, wanted)
        attributed = [(cost, attribute(cost, _spans(cost, spans), days)) for cost in page.costs]
        fallen = Counter(parts[0].holder.attribution for _, parts in attributed if parts)
        counts = tuple(fallen[attribution] for attribution in FALLEN)
        lifetimes = await self._lifetimes(of, page.costs, spans, days)
        async with self._database.write(current_caller().scope) as session:
            await store.record_page(
                session, of, page_token, next_token, counts,
                complete=page.complete, source_version=page.source_version,
            )  # fmt: skip  # a table
            await write_costs(session, of, page_token, attributed)
            await write_lifetimes(session, of, lifetimes)
            if not next_token:
                await split_shared(session, of)
                if of.work is Work.COSTS:
                    before = await store.current_generation(session, of.work, of.subject)
                    await note_cost_changes(session, before, of, self._clock())
                replaced = await store.complete_generation(session, of, now=self._clock())
                await forget_costs(session, of.subject, replaced)
        return counts, next_token

    async def _lifetimes(
        self,
        of: Generation,
        costs: Sequence[Cost],
        spans: dict[UUID, list[OwnedSpan]],
        days: Period,
    ) -> list[KnownLifetime]:
        """The lifetimes beyond the month of resources charged before their spans in it."""
        if of.work is not Work.COSTS:
            return []
        early = {
            cost.resource_id
            for cost in costs
            if cost.resource_id and charged_before_known(cost, _spans(cost, spans), days)
        }
        return await feeds.lifetimes(self._peers, early)

    async def RefreshAccrual(
        self, request: pb.RefreshAccrualRequest, context: Context
    ) -> pb.RefreshAccrualResponse:
        """Prices a page of subscriptions; the last page swaps in the accrual."""
        period = read_month(request.period, "period")
        size = internal_page_size(request.page_size, TENANTS_A_PAGE, MAX_TENANTS)
        key = required("pass_key", request.pass_key)
        async with self._database.write(current_caller().scope) as session:
            until = await metered_until(session, period)
            of = await store.open_generation(
                session, Work.ACCRUAL, period.start, key, now=self._clock(), until=until
            )
            if of.is_current:
                page = await store.known_page(session, of, request.page_token)
                return _priced(page.counts, page.next_token)
        return await self._accrue(of, period, size, request.page_token)

    async def _accrue(
        self, of: Generation, period: Period, size: int, token: str
    ) -> pb.RefreshAccrualResponse:
        catalog = self._peers.catalog_pricing
        page = await billable(catalog, period, page_size=size, page_token=token)
        subscriptions = page.billable_subscriptions
        tenants = sorted({one.subscription.tenant_id for one in subscriptions})
        async with self._database.read(current_caller().scope) as session:
            usage = await usage_of_period(session, period, tenants)
        items = items_of(subscriptions, usage)
        outcomes = await with_daily_costs(
            self._database,
            catalog,
            period,
            subscriptions,
            items,
            await quote(catalog, period, items),
        )
        accruals = accruals_of(subscriptions, outcomes)
        failures = failures_of(subscriptions, outcomes)
        counts = (len(accruals), len(failures))
        async with self._database.write(current_caller().scope) as session:
            await store.record_page(session, of, token, page.next_page_token, counts)
            await write_accruals(session, of, token, accruals, failures)
            if not page.next_page_token:
                now = self._clock()
                replaced = await store.complete_generation(session, of, now=now)
                await forget_accruals(session, of, replaced)
                await refresh_accrued_margin(session, period, of, now=now)
        return _priced(counts, page.next_page_token)

    async def GetUnsettledMonths(
        self, request: pb.GetUnsettledMonthsRequest, context: Context
    ) -> pb.GetUnsettledMonthsResponse:
        """Lists the earlier months whose margin must be recomputed."""
        before = read_month(request.before, "before")
        async with self._database.read(current_caller().scope) as session:
            kept = await kept_months(session, before.start, limit=MAX_KEPT)
        versions = await feeds.lines_versions(self._peers, [one.period for one in kept])
        changed = [
            one.period
            for one, version in zip(kept, versions, strict=True)
            if one.is_outdated or one.source_version != version
        ]
        unsettled = [one.period for one in kept if not one.is_final]
        months = list(dict.fromkeys([*changed, *unsettled]))[:MAX_UNSETTLED]
        return pb.GetUnsettledMonthsResponse(periods=[month.isoformat() for month in months])

    async def RefreshMargin(
        self, request: pb.RefreshMarginRequest, context: Context
    ) -> pb.RefreshMarginResponse:
        """Recomputes a month's margin and its reconciliation."""
        period = read_month(request.period, "period")
        now = self._clock()
        async with self._database.write(current_caller().scope) as session:
            month = await refresh_invoiced_margin(session, period, now=now)
            costs = await store.current_generation(session, Work.COSTS, period.start)
            if costs is not None:
                await reconcile(session, period, costs, now=now)
        return pb.RefreshMarginResponse(
            tenant_count=sum(bool(one.holder.tenant_id) for one in month.by_tenant),
            deployment_count=sum(bool(one.holder.deployment_id) for one in month.by_deployment),
        )


def _spans(cost: Cost, known: dict[UUID, list[OwnedSpan]]) -> Sequence[OwnedSpan]:
    return known.get(cost.resource_id, ()) if cost.resource_id else ()


def _days_of_one_month(request: pb.AttributeDailyCostsRequest) -> Period:
    start = read_day(required("from_day", request.from_day), "from_day")
    end = read_day(required("to_day", request.to_day), "to_day")
    if not start < end <= month_of(start).end:
        raise InvalidArgument(
            "to_day", "is not after from_day and in its month", reason="OUT_OF_RANGE"
        )
    return Period(start, end)


def _fallen(answer_type: type[Answer], counts: tuple[int, ...], next_token: str) -> Answer:
    tenant, internal, unattributed, shared = counts
    return answer_type(
        tenant_count=tenant,
        internal_count=internal,
        unattributed_count=unattributed,
        shared_count=shared,
        next_page_token=next_token,
    )


def _priced(counts: tuple[int, ...], next_token: str) -> pb.RefreshAccrualResponse:
    priced, failed = counts
    return pb.RefreshAccrualResponse(
        priced_count=priced, failed_count=failed, next_page_token=next_token
    )

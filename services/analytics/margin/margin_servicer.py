"""MarginService: revenue, costs and margin, for operators."""

from collections.abc import Iterable, Sequence
from typing import Final

from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1 import margin_service_pb2_grpc, margins_pb2

from services.analytics.generations.store import Work, current_generation
from services.analytics.margin.rules.reconciling import Difference, check_reconciled
from services.analytics.margin.rules.summary import (
    REPORTING_CURRENCY,
    KindAmount,
    MarginMonth,
    Share,
    State,
)
from services.analytics.margin.store.accruals import list_accruals, list_failures
from services.analytics.margin.store.costs import read_splits
from services.analytics.margin.store.months import (
    Basis,
    has_one_tenant,
    list_shares,
    read_kinds,
    read_trend,
)
from services.analytics.margin.store.months import read_month as read_computed
from services.analytics.margin.store.rates import rates_of
from services.analytics.margin.store.reconciliation import list_differences, read_reconciliation
from services.common.db.database import Database, ReadSession
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.rpc.messages import message_of, messages_of, page_message
from services.common.rpc.paging import Page, PageRequest, Position, page_request, page_size
from services.common.rpc.wire import Context, text, word
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import Period, month_of, read_month

__all__ = ["MarginServicer"]


GROUPINGS: Final = ("tenant", "deployment")
OTHER: Final = "other"
"""A cost of no kind of resource, as among the kinds of a month."""

MAX_MONTHS: Final = 36


class MarginServicer(margin_service_pb2_grpc.MarginServiceServicer):
    """Reads the last computed results; workers recompute them."""

    def __init__(
        self,
        database: Database,
        slugs: DeploymentSlugs,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._slugs = slugs
        self._clock = clock

    async def GetMargin(
        self, request: pb.GetMarginRequest, context: Context
    ) -> pb.GetMarginResponse:
        """Returns the margin of a month."""
        period = read_month(request.period, "period")
        size = page_size(request.page_size)
        async with self._database.read(current_caller().scope) as session:
            month = await read_computed(session, period.start, "invoiced")
            if month is None:
                return pb.GetMarginResponse(
                    period=period.start.isoformat(),
                    revenue_state=State.UNKNOWN,
                    cogs_state=State.UNKNOWN,
                    conversion=margins_pb2.Conversion(reporting_currency=REPORTING_CURRENCY),
                )
            tenants, deployments = [
                await _first_shares(session, period, "invoiced", grouping, size)
                for grouping in GROUPINGS
            ]
            kinds = await read_kinds(session, period.start, "invoiced")
            splits = await _splits(session, Work.COSTS, period)
            conversion = await _conversion(session, [month])
        return message_of(
            pb.GetMarginResponse,
            month,
            by_tenant=tenants.rows,
            by_deployment=deployments.rows,
            by_tenant_next_page_token=tenants.next_page_token,
            by_deployment_next_page_token=deployments.next_page_token,
            by_kind=_by_kind(kinds),
            shared_costs=splits,
            conversion=conversion,
        )

    async def ListMarginShares(
        self, request: pb.ListMarginSharesRequest, context: Context
    ) -> pb.ListMarginSharesResponse:
        """Lists a month's margin by tenant or by deployment."""
        period = read_month(request.period, "period")
        grouping = word("group_by", request.group_by, GROUPINGS)
        tenant_id = text("tenant_id", request.tenant_id)
        asked = page_request(request, _share_filters(period, grouping, tenant_id), Position)
        async with self._database.read(current_caller().scope) as session:
            month = await read_computed(session, period.start, "invoiced")
            page = await list_shares(
                session, period.start, "invoiced", grouping, asked, tenant_id=tenant_id
            )
            conversion = await _conversion(session, [month] if month else [])
        return page_message(pb.ListMarginSharesResponse, page, conversion=conversion)

    async def GetMarginTrend(
        self, request: pb.GetMarginTrendRequest, context: Context
    ) -> pb.GetMarginTrendResponse:
        """Returns the margin over months; months that were never computed are unknown."""
        months = _months(request)
        tenant_id = text("tenant_id", request.tenant_id)
        deployment_id = text("deployment_id", request.deployment_id)
        slug = await self._slugs.of(deployment_id, remaining=context.time_remaining())
        async with self._database.read(current_caller().scope) as session:
            first, last = months[0].start, months[-1].start
            if deployment_id and not await has_one_tenant(
                session, first, last, tenant_id=tenant_id, deployment_id=deployment_id, slug=slug
            ):
                raise InvalidArgument(
                    "tenant_id",
                    f"is required, because several tenants have a deployment {deployment_id!r}",
                    reason="FIELD_REQUIRED",
                )
            rows = await read_trend(
                session, first, last, tenant_id=tenant_id, deployment_id=deployment_id, slug=slug
            )
            conversion = await _conversion(session, rows)
        known = {row.period: message_of(pb.MarginMonth, row) for row in rows}
        return pb.GetMarginTrendResponse(
            months=[known.get(month.start) or _unknown(month) for month in months],
            conversion=conversion,
        )

    async def GetAccrual(
        self, request: pb.GetAccrualRequest, context: Context
    ) -> pb.GetAccrualResponse:
        """Returns the accrual of the running month."""
        period = month_of(self._clock().date())
        size = page_size(request.page_size)
        async with self._database.read(current_caller().scope) as session:
            month = await read_computed(session, period.start, "accrued")
            if month is None:
                return pb.GetAccrualResponse(
                    period=period.start.isoformat(),
                    conversion=margins_pb2.Conversion(reporting_currency=REPORTING_CURRENCY),
                )
            tenants, deployments = [
                await _first_shares(session, period, "accrued", grouping, size)
                for grouping in GROUPINGS
            ]
            kinds = await read_kinds(session, period.start, "accrued")
            splits = await _splits(session, Work.DAILY_COSTS, period)
            conversion = await _conversion(session, [month])
            failures = await list_failures(session, period, limit=size)
        return message_of(
            pb.GetAccrualResponse,
            month,
            by_tenant=tenants.rows,
            by_deployment=deployments.rows,
            by_kind=_by_kind(kinds),
            shared_costs=splits,
            conversion=conversion,
            failures=failures,
        )

    async def ListAccruals(
        self, request: pb.ListAccrualsRequest, context: Context
    ) -> pb.ListAccrualsResponse:
        """Lists the accrual of the running month per subscription."""
        period = month_of(self._clock().date())
        tenant_id = text("tenant_id", request.tenant_id)
        deployment_id = text("deployment_id", request.deployment_id)
        asked = page_request(request, ("accruals", tenant_id, deployment_id), str, str, str)
        async with self._database.read(current_caller().scope) as session:
            page = await list_accruals(
                session, period, asked, tenant_id=tenant_id, deployment_id=deployment_id
            )
        return page_message(pb.ListAccrualsResponse, page)

    async def ListReconciliationDifferences(
        self, request: pb.ListReconciliationDifferencesRequest, context: Context
    ) -> pb.ListReconciliationDifferencesResponse:
        """Lists the differences between the three records of a closed month."""
        period = read_month(request.period, "period")
        wanted = request.difference_type
        difference_type = word("difference_type", wanted, set(Difference)) if wanted else ""
        tenant_id = text("tenant_id", request.tenant_id)
        filters = ("reconciliation", period.code, difference_type, tenant_id)
        asked = page_request(request, filters, Position)
        async with self._database.read(current_caller().scope) as session:
            totals = check_reconciled(await read_reconciliation(session, period), period.code)
            page = await list_differences(
                session, period, asked, difference_type=difference_type, tenant_id=tenant_id
            )
        return page_message(
            pb.ListReconciliationDifferencesResponse,
            page,
            agreed_count=totals.agreed_count,
            difference_count=totals.difference_count,
        )


def _by_kind(amounts: Iterable[KindAmount]) -> margins_pb2.KindBreakdown:
    """Revenue and costs by kind, each on its own axis."""
    kinds = margins_pb2.KindBreakdown()
    for one in amounts:
        axis = kinds.revenue if one.axis == "revenue" else kinds.cogs
        axis.add(kind=one.kind, amount_cents=one.amount_cents)
    return kinds


async def _splits(
    session: ReadSession, work: Work, period: Period
) -> list[margins_pb2.SharedCostSplit]:
    """The current split keys of shared costs."""
    costs = await current_generation(session, work, period.start)
    return [
        message_of(
            margins_pb2.SharedCostSplit,
            split,
            kind=split.kind or OTHER,
            unkeyed_owner_count=split.unkeyed_owners,
        )
        for split in (await read_splits(session, costs) if costs else ())
    ]


async def _first_shares(
    session: ReadSession, period: Period, basis: Basis, grouping: str, size: int
) -> Page[Share]:
    first = PageRequest(size, _share_filters(period, grouping, ""), None)
    return await list_shares(session, period.start, basis, grouping, first)


async def _conversion(
    session: ReadSession, months: Sequence[MarginMonth]
) -> margins_pb2.Conversion:
    """The exchange rates used for the amounts of some months."""
    ids = sorted({identity for month in months for identity in month.exchange_rate_ids})
    return margins_pb2.Conversion(
        reporting_currency=months[0].reporting_currency if months else REPORTING_CURRENCY,
        exchange_rates=messages_of(margins_pb2.ExchangeRate, await rates_of(session, ids)),
        parity_assumed=any(month.parity_assumed for month in months),
    )


def _months(request: pb.GetMarginTrendRequest) -> list[Period]:
    first = read_month(request.from_period, "from_period")
    last = read_month(request.to_period, "to_period")
    months = [first]
    while months[-1] < last and len(months) <= MAX_MONTHS:
        months.append(months[-1].following())
    if last < first or len(months) > MAX_MONTHS:
        raise InvalidArgument(
            "to_period", f"is not from 1 to {MAX_MONTHS} months on", reason="OUT_OF_RANGE"
        )
    return months


def _unknown(month: Period) -> pb.MarginMonth:
    return pb.MarginMonth(
        period=month.start.isoformat(), revenue_state=State.UNKNOWN, cogs_state=State.UNKNOWN
    )


def _share_filters(period: Period, grouping: str, tenant_id: str) -> tuple[str, ...]:
    return ("margin-shares", period.code, grouping, tenant_id)

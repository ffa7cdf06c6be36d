"""MarginService: revenue, costs and margin, for operators."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1 import margin_service_pb2_grpc, margins_pb2
from grpc.aio import ServicerContext

from services.analytics.generations.store import Work, current_generation
from services.analytics.margin.messages import (
    accrual_message,
    difference_message,
    failure_message,
    kinds_message,
    month_message,
    rate_message,
    share_message,
    split_message,
)
from services.analytics.margin.rules.reconciling import Difference, check_reconciled
from services.analytics.margin.rules.shared_costs import SharedSplit
from services.analytics.margin.rules.summary import REPORTING_CURRENCY, MarginMonth, Share, State
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
from services.analytics.margin.store.reconciliation import (
    list_differences,
    read_reconciliation,
)
from services.common.db.database import Database, ReadSession
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.rpc.wire import text, timestamp, word
from services.common.values.money import plain
from services.common.values.periods import Period, month_of, read_month

__all__ = ["MarginServicer"]

Context = ServicerContext[Any, Any]

GROUPINGS: Final = ("tenant", "deployment")
MAX_MONTHS: Final = 36


def _now() -> datetime:
    return datetime.now(UTC)


class MarginServicer(margin_service_pb2_grpc.MarginServiceServicer):
    """Reads the last computed results; workers recompute them."""

    def __init__(
        self,
        database: Database,
        slugs: DeploymentSlugs,
        *,
        clock: Callable[[], datetime] = _now,
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
        return pb.GetMarginResponse(
            period=period.start.isoformat(),
            revenue_cents=month.revenue_cents,
            cogs_cents=month.cogs_cents,
            margin_cents=month.margin_cents,
            margin_percent=_text(month.margin_percent),
            revenue_state=month.revenue_state,
            cogs_state=month.cogs_state,
            by_tenant=map(share_message, tenants[0]),
            by_deployment=map(share_message, deployments[0]),
            by_tenant_next_page_token=tenants[1],
            by_deployment_next_page_token=deployments[1],
            by_kind=kinds_message(kinds),
            shared_costs=map(split_message, splits),
            conversion=conversion,
            as_of=timestamp(month.as_of),
        )

    async def ListMarginShares(
        self, request: pb.ListMarginSharesRequest, context: Context
    ) -> pb.ListMarginSharesResponse:
        """Lists a month's margin by tenant or by deployment."""
        period = read_month(request.period, "period")
        grouping = word("group_by", request.group_by, GROUPINGS)
        tenant_id = text("tenant_id", request.tenant_id)
        size = page_size(request.page_size)
        filters = _share_filters(period, grouping, tenant_id)
        after = _place(request.page_token, filters)
        async with self._database.read(current_caller().scope) as session:
            month = await read_computed(session, period.start, "invoiced")
            rows = await list_shares(
                session, period.start, "invoiced", grouping,
                tenant_id=tenant_id, after=after, limit=size + 1,
            )  # fmt: skip  # a table
            conversion = await _conversion(session, [month] if month else [])
        page, token = cut(rows, size, filters, lambda one: (one.place,))
        return pb.ListMarginSharesResponse(
            margin_shares=map(share_message, page), next_page_token=token, conversion=conversion
        )

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
        known = {row.period: month_message(row) for row in rows}
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
        return pb.GetAccrualResponse(
            period=period.start.isoformat(),
            revenue_cents=month.revenue_cents,
            cogs_cents=month.cogs_cents,
            margin_cents=month.margin_cents,
            margin_percent=_text(month.margin_percent),
            by_tenant=map(share_message, tenants[0]),
            by_deployment=map(share_message, deployments[0]),
            by_kind=kinds_message(kinds),
            shared_costs=map(split_message, splits),
            usage_until=timestamp(month.usage_until),
            costs_until=month.costs_until.isoformat() if month.costs_until else "",
            conversion=conversion,
            failures=map(failure_message, failures),
        )

    async def ListAccruals(
        self, request: pb.ListAccrualsRequest, context: Context
    ) -> pb.ListAccrualsResponse:
        """Lists the accrual of the running month per subscription."""
        period = month_of(self._clock().date())
        tenant_id = text("tenant_id", request.tenant_id)
        deployment_id = text("deployment_id", request.deployment_id)
        size = page_size(request.page_size)
        filters = ("accruals", tenant_id, deployment_id)
        position = decode_token(request.page_token, filters, (str, str, str))
        async with self._database.read(current_caller().scope) as session:
            rows = await list_accruals(
                session,
                period,
                tenant_id=tenant_id,
                deployment_id=deployment_id,
                after=(position[0], position[1], position[2]) if position else ("", "", ""),
                limit=size + 1,
            )
        page, token = cut(
            rows,
            size,
            filters,
            lambda one: (one.tenant_id, one.deployment_id, one.subscription_id),
        )
        return pb.ListAccrualsResponse(accruals=map(accrual_message, page), next_page_token=token)

    async def ListReconciliationDifferences(
        self, request: pb.ListReconciliationDifferencesRequest, context: Context
    ) -> pb.ListReconciliationDifferencesResponse:
        """Lists the differences between the three records of a closed month."""
        period = read_month(request.period, "period")
        wanted = request.difference_type
        difference_type = word("difference_type", wanted, set(Difference)) if wanted else ""
        tenant_id = text("tenant_id", request.tenant_id)
        size = page_size(request.page_size)
        filters = ("reconciliation", period.code, difference_type, tenant_id)
        after = _place(request.page_token, filters)
        async with self._database.read(current_caller().scope) as session:
            totals = check_reconciled(await read_reconciliation(session, period), period.code)
            rows = await list_differences(
                session, period, difference_type=difference_type, tenant_id=tenant_id,
                after=after, limit=size + 1,
            )  # fmt: skip  # a table
        page, token = cut(rows, size, filters, lambda one: (one.place,))
        return pb.ListReconciliationDifferencesResponse(
            differences=map(difference_message, page),
            next_page_token=token,
            agreed_count=totals.agreed_count,
            difference_count=totals.difference_count,
        )


def _text(percent: Decimal | None) -> str | None:
    return None if percent is None else plain(percent)


async def _splits(session: ReadSession, work: Work, period: Period) -> Sequence[SharedSplit]:
    """The current split keys of shared costs."""
    costs = await current_generation(session, work, period.start)
    return await read_splits(session, costs) if costs else ()


async def _first_shares(
    session: ReadSession, period: Period, basis: Basis, grouping: str, size: int
) -> tuple[Sequence[Share], str]:
    rows = await list_shares(session, period.start, basis, grouping, after=0, limit=size + 1)
    return cut(rows, size, _share_filters(period, grouping, ""), lambda one: (one.place,))


async def _conversion(
    session: ReadSession, months: Sequence[MarginMonth]
) -> margins_pb2.Conversion:
    """The exchange rates used for the amounts of some months."""
    ids = sorted({identity for month in months for identity in month.exchange_rate_ids})
    return margins_pb2.Conversion(
        reporting_currency=months[0].reporting_currency if months else REPORTING_CURRENCY,
        exchange_rates=map(rate_message, await rates_of(session, ids)),
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


def _place(token: str, filters: tuple[str, ...]) -> int:
    position = decode_token(token, filters, (int,))
    if position is None:
        return 0
    place: int = position[0]
    if not 0 <= place < 2**31:
        raise InvalidArgument("page_token", "is not one of ours")
    return place

"""From rows of rates and margin to protos."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1 import margins_pb2
from sqlalchemy import Row

from services.analytics.margin.rules.summary import margin_of, percent_of
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = [
    "accrual_message",
    "conversion_message",
    "difference_message",
    "failure_message",
    "kinds_message",
    "margin_percent",
    "month_message",
    "rate_message",
    "share_message",
    "split_message",
]

OTHER: Final = "other"
"""A cost of no kind of resource, as among the kinds of a month."""


def rate_message(row: Row[Any]) -> margins_pb2.ExchangeRate:
    """An exchange rate."""
    return margins_pb2.ExchangeRate(
        id=str(row.id),
        from_currency=row.from_currency,
        to_currency=row.to_currency,
        rate=plain(row.rate),
        effective_from=row.effective_from.isoformat(),
        effective_to=row.effective_to.isoformat() if row.effective_to else "",
        source=row.source,
        created_by=row.created_by,
        created_at=timestamp(row.created_at),
    )


def conversion_message(
    reporting_currency: str, rates: Iterable[Row[Any]], *, parity_assumed: bool
) -> margins_pb2.Conversion:
    """How amounts were brought to one currency."""
    return margins_pb2.Conversion(
        reporting_currency=reporting_currency,
        exchange_rates=map(rate_message, rates),
        parity_assumed=parity_assumed,
    )


def margin_percent(revenue_cents: int | None, cogs_cents: int | None) -> str | None:
    """The margin in percent of the revenue; None when it is unknown."""
    return _text(percent_of(revenue_cents, cogs_cents))


def share_message(row: Row[Any]) -> margins_pb2.MarginShare:
    """What came in from somebody, and what it cost."""
    return margins_pb2.MarginShare(
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        attribution=row.attribution,
        revenue_cents=row.revenue_cents,
        cogs_cents=row.cogs_cents,
        margin_cents=margin_of(row.revenue_cents, row.cogs_cents),
        margin_percent=margin_percent(row.revenue_cents, row.cogs_cents),
    )


def kinds_message(rows: Iterable[Row[Any]]) -> margins_pb2.KindBreakdown:
    """Revenue and costs by kind, each on its own axis."""
    kinds = margins_pb2.KindBreakdown()
    for row in rows:
        axis = kinds.revenue if row.axis == "revenue" else kinds.cogs
        axis.add(kind=row.kind, amount_cents=row.amount_cents)
    return kinds


def split_message(row: Row[Any]) -> margins_pb2.SharedCostSplit:
    """By what a kind of shared cost was split."""
    return margins_pb2.SharedCostSplit(
        kind=row.kind or OTHER,
        amount_usd=plain(row.amount_usd),
        split_key=row.split_key,
        remark=row.remark,
        unkeyed_owner_count=row.unkeyed_owners,
    )


def month_message(row: Row[Any]) -> pb.MarginMonth:
    """A month of a trend."""
    return pb.MarginMonth(
        period=row.period.isoformat(),
        revenue_cents=row.revenue_cents,
        cogs_cents=row.cogs_cents,
        margin_cents=margin_of(row.revenue_cents, row.cogs_cents),
        margin_percent=margin_percent(row.revenue_cents, row.cogs_cents),
        revenue_state=row.revenue_state,
        cogs_state=row.cogs_state,
    )


def accrual_message(row: Row[Any]) -> pb.SubscriptionAccrual:
    """What a subscription has come to."""
    return pb.SubscriptionAccrual(
        subscription_id=row.subscription_id,
        deployment_id=row.deployment_id,
        tenant_id=row.tenant_id,
        accrued_cents=row.accrued_cents,
        recurring_cents=row.recurring_cents,
        overage_cents=row.overage_cents,
        ad_hoc_cents=row.ad_hoc_cents,
        currency=row.currency,
        usage_until=timestamp(row.usage_until),
        inputs_hash=row.inputs_hash,
        engine_version=row.engine_version,
        result_hash=row.result_hash,
    )


def failure_message(row: Row[Any]) -> pb.AccrualFailure:
    """A subscription that could not be priced."""
    return pb.AccrualFailure(
        subscription_id=row.subscription_id,
        deployment_id=row.deployment_id,
        tenant_id=row.tenant_id,
        reason=row.reason,
        message=row.message,
    )


def difference_message(row: Row[Any]) -> pb.ReconciliationDifference:
    """A resource on which the books disagree."""
    return pb.ReconciliationDifference(
        difference_type=row.difference_type,
        resource_id=str(row.resource_id) if row.resource_id else "",
        kind=row.kind,
        name=row.name,
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        inventory_hours=_text(row.inventory_hours),
        provider_hours=_text(row.provider_hours),
        billed_hours=_text(row.billed_hours),
        provider_amount_usd=_text(row.provider_amount_usd),
        explanation=row.explanation,
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)

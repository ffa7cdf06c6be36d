"""Rates and margins as protos."""

from collections.abc import Iterable
from typing import Final

from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1 import margins_pb2

from services.analytics.margin.rules.accruals import Accrual, AccrualFailure
from services.analytics.margin.rules.conversion import ExchangeRate
from services.analytics.margin.rules.reconciling import BookDifference
from services.analytics.margin.rules.shared_costs import SharedSplit
from services.analytics.margin.rules.summary import KindAmount, MarginMonth, Share
from services.common.rpc.messages import message_of

__all__ = [
    "accrual_message",
    "difference_message",
    "failure_message",
    "kinds_message",
    "month_message",
    "rate_message",
    "share_message",
    "split_message",
]

OTHER: Final = "other"
"""A cost of no kind of resource, as among the kinds of a month."""


def rate_message(rate: ExchangeRate) -> margins_pb2.ExchangeRate:
    """An exchange rate."""
    return message_of(margins_pb2.ExchangeRate, rate)


def share_message(share: Share) -> margins_pb2.MarginShare:
    """What came in from somebody, and what it cost."""
    holder = share.holder
    return message_of(
        margins_pb2.MarginShare,
        share,
        tenant_id=holder.tenant_id,
        deployment_id=holder.deployment_id,
        attribution=holder.attribution,
    )


def kinds_message(amounts: Iterable[KindAmount]) -> margins_pb2.KindBreakdown:
    """Revenue and costs by kind, each on its own axis."""
    kinds = margins_pb2.KindBreakdown()
    for one in amounts:
        axis = kinds.revenue if one.axis == "revenue" else kinds.cogs
        axis.add(kind=one.kind, amount_cents=one.amount_cents)
    return kinds


def split_message(split: SharedSplit) -> margins_pb2.SharedCostSplit:
    """By what a kind of shared cost was split."""
    return message_of(
        margins_pb2.SharedCostSplit,
        split,
        kind=split.kind or OTHER,
        unkeyed_owner_count=split.unkeyed_owners,
    )


def month_message(month: MarginMonth) -> pb.MarginMonth:
    """A month of a trend."""
    return message_of(pb.MarginMonth, month)


def accrual_message(accrual: Accrual) -> pb.SubscriptionAccrual:
    """What a subscription has come to."""
    return message_of(pb.SubscriptionAccrual, accrual)


def failure_message(failure: AccrualFailure) -> pb.AccrualFailure:
    """A subscription that could not be priced."""
    return message_of(pb.AccrualFailure, failure)


def difference_message(difference: BookDifference) -> pb.ReconciliationDifference:
    """A resource on which the books disagree."""
    return message_of(pb.ReconciliationDifference, difference)

"""Renders rates and margins as messages."""

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
"""The name of costs without a resource kind."""


def rate_message(rate: ExchangeRate) -> margins_pb2.ExchangeRate:
    """An exchange rate."""
    return message_of(margins_pb2.ExchangeRate, rate)


def share_message(share: Share) -> margins_pb2.MarginShare:
    """The revenue and costs of a holder."""
    holder = share.holder
    return message_of(
        margins_pb2.MarginShare,
        share,
        tenant_id=holder.tenant_id,
        deployment_id=holder.deployment_id,
        attribution=holder.attribution,
    )


def kinds_message(amounts: Iterable[KindAmount]) -> margins_pb2.KindBreakdown:
    """Revenue and costs by kind."""
    kinds = margins_pb2.KindBreakdown()
    for one in amounts:
        axis = kinds.revenue if one.axis == "revenue" else kinds.cogs
        axis.add(kind=one.kind, amount_cents=one.amount_cents)
    return kinds


def split_message(split: SharedSplit) -> margins_pb2.SharedCostSplit:
    """The split of one kind of shared cost."""
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
    """The accrual of a subscription."""
    return message_of(pb.SubscriptionAccrual, accrual)


def failure_message(failure: AccrualFailure) -> pb.AccrualFailure:
    """A subscription that could not be priced."""
    return message_of(pb.AccrualFailure, failure)


def difference_message(difference: BookDifference) -> pb.ReconciliationDifference:
    """A difference between the records of a resource."""
    return message_of(pb.ReconciliationDifference, difference)

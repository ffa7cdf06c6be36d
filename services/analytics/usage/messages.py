"""Renders usage as messages."""

from collections.abc import Iterable

from arcadia.analytics.v1 import usage_pb2

from services.analytics.usage.rules.events import Receipt, Refusal
from services.analytics.usage.rules.figures import (
    DailyUsage,
    UnmeteredResource,
    UsageFact,
    VoidedEvent,
)
from services.common.rpc.messages import message_of

__all__ = [
    "fact_message",
    "receipt_message",
    "refused_messages",
    "unmetered_message",
    "usage_message",
    "voided_message",
]


def usage_message(figure: DailyUsage) -> usage_pb2.DailyUsage:
    """A figure of usage."""
    return message_of(usage_pb2.DailyUsage, figure)


def fact_message(fact: UsageFact) -> usage_pb2.UsageFact:
    """A fact behind a figure."""
    return message_of(usage_pb2.UsageFact, fact)


def unmetered_message(resource: UnmeteredResource) -> usage_pb2.UnmeteredResource:
    """A resource that could not be metered."""
    return message_of(usage_pb2.UnmeteredResource, resource)


def receipt_message(receipt: Receipt) -> usage_pb2.EventReceipt:
    """The results of a batch of events."""
    return usage_pb2.EventReceipt(
        accepted_count=receipt.accepted,
        duplicate_count=receipt.duplicates,
        late_count=receipt.late,
        refused=refused_messages(receipt.refused),
        voided_indexes=sorted(receipt.voided),
    )


def refused_messages(refused: Iterable[Refusal]) -> list[usage_pb2.RefusedEvent]:
    """The errors, by position in the batch."""
    return [
        message_of(usage_pb2.RefusedEvent, refusal)
        for refusal in sorted(refused, key=lambda refusal: refusal.index)
    ]


def voided_message(voided: VoidedEvent) -> usage_pb2.VoidedUsageEvent:
    """An event that was voided."""
    return message_of(usage_pb2.VoidedUsageEvent, voided)

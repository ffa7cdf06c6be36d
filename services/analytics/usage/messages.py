"""From rows of usage to protos."""

from collections.abc import Iterable
from typing import Any

from arcadia.analytics.v1 import usage_pb2
from sqlalchemy import Row

from services.analytics.usage.rules.events import Receipt, Refusal
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = [
    "fact_message",
    "receipt_message",
    "refused_messages",
    "unmetered_message",
    "usage_message",
    "voided_message",
]


def usage_message(row: Row[Any]) -> usage_pb2.DailyUsage:
    """A figure of usage."""
    return usage_pb2.DailyUsage(
        id=str(row.id),
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        resource_kind=row.resource_kind,
        day=row.day.isoformat(),
        qty=plain(row.qty),
        fact_count=row.fact_count,
        facts_hash=row.facts_hash,
        metered_at=timestamp(row.metered_at),
    )


def fact_message(row: Row[Any]) -> usage_pb2.UsageFact:
    """What a figure is made of."""
    return usage_pb2.UsageFact(
        source=row.source,
        resource_id=row.resource_id,
        inventory_kind=row.inventory_kind,
        resource_name=row.resource_name,
        fact_from=timestamp(row.fact_from),
        fact_to=timestamp(row.fact_to),
        size_gb=None if row.size_gb is None else plain(row.size_gb),
        event_key=row.event_key,
        qty=plain(row.qty),
    )


def unmetered_message(row: Row[Any]) -> usage_pb2.UnmeteredResource:
    """A resource that could not be metered."""
    return usage_pb2.UnmeteredResource(
        resource_id=str(row.resource_id),
        inventory_kind=row.inventory_kind,
        resource_name=row.resource_name,
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        resource_kind=row.resource_kind,
        first_day=row.first_day.isoformat(),
        last_day=row.last_day.isoformat(),
        seconds=row.seconds,
        reason=row.reason,
    )


def receipt_message(receipt: Receipt) -> usage_pb2.EventReceipt:
    """What became of a batch of events."""
    return usage_pb2.EventReceipt(
        accepted_count=receipt.accepted,
        duplicate_count=receipt.duplicates,
        late_count=receipt.late,
        refused=refused_messages(receipt.refused),
        voided_indexes=sorted(receipt.voided),
    )


def refused_messages(refused: Iterable[Refusal]) -> list[usage_pb2.RefusedEvent]:
    """What could not be done, by its place in the batch."""
    return [
        usage_pb2.RefusedEvent(
            index=refusal.index,
            idempotency_key=refusal.idempotency_key,
            reason=refusal.reason,
            message=refusal.message,
        )
        for refusal in sorted(refused, key=lambda refusal: refusal.index)
    ]


def voided_message(row: Row[Any]) -> usage_pb2.VoidedUsageEvent:
    """An event that was voided."""
    return usage_pb2.VoidedUsageEvent(
        source=row.source,
        idempotency_key=row.idempotency_key,
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        resource_kind=row.resource_kind,
        qty=plain(row.qty),
        occurred_at=timestamp(row.occurred_at),
        reason=row.reason,
        voided_by=row.voided_by,
        voided_at=timestamp(row.voided_at),
    )

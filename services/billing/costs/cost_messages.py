"""From rows to protos: cost lines, daily costs, totals."""

from typing import Any

from arcadia.billing.v1 import costs_pb2
from sqlalchemy import Row

from services.billing.costs.invoice_messages import timestamp
from services.billing.costs.store.cost_lines import CostLine
from services.common.values.money import plain

__all__ = ["daily_message", "line_message"]


def line_message(line: CostLine) -> costs_pb2.CostLine:
    """The proto of a line."""
    return costs_pb2.CostLine(
        id=str(line.id),
        provider_invoice_id=str(line.provider_invoice_id),
        row_number=line.row_number,
        period=line.period.isoformat(),
        product=line.product,
        group_description=line.group_description,
        description=line.description,
        project_name=line.project_name,
        category=line.category,
        hours=None if line.hours is None else plain(line.hours),
        start_at=timestamp(line.start_at),
        end_at=timestamp(line.end_at),
        amount_usd=plain(line.amount_usd),
        kind=line.kind,
        classification=line.classification,
        match_state=line.match_state,
        match_rung=line.match_rung,
        match_reason=line.match_reason,
        provider_resource_id=line.provider_resource_id or line.provider_resource_uuid,
        resource_id=str(line.resource_id) if line.resource_id else "",
        tenant_id=line.tenant_id or "",
        deployment_id=line.deployment_id or "",
        region=line.region,
        shares=[
            costs_pb2.CostShare(
                tenant_id=share["tenant_id"] or "",
                deployment_id=share["deployment_id"] or "",
                seconds=share["seconds"],
                amount_usd=share["amount_usd"],
            )
            for share in line.shares or ()
        ],
    )


def daily_message(row: Row[Any]) -> costs_pb2.DailyCost:
    """The proto of a daily cost."""
    return costs_pb2.DailyCost(
        day=row.day.isoformat(),
        region=row.region,
        sku=row.sku,
        description=row.description,
        group_description=row.group_description,
        amount_usd=plain(row.amount_usd),
        kind=row.kind,
        classification=row.classification,
        match_state=row.match_state,
        match_rung=row.match_rung,
        resource_id=str(row.resource_id) if row.resource_id else "",
        tenant_id=row.tenant_id or "",
        deployment_id=row.deployment_id or "",
    )

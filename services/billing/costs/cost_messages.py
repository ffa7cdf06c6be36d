"""From the domain to protos: cost lines and daily costs."""

from arcadia.billing.v1 import costs_pb2

from services.billing.costs.store.cost_lines import CostLine
from services.billing.ingest.store.daily_costs import DailyCost
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = ["daily_message", "line_message"]


def line_message(line: CostLine) -> costs_pb2.CostLine:
    """A line of a bill."""
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


def daily_message(cost: DailyCost) -> costs_pb2.DailyCost:
    """A daily cost."""
    return costs_pb2.DailyCost(
        day=cost.day.isoformat(),
        region=cost.region,
        sku=cost.sku,
        description=cost.description,
        group_description=cost.group_description,
        amount_usd=plain(cost.amount_usd),
        kind=cost.judged.kind,
        classification=cost.judged.classification,
        match_state=cost.match_state,
        match_rung=cost.match_rung,
        resource_id=str(cost.resource_id) if cost.resource_id else "",
        tenant_id=cost.tenant_id or "",
        deployment_id=cost.deployment_id or "",
    )

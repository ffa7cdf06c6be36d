"""From rows of drift to protos, and from JSON to protobuf's values and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from arcadia.common.v1 import runs_pb2
from arcadia.inventory.v1 import drift_pb2
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value
from sqlalchemy import Row

from services.common.errors import InvalidArgument
from services.inventory.drift.rules.fields import Json
from services.inventory.drift.rules.pricing import Cost, Priced, cost_of
from services.inventory.drift.store.prices import ListPrices
from services.inventory.messages import timestamp

__all__ = ["drift_message", "json_of", "rule_message", "spec_message"]

EXACT: Final = 2.0**53
"""From here on a protobuf number is no longer the integer that the caller wrote."""


def drift_message(row: Row[Any], list_prices: ListPrices) -> drift_pb2.Drift:
    """The drift of a row of `store.listing`."""
    return drift_pb2.Drift(
        id=str(row.id),
        resource_id=str(row.resource_id),
        resource_kind=row.kind,
        provider_id=row.provider_id,
        resource_name=row.name,
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        field=row.field,
        expected=_value(row.expected),
        spec_version=row.spec_version,
        actual=_value(row.actual),
        status=row.status,
        detected_at=timestamp(row.detected_at),
        last_seen_at=timestamp(row.last_seen_at),
        resolved_at=timestamp(row.resolved_at),
        resolved_by=row.resolved_by,
        muted_by_rule_id=str(row.muted_by) if row.muted_by else "",
        cost=_cost(row, list_prices),
        cause=_cause(row),
        revert_run=_revert_run(row),
    )


def rule_message(row: Row[Any]) -> drift_pb2.IgnoreRule:
    """The ignore rule of a row of `store.rules`."""
    return drift_pb2.IgnoreRule(
        id=str(row.id),
        kind=row.kind,
        field=row.field,
        tenant_id=row.tenant_id,
        resource_id=str(row.resource_id) if row.resource_id else "",
        expires_at=timestamp(row.expires_at),
        reason=row.reason,
        created_by=row.created_by,
        created_at=timestamp(row.created_at),
        muted_count=row.muted_count,
    )


def spec_message(row: Row[Any]) -> drift_pb2.Spec:
    """The spec of a row of `cloud_provisioned`."""
    return drift_pb2.Spec(
        resource_id=str(row.resource_id),
        spec_version=row.spec_version,
        spec=json_format.ParseDict(row.spec, Struct()),
        recorded_by=row.recorded_by,
        recorded_at=timestamp(row.recorded_at),
    )


def json_of(field: str, struct: Struct) -> dict[str, Json]:
    """The JSON object of a struct, whole numbers as integers.

    Raises InvalidArgument for a number that protobuf does not hold exactly.
    """
    return {name: _json_of(f"{field}.{name}", value) for name, value in struct.fields.items()}


def _json_of(field: str, value: Value) -> Json:
    which = value.WhichOneof("kind")
    if which == "struct_value":
        return json_of(field, value.struct_value)
    if which == "list_value":
        return [_json_of(field, element) for element in value.list_value.values]
    if which == "number_value":
        return _number(field, value.number_value)
    return getattr(value, which) if which in ("string_value", "bool_value") else None


def _number(field: str, value: float) -> int | float:
    if not abs(value) < EXACT:  # nor infinite, nor not a number
        raise InvalidArgument(field, "is too large for a number; give it as a text")
    return int(value) if value.is_integer() else value


def _value(value: Json) -> Value:
    return json_format.ParseDict(value, Value())


def _cost(row: Row[Any], list_prices: ListPrices) -> drift_pb2.DriftCost | None:
    spec: Mapping[str, Json] = row.spec or {}
    cost = cost_of(
        row.kind,
        row.field,
        row.expected,
        row.actual,
        live=Priced(row.size, row.attrs),
        spec=spec,
        list_prices=list_prices.get((row.provider, row.kind), {}),
    )
    return None if cost is None else _cost_message(cost)


def _cost_message(cost: Cost) -> drift_pb2.DriftCost:
    return drift_pb2.DriftCost(
        expected_monthly_usd=_exact(cost.expected_monthly_usd),
        actual_monthly_usd=_exact(cost.actual_monthly_usd),
        delta_monthly_usd=_exact(cost.delta_monthly_usd),
    )


def _exact(amount: Decimal) -> str:
    return format(amount, "f")


def _cause(row: Row[Any]) -> drift_pb2.DriftCause | None:
    if not row.cause_action_id:
        return None
    return drift_pb2.DriftCause(
        action_id=row.cause_action_id,
        action_type=row.cause_action_type,
        occurred_at=timestamp(row.cause_occurred_at),
    )


def _revert_run(row: Row[Any]) -> runs_pb2.Run | None:
    if not row.revert_run_id:
        return None
    return runs_pb2.Run(
        workflow_id=row.revert_workflow_id,
        run_id=row.revert_run_id,
        status=row.revert_status,
        reason=row.revert_reason,
        started_at=timestamp(row.revert_started_at),
        finished_at=timestamp(row.revert_finished_at),
    )

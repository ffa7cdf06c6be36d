"""From drift to protos, and from JSON to protobuf's values and back."""

from decimal import Decimal
from typing import Final

from arcadia.common.v1 import runs_pb2
from arcadia.inventory.v1 import drift_pb2
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from services.common.errors import InvalidArgument
from services.common.rpc.wire import timestamp
from services.inventory.drift.rules.drifts import ActionCause, Drift, Revert
from services.inventory.drift.rules.fields import Json
from services.inventory.drift.rules.pricing import cost_of
from services.inventory.drift.rules.specs import Spec
from services.inventory.drift.store.ignore_rules import IgnoreRule
from services.inventory.drift.store.prices import ListPrices

__all__ = ["drift_message", "json_of", "rule_message", "spec_message"]

EXACT: Final = 2.0**53
"""From here on a protobuf number is no longer the integer that the caller wrote."""


def drift_message(drift: Drift, list_prices: ListPrices) -> drift_pb2.Drift:
    """A drift, with its cost at the list prices."""
    return drift_pb2.Drift(
        id=str(drift.id),
        resource_id=str(drift.resource_id),
        resource_kind=drift.kind,
        provider_id=drift.provider_id,
        resource_name=drift.name,
        tenant_id=drift.tenant_id,
        deployment_id=drift.deployment_id,
        field=drift.field,
        expected=_value(drift.expected),
        spec_version=drift.spec_version,
        actual=_value(drift.actual),
        status=drift.status,
        detected_at=timestamp(drift.detected_at),
        last_seen_at=timestamp(drift.last_seen_at),
        resolved_at=timestamp(drift.resolved_at),
        resolved_by=drift.resolved_by,
        muted_by_rule_id=str(drift.muted_by) if drift.muted_by else "",
        cost=_cost(drift, list_prices),
        cause=_cause(drift.cause),
        revert_run=_revert_run(drift.revert),
    )


def rule_message(rule: IgnoreRule) -> drift_pb2.IgnoreRule:
    """An ignore rule."""
    return drift_pb2.IgnoreRule(
        id=str(rule.id),
        kind=rule.kind,
        field=rule.field,
        tenant_id=rule.tenant_id,
        resource_id=str(rule.resource_id) if rule.resource_id else "",
        expires_at=timestamp(rule.expires_at),
        reason=rule.reason,
        created_by=rule.created_by,
        created_at=timestamp(rule.created_at),
        muted_count=rule.muted_count,
    )


def spec_message(spec: Spec) -> drift_pb2.Spec:
    """What a resource should be."""
    return drift_pb2.Spec(
        resource_id=str(spec.resource_id),
        spec_version=spec.spec_version,
        spec=json_format.ParseDict(dict(spec.spec), Struct()),
        recorded_by=spec.recorded_by,
        recorded_at=timestamp(spec.recorded_at),
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
        raise InvalidArgument(field, "is too large for a JSON number; send it as a string")
    return int(value) if value.is_integer() else value


def _value(value: Json) -> Value:
    return json_format.ParseDict(value, Value())


def _cost(drift: Drift, list_prices: ListPrices) -> drift_pb2.DriftCost | None:
    cost = cost_of(
        drift.kind,
        drift.field,
        drift.expected,
        drift.actual,
        live=drift.live,
        spec=drift.spec or {},
        list_prices=list_prices.get((drift.provider, drift.kind), {}),
    )
    if cost is None:
        return None
    return drift_pb2.DriftCost(
        expected_monthly_usd=_exact(cost.expected_monthly_usd),
        actual_monthly_usd=_exact(cost.actual_monthly_usd),
        delta_monthly_usd=_exact(cost.delta_monthly_usd),
    )


def _exact(amount: Decimal) -> str:
    return format(amount, "f")


def _cause(cause: ActionCause | None) -> drift_pb2.DriftCause | None:
    if cause is None:
        return None
    return drift_pb2.DriftCause(
        action_id=cause.action_id,
        action_type=cause.action_type,
        occurred_at=timestamp(cause.occurred_at),
    )


def _revert_run(revert: Revert | None) -> runs_pb2.Run | None:
    if revert is None:
        return None
    return runs_pb2.Run(
        workflow_id=revert.workflow_id,
        run_id=revert.run_id,
        status=revert.status,
        reason=revert.reason,
        started_at=timestamp(revert.started_at),
        finished_at=timestamp(revert.finished_at),
    )

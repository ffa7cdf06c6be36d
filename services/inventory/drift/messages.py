"""Renders drift as messages, and converts between JSON and protobuf values."""

from collections.abc import Callable
from typing import Final

from arcadia.common.v1 import runs_pb2
from arcadia.inventory.v1 import drift_pb2
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from services.common.errors import InvalidArgument
from services.common.rpc.messages import message_of
from services.inventory.drift.rules.drifts import Drift, cost_of
from services.inventory.drift.rules.fields import Json
from services.inventory.drift.rules.specs import Spec
from services.inventory.drift.store.prices import ListPrices

__all__ = ["drift_message", "drift_writer", "json_of", "spec_message"]

EXACT: Final = 2.0**53
"""From here on, a protobuf number may differ from the integer that the caller sent."""


def drift_message(drift: Drift, list_prices: ListPrices) -> drift_pb2.Drift:
    """A drift, with its cost at the list prices."""
    return message_of(
        drift_pb2.Drift,
        drift,
        resource_kind=drift.kind,
        resource_name=drift.name,
        expected=_value(drift.expected),
        actual=_value(drift.actual),
        muted_by_rule_id=drift.muted_by,
        cost=_cost(drift, list_prices),
        cause=drift.cause and message_of(drift_pb2.DriftCause, drift.cause),
        revert_run=drift.revert and message_of(runs_pb2.Run, drift.revert, details="", url=""),
    )


def drift_writer(list_prices: ListPrices) -> Callable[[Drift], drift_pb2.Drift]:
    """Renders drifts, with their costs at the list prices."""
    return lambda drift: drift_message(drift, list_prices)


def spec_message(spec: Spec) -> drift_pb2.Spec:
    """The spec of a resource."""
    return message_of(drift_pb2.Spec, spec, spec=json_format.ParseDict(dict(spec.spec), Struct()))


def json_of(field: str, struct: Struct) -> dict[str, Json]:
    """The JSON object of a struct, with integral numbers as integers.

    Raises InvalidArgument for a number that protobuf does not represent exactly.
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
    if not abs(value) < EXACT:  # and neither infinite nor NaN
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
    # As in the list prices: a price of 24.00 keeps its zeros.
    names = ("expected_monthly_usd", "actual_monthly_usd", "delta_monthly_usd")
    return drift_pb2.DriftCost(**{name: format(getattr(cost, name), "f") for name in names})

"""Parsers of drift requests; each error names the field."""

from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

import orjson
from arcadia.inventory.v1 import drift_service_pb2, reconcile_service_pb2

from kinds.policy import Policy
from services.common.errors import InvalidArgument
from services.common.rpc import wire
from services.common.rpc.fields import given
from services.inventory import requests
from services.inventory.drift.rules.drifts import ActionCause, ExplainedDrift, Status
from services.inventory.drift.rules.fields import ATTRS_PREFIX, PRESENCE, Json, policy_of
from services.inventory.drift.rules.specs import InvalidSpec, normal_spec
from services.inventory.drift.store.drifts import DriftFilter
from services.inventory.drift.store.ignore_rules import NewRule
from services.inventory.requests import NUL_IN_JSON
from services.inventory.resources.requests import tenant_of

__all__ = [
    "causes",
    "drift_filter",
    "list_prices",
    "new_rule",
    "raw_specs",
    "spec_of",
]

ANY: Final = "any"
MAX_PRICE: Final = Decimal(10) ** 12
"""Maximum monthly price in USD that the database stores."""
MUTED: Final = {"": None, "true": True, "false": False}


def drift_filter(request: drift_service_pb2.ListDriftsRequest) -> DriftFilter:
    """The filter of a list of drifts."""
    status = request.status or Status.OPEN.value
    if status != ANY and status not in set(Status):
        raise InvalidArgument("status", f"{status!r} is not one of {', '.join(Status)}, {ANY}")
    if request.muted not in MUTED:
        raise InvalidArgument("muted", f"{request.muted!r} is not true or false")
    return DriftFilter(
        status=None if status == ANY else status,
        kind=requests.known_kind(request.kind) if request.kind else None,
        resource_id=requests.uuid_of("resource_id", request.resource_id)
        if request.resource_id
        else None,
        tenant_id=requests.text("tenant_id", request.tenant_id) or None,
        deployment_id=requests.text("deployment_id", request.deployment_id) or None,
        field=requests.text("field", request.field) or None,
        muted=MUTED[request.muted],
    )


def new_rule(request: drift_service_pb2.CreateIgnoreRuleRequest) -> NewRule:
    """The ignore rule of a request."""
    kind = requests.known_kind(request.kind)
    field = wire.required("field", request.field).removeprefix(ATTRS_PREFIX)
    policy = policy_of(kind, field)
    if field != PRESENCE and (policy is None or policy.policy is Policy.SECRET):
        raise InvalidArgument("field", f"{field!r} is not a field of a {kind} that can drift")
    return NewRule(
        kind=kind,
        field=field,
        tenant_id=tenant_of(request.tenant_id) or None,
        resource_id=requests.uuid_of("resource_id", request.resource_id)
        if request.resource_id
        else None,
        expires_at=given(request, "expires_at", requests.instant),
        reason=wire.required("reason", request.reason),
    )


def spec_of(field: str, kind: str, raw: dict[str, Json]) -> dict[str, Json]:
    """A normalized spec."""
    if NUL_IN_JSON.search(orjson.dumps(raw).decode()):
        raise InvalidArgument(field, "has a NUL character")
    try:
        return normal_spec(kind, raw)
    except InvalidSpec as error:
        blamed = f"{field}.{error.field}" if error.field else field
        raise InvalidArgument(blamed, error.description, reason=error.reason) from None


def raw_specs(request: reconcile_service_pb2.RecordSpecsRequest) -> dict[UUID, dict[str, Json]]:
    """The specs of a batch by resource, without duplicates."""
    requests.bounded("specs", len(request.specs))
    specs: dict[UUID, dict[str, Json]] = {}
    for position, desired in enumerate(request.specs):
        field = f"specs[{position}]"
        identifier = requests.uuid_of(f"{field}.resource_id", desired.resource_id)
        if identifier in specs:
            raise InvalidArgument(f"{field}.resource_id", "is a duplicate")
        content = requests.required(f"{field}.spec_json", desired.spec_json)
        specs[identifier] = requests.json_object(f"{field}.spec_json", content)
    return specs


def causes(request: reconcile_service_pb2.RecordDriftCausesRequest) -> list[ExplainedDrift]:
    """The causes in a request."""
    requests.bounded("explained", len(request.explained))
    return [
        ExplainedDrift(
            requests.uuid_of(f"explained[{position}].drift_id", one.drift_id),
            ActionCause(
                wire.required(f"explained[{position}].cause.action_id", one.cause.action_id),
                requests.text(f"explained[{position}].cause.action_type", one.cause.action_type),
                requests.instant(f"explained[{position}].cause.occurred_at", one.cause.occurred_at),
            ),
        )
        for position, one in enumerate(request.explained)
    ]


def list_prices(request: reconcile_service_pb2.RecordListPricesRequest) -> dict[str, Decimal]:
    """The prices by lower-case size. Raises InvalidArgument for an empty list."""
    if not request.prices:
        raise InvalidArgument("prices", "is empty", reason="FIELD_REQUIRED")
    requests.bounded("prices", len(request.prices))
    return {
        wire.required(f"prices[{i}].size", price.size).lower(): _price(
            f"prices[{i}]", price.monthly_usd
        )
        for i, price in enumerate(request.prices)
    }


def _price(field: str, value: str) -> Decimal:
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= MAX_PRICE:
        raise InvalidArgument(f"{field}.monthly_usd", f"{value[:40]!r} is not a price")
    return found

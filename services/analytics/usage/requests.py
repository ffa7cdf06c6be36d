"""Parsers of usage requests; each error names the field."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from arcadia.analytics.v1 import usage_pb2, usage_service_pb2
from arcadia.inventory.v1 import lookup_service_pb2

from kinds.metering import Aggregation, Meter
from services.analytics.deployments import DeploymentRef, Owner
from services.analytics.meters import BUILT_IN, KnownMeter
from services.analytics.usage.rules.dimensions import is_value, undeclared
from services.analytics.usage.rules.events import EventKey, Refusal, SentEvent, refusal_of_time
from services.analytics.usage.rules.metering import Interval
from services.analytics.usage.store.reading import UsageFilter
from services.common.errors import InvalidArgument
from services.common.rpc.wire import instant_of, required, text, word
from services.common.values.money import MAX_QUANTITY, exact
from services.common.values.periods import optional_day

__all__ = [
    "dimension_filter",
    "interval",
    "kinds_of",
    "names_of",
    "read_event",
    "read_events",
    "read_keys",
    "require_batch",
    "require_declared",
    "usage_filter",
]

MAX_EVENTS: Final = 5_000
NONE: Final = Decimal(0)

ONE: Final = Decimal(1)

MAX_UNIQUE_LENGTH: Final = 200
MAX_FILTER_LENGTH: Final = 1_000


def usage_filter(
    request: usage_service_pb2.ListDailyUsageRequest
    | usage_service_pb2.ListUnmeteredResourcesRequest,
    meters: Mapping[str, KnownMeter],
) -> UsageFilter:
    """The usage filter of a request; its kind, if it has one, is that of a known meter."""
    from_day = optional_day(request.from_day, "from_day")
    to_day = optional_day(request.to_day, "to_day")
    if from_day and to_day and to_day <= from_day:
        raise InvalidArgument("to_day", "is not after from_day", reason="OUT_OF_RANGE")
    kind = request.resource_kind
    return UsageFilter(
        tenant_id=text("tenant_id", request.tenant_id),
        deployment_id=text("deployment_id", request.deployment_id),
        resource_kind=_meter(kind, meters).meter.code if kind else "",
        from_day=from_day,
        to_day=to_day,
    )


def dimension_filter(said: str) -> dict[str, str]:
    """The values of each dimension of a filter, such as `size=s-1,s-2;region=syd1`.

    Raises InvalidArgument.
    """
    found: dict[str, str] = {}
    for one in text("dimensions", said, MAX_FILTER_LENGTH).split(";") if said else ():
        key, _, values = one.partition("=")
        if not key or not values:
            wrong = f"{one!r} is not a dimension with a value, as in size=s-1vcpu-1gb"
            raise InvalidArgument("dimensions", wrong, reason="MALFORMED_VALUE")
        if key in found:
            wrong = f"{key!r} is named twice; name its values together, as in {key}=a,b"
            raise InvalidArgument("dimensions", wrong, reason="MALFORMED_VALUE")
        found[key] = values
    return found


def require_declared(keys: Iterable[str], declared: Collection[str]) -> None:
    """Raises InvalidArgument for the key of a filter that no meter declares."""
    for key in keys:
        word("dimensions", key, declared, "UNKNOWN_DIMENSION")


def _meter(kind: str, meters: Mapping[str, KnownMeter]) -> KnownMeter:
    known = meters.get(required("resource_kind", kind))
    if known is None:
        raise InvalidArgument(
            "resource_kind",
            f"{kind[:100]!r} is neither a meter of the catalog nor one of"
            f" {', '.join(sorted(BUILT_IN))}",
            reason="UNKNOWN_KIND",
        )
    return known


def kinds_of(events: Sequence[usage_pb2.UsageEvent]) -> dict[str, set[str]]:
    """The kinds of usage in a batch, each with the keys of its dimensions."""
    kinds: dict[str, set[str]] = {}
    for event in events:
        keys = kinds.setdefault(event.resource_kind, set())
        if event.dimensions:
            keys.update(event.dimensions)
    return kinds


def read_events(
    events: Sequence[usage_pb2.UsageEvent], meters: Mapping[str, KnownMeter], now: datetime
) -> tuple[list[SentEvent], list[Refusal]]:
    """The valid events of a batch, and the invalid ones with the reason."""
    sent, refused = [], []
    for index, event in enumerate(events):
        try:
            sent.append(read_event(index, event, meters, now))
        except InvalidArgument as error:
            refused.append(Refusal(index, event.idempotency_key, error.reason, error.message))
    return sent, refused


def read_keys(
    keys: Sequence[usage_pb2.UsageEventKey],
) -> tuple[list[EventKey], list[Refusal]]:
    """The valid keys of a batch, and the invalid ones with the reason.

    Raises InvalidArgument for a batch that is empty or too large.
    """
    require_batch(len(keys))
    read, refused = [], []
    for index, key in enumerate(keys):
        try:
            source = required("source", key.source)
            read.append(EventKey(index, source, required("idempotency_key", key.idempotency_key)))
        except InvalidArgument as error:
            refused.append(Refusal(index, key.idempotency_key, error.reason, error.message))
    return read, refused


def require_batch(count: int) -> None:
    """Raises InvalidArgument for a batch that is empty or too large."""
    if not count:
        raise InvalidArgument("events", "is required", reason="FIELD_REQUIRED")
    if count > MAX_EVENTS:
        raise InvalidArgument(
            "events", f"has {count} entries, at most {MAX_EVENTS}", reason="BATCH_TOO_LARGE"
        )


def read_event(
    index: int, event: usage_pb2.UsageEvent, meters: Mapping[str, KnownMeter], now: datetime
) -> SentEvent:
    """Parses one event. Raises InvalidArgument."""
    if not event.HasField("occurred_at"):
        raise InvalidArgument("occurred_at", "is required", reason="FIELD_REQUIRED")
    occurred_at = instant_of(event.occurred_at, "occurred_at")
    if wrong := refusal_of_time(occurred_at, now):
        raise InvalidArgument("occurred_at", wrong, reason="OUT_OF_RANGE")
    deployment = required("deployment_id", event.deployment_id)
    tenant_id = text("tenant_id", event.tenant_id)
    if not tenant_id and not DeploymentRef("", deployment).is_by_id:
        raise InvalidArgument(
            "tenant_id", "is required if deployment_id is a slug", reason="FIELD_REQUIRED"
        )
    known = _meter(event.resource_kind, meters)
    meter = known.meter
    qty = _quantity(event, meter)
    # A level goes on until an event ends it.
    ends_level = meter.aggregation is Aggregation.TIME_WEIGHTED and not qty
    too_late = known.retired_at is not None and occurred_at >= known.retired_at
    return SentEvent(
        index=index,
        source=required("source", event.source),
        idempotency_key=required("idempotency_key", event.idempotency_key),
        tenant_id=tenant_id,
        deployment=deployment,
        resource_kind=meter.code,
        qty=qty,
        occurred_at=occurred_at,
        dimensions=_dimensions(meter, event.dimensions) if event.dimensions else {},
        aggregation=meter.aggregation,
        basis=meter.basis,
        unique_value=_unique_value(event, meter),
        is_of_retired_meter=too_late and not ends_level,
    )


def _quantity(event: usage_pb2.UsageEvent, meter: Meter) -> Decimal:
    """The quantity of an event; of a meter of unique values, 1."""
    if meter.aggregation is not Aggregation.UNIQUE:
        return exact(event.qty, "qty", minimum=NONE, maximum=MAX_QUANTITY)
    if event.qty and exact(event.qty, "qty") != ONE:
        raise InvalidArgument(
            "qty", f"is empty or 1: {meter.code} counts unique values", reason="OUT_OF_RANGE"
        )
    return ONE


def _unique_value(event: usage_pb2.UsageEvent, meter: Meter) -> str:
    if meter.aggregation is Aggregation.UNIQUE:
        return text("unique_value", required("unique_value", event.unique_value), MAX_UNIQUE_LENGTH)
    if event.unique_value:
        raise InvalidArgument("unique_value", f"is empty: {meter.code} counts no unique values")
    return ""


def _dimensions(meter: Meter, said: Mapping[str, str]) -> dict[str, str]:
    for key in undeclared(meter, said):
        declared = ", ".join(meter.dimensions) or "none"
        raise InvalidArgument(
            f"dimensions.{key[:100]}",
            f"is not declared by {meter.code}, whose dimensions are: {declared}",
            reason="UNKNOWN_DIMENSION",
        )
    for key, value in said.items():
        if not is_value(value):
            raise InvalidArgument(
                f"dimensions.{key}",
                "is not 1 to 100 letters, digits or ._:/@+-",
                reason="MALFORMED_VALUE",
            )
    return dict(said)


def names_of(interval: lookup_service_pb2.ExistenceInterval) -> DeploymentRef:
    """The deployment of an inventory interval."""
    return DeploymentRef(interval.tenant_id, interval.deployment_id)


def interval(
    message: lookup_service_pb2.ExistenceInterval, owners: dict[DeploymentRef, Owner]
) -> Interval:
    """An interval, with the deployment resolved to the catalog's id if known."""
    named = Owner(message.tenant_id, message.deployment_id)
    owner = owners.get(names_of(message), named) if message.deployment_id else named
    return Interval(
        resource_id=UUID(message.resource_id),
        kind=message.kind,
        name=message.name,
        tenant_id=owner.tenant_id,
        deployment_id=owner.deployment_id,
        start=instant_of(message.interval_from),
        end=instant_of(message.interval_to),
        status=message.status,
        size_gb=_size_of(message),
        unmeasured=message.size_unknown_because,
        fields={"size": message.size, **message.fields},
    )


def _size_of(message: lookup_service_pb2.ExistenceInterval) -> Decimal | None:
    """The size of a resource; None if it is unknown or implausible.

    One implausible size must not stop metering; it counts as unmetered.
    """
    if not message.HasField("size_gb"):
        return None
    try:
        return exact(message.size_gb, "size_gb", minimum=NONE, maximum=MAX_QUANTITY)
    except InvalidArgument:
        return None

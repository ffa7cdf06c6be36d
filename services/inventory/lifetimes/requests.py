"""Parsers of lookup requests; each error names the field."""

from collections.abc import Sequence

from arcadia.inventory.v1 import lookup_service_pb2 as pb

from services.common.errors import InvalidArgument
from services.common.rpc.fields import given
from services.inventory.lifetimes.rules.lifetimes import Window
from services.inventory.lifetimes.store import ExistenceFilter, LifetimeFilter, ResourceKey
from services.inventory.requests import bounded, instant, known_kind, known_provider, text, uuid_of

__all__ = [
    "existence_filter",
    "lifetime_filter",
    "resource_keys",
    "texts",
    "window",
]


def resource_keys(request: pb.LookupResourcesRequest) -> list[ResourceKey]:
    """The lookup keys: each a provider id, or a kind and a name, or only a resource id."""
    bounded("keys", len(request.keys))
    return [_key(f"keys[{position}]", key) for position, key in enumerate(request.keys)]


def _key(field: str, key: pb.ResourceKey) -> ResourceKey:
    if key.resource_id:
        if key.kind or key.provider_id or key.name:
            raise InvalidArgument(field, "has other fields besides resource_id")
        return ResourceKey("", "", "", uuid_of(f"{field}.resource_id", key.resource_id))
    if not key.provider_id and not (key.kind and key.name):
        raise InvalidArgument(
            field,
            "needs a provider_id, or a kind and a name, or a resource_id",
            reason="FIELD_REQUIRED",
        )
    return ResourceKey(
        kind=known_kind(key.kind, f"{field}.kind") if key.kind else "",
        provider_id=text(f"{field}.provider_id", key.provider_id),
        name=text(f"{field}.name", key.name),
    )


def lifetime_filter(request: pb.ListLifetimesRequest) -> LifetimeFilter:
    """The filter of a list of lifetimes."""
    start, end = given(request, "overlap_from", instant), given(request, "overlap_to", instant)
    if start is not None and end is not None and end <= start:
        raise InvalidArgument("overlap_to", "is not after overlap_from")
    return LifetimeFilter(
        provider=known_provider(request.provider),
        kind=known_kind(request.kind) if request.kind else "",
        deployment_id=text("deployment_id", request.deployment_id),
        overlap_from=start,
        overlap_to=end,
    )


def window(request: pb.ListExistenceIntervalsRequest) -> Window:
    """The window to which intervals are clipped."""
    for field in ("span_from", "span_to"):
        if not request.HasField(field):
            raise InvalidArgument(field, "is required", reason="FIELD_REQUIRED")
    asked = Window(instant("span_from", request.span_from), instant("span_to", request.span_to))
    if asked.end <= asked.start:
        raise InvalidArgument("span_to", "is not after span_from")
    return asked


def existence_filter(request: pb.ListExistenceIntervalsRequest) -> ExistenceFilter:
    """The filter of a list of intervals."""
    kinds = {known_kind(kind, f"kinds[{position}]") for position, kind in enumerate(request.kinds)}
    return ExistenceFilter(tuple(sorted(kinds)), text("deployment_id", request.deployment_id))


def texts(field: str, values: Sequence[str]) -> list[str]:
    """A batch of texts without duplicates."""
    bounded(field, len(values))
    return list(dict.fromkeys(text(f"{field}[{i}]", value) for i, value in enumerate(values)))

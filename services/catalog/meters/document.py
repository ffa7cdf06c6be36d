"""The section `meters` of a catalog document."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from arcadia.catalog.v1 import meter_service_pb2 as pb

from kinds.metering import COST_IS_STATED, Aggregation, Basis, Meter
from services.catalog.meters.requests import meter_terms, new_cost
from services.catalog.meters.rules.costs import NewCost, built_in_meter
from services.catalog.meters.rules.entries import MeterEntry
from services.catalog.meters.rules.meters import MeterCost, Meters, StoredMeter
from services.catalog.plans.document_entries import message_of
from services.common.errors import InvalidArgument
from services.common.values.money import plain

__all__ = ["meter_contents", "meter_entry"]


def meter_entry(entry: dict[str, Any], path: str, meters: Meters) -> MeterEntry:
    """An entry of the section; `meters` are the known ones, whose units its costs may have too.

    Raises InvalidArgument with the path of the error.
    """
    said = {key: value for key, value in entry.items() if key != "costs"}
    built_in = _built_in(said, path)
    if built_in is not None:
        return MeterEntry(built_in.code, None, _costs(entry, path, built_in))
    terms = meter_terms(message_of(said, pb.CreateMeterRequest, path), f"{path}.")
    meter = meters.with_declared([terms])[terms.code]
    return MeterEntry(terms.code, terms, _costs(entry, path, meter))


def _built_in(said: dict[str, Any], path: str) -> Meter | None:
    """The built-in meter of an entry that has only costs beside its code."""
    code = said.get("code")
    if set(said) != {"code"} or not isinstance(code, str):
        return None
    return built_in_meter(code, f"{path}.code")


def _costs(entry: dict[str, Any], path: str, meter: Meter) -> tuple[NewCost, ...]:
    costs = entry.get("costs") or []
    if not isinstance(costs, list):
        raise InvalidArgument(f"{path}.costs", "is not a list")
    stated: list[NewCost] = []
    for place, one in enumerate(costs):
        inner = f"{path}.costs[{place}]"
        if not isinstance(one, dict):
            raise InvalidArgument(inner, "is not a mapping")
        request = message_of(one, pb.SetMeterCostRequest, inner)
        request.meter_code = meter.code
        cost = new_cost(request, meter, f"{inner}.")
        if any(cost.effective_from == other.effective_from for other in stated):
            raise InvalidArgument(inner, "is there already", reason="DUPLICATE")
        stated.append(cost)
    return tuple(stated)


def meter_contents(
    meters: Iterable[StoredMeter], costs: Iterable[MeterCost]
) -> list[dict[str, Any]]:
    """The entries of event meters without retired ones, and of built-in meters with costs."""
    of_meter: dict[str, list[dict[str, Any]]] = {}
    for cost in costs:
        of_meter.setdefault(cost.meter_code, []).append(_cost_content(cost))
    contents = [
        _content(meter, of_meter.get(meter.terms.code, []))
        for meter in meters
        if meter.retired_at is None and meter.terms.code not in COST_IS_STATED
    ]
    contents += [
        {"code": code, "costs": of_meter[code]} for code in COST_IS_STATED if code in of_meter
    ]
    return sorted(contents, key=itemgetter("code"))


def _content(meter: StoredMeter, costs: list[dict[str, Any]]) -> dict[str, Any]:
    terms = meter.terms
    said: dict[str, Any] = {
        "code": terms.code,
        "name": terms.name,
        "units": [{"unit": one.unit, "factor": one.factor} for one in terms.units],
    }
    if terms.aggregation is not Aggregation.SUM:
        said["aggregation"] = str(terms.aggregation)
    if terms.basis is not Basis.EVENTS:
        said["basis"] = str(terms.basis)
    if terms.dimensions:
        said["dimensions"] = list(terms.dimensions)
    if costs:
        said["costs"] = costs
    return said


def _cost_content(cost: MeterCost) -> dict[str, Any]:
    said = {
        "unit": cost.unit,
        "unit_cost_cents": plain(cost.unit_cost_cents),
        "currency": cost.currency,
        "effective_from": cost.effective_from.isoformat(),
    }
    if cost.effective_to is not None:
        said["effective_to"] = cost.effective_to.isoformat()
    return said

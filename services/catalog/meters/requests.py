"""Parsers of requests about meters."""

from collections.abc import Iterable

from arcadia.catalog.v1 import meter_service_pb2 as pb
from arcadia.catalog.v1 import meters_pb2

from kinds.metering import Aggregation, Basis, Meter
from services.catalog import requests
from services.catalog.meters.rules.costs import NewCost, check_months, unit_of
from services.catalog.meters.rules.declaring import check_meter
from services.catalog.meters.rules.meters import MeterTerms, Unit, in_order
from services.catalog.plans.rules.terms import MAX_PRICE
from services.common.values.money import currency_code, exact
from services.common.values.periods import optional_day, read_day

__all__ = ["meter_terms", "new_cost", "units"]


def meter_terms(request: pb.CreateMeterRequest, field: str = "") -> MeterTerms:
    """The event meter to add; `field` is its path in the input."""
    aggregation, basis = request.aggregation, request.basis
    terms = MeterTerms(
        code=requests.code(f"{field}code", request.code),
        name=requests.name(f"{field}name", request.name),
        units=in_order(units(f"{field}units", request.units)),
        aggregation=Aggregation(
            requests.one_of(
                f"{field}aggregation",
                aggregation or Aggregation.SUM,
                tuple(Aggregation),
                "UNKNOWN_AGGREGATION",
            )
        ),
        basis=Basis(
            requests.one_of(f"{field}basis", basis or Basis.EVENTS, tuple(Basis), "UNKNOWN_BASIS")
        ),
        dimensions=tuple(request.dimensions),
    )
    check_meter(terms, field)
    return terms


def new_cost(request: pb.SetMeterCostRequest, meter: Meter, field: str = "") -> NewCost:
    """The cost of a meter to state; `field` is its path in the input."""
    cost = NewCost(
        meter_code=meter.code,
        unit=unit_of(meter, request.unit, f"{field}unit"),
        unit_cost_cents=exact(
            requests.required(f"{field}unit_cost_cents", request.unit_cost_cents),
            f"{field}unit_cost_cents",
            minimum=0,
            maximum=MAX_PRICE,
        ),
        currency=currency_code(f"{field}currency", request.currency),
        effective_from=read_day(
            requests.required(f"{field}effective_from", request.effective_from),
            f"{field}effective_from",
        ),
        effective_to=optional_day(request.effective_to, f"{field}effective_to"),
    )
    check_months(cost, field)
    return cost


def units(field: str, said: Iterable[meters_pb2.MeterUnit]) -> list[Unit]:
    """Units with their factors."""
    return [
        Unit(requests.required(f"{field}[{place}].unit", one.unit), one.factor)
        for place, one in enumerate(said)
    ]

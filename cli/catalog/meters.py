"""`arcadia catalog meters`: the meters, and the event meters that an operator adds."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import meter_service_pb2 as pb
from arcadia.catalog.v1 import meters_pb2

from cli.caller import call, pages
from cli.options import Yes, command_group
from cli.output import instant, print_list, say_all
from kinds.metering import Aggregation, Basis
from services.catalog.meters.rules.meters import Meters, MeterTerms, Unit

__all__ = ["commands", "known_meters"]

commands = command_group("Show and add meters, and state what their units cost.")

Code = Annotated[str, typer.Argument(help="The meter's code, such as `api_calls`.")]
Units = Annotated[
    list[str] | None,
    typer.Option("--unit", help="A unit, such as `1k_calls=1000`; repeatable."),
]
Dimensions = Annotated[
    list[str] | None,
    typer.Option("--dimension", help="A key of its dimensions, such as `model`; repeatable."),
]


def known_meters() -> Meters:
    """The meters that the catalog knows, to read prices before they are sent."""
    request = pb.ListMetersRequest(source="events", include_retired=True)
    listed = [one for one in pages(request, "meters") if one.created_by]
    return Meters(tuple(map(_terms, listed)), frozenset(one.code for one in listed if one.retired))


@commands.command("list")
def list_meters(
    source: Annotated[str, typer.Option(help="Only of this source, inventory or events.")] = "",
    retired: Annotated[bool, typer.Option("--retired", help="Retired ones too.")] = False,
) -> None:
    """List the meters by code."""
    _print(pages(pb.ListMetersRequest(source=source, include_retired=retired), "meters"))


@commands.command("show")
def show_meter(code: Code) -> None:
    """Show a meter."""
    meter = call(pb.GetMeterRequest(code=code)).meter
    lines = {
        "name": meter.name,
        "units": _units(meter),
        "aggregation": _aggregation(meter),
        "dimensions": ", ".join(meter.dimensions),
        "source": meter.source,
        "cost": _cost(meter),
        "added": f"{instant(meter.created_at)} by {meter.created_by}" if meter.created_by else "",
        "retired": "yes" if meter.retired else "",
    }
    say_all([meter.code, *(f"  {name}: {value}" for name, value in lines.items() if value)])


@commands.command("add")
def add_meter(
    code: Code,
    name: Annotated[str, typer.Argument(help="The name for people, such as `API calls`.")],
    unit: Units = None,
    dimension: Dimensions = None,
    aggregation: Annotated[
        str, typer.Option(help="sum, time_weighted, max, latest or unique.")
    ] = "sum",
    basis: Annotated[str, typer.Option(help="For time_weighted: hours or months.")] = "",
) -> None:
    """Add an event meter; one of its units has the factor 1, such as `call=1`."""
    request = pb.CreateMeterRequest(
        code=code,
        name=name,
        units=_read_units(unit),
        aggregation=aggregation,
        basis=basis,
        dimensions=dimension or (),
    )
    _print([call(request).meter])


@commands.command("change")
def change_meter(
    code: Code,
    name: Annotated[str | None, typer.Option(help="The new name for people.")] = None,
    unit: Units = None,
    dimension: Dimensions = None,
) -> None:
    """Rename an event meter, or add units and dimensions to it."""
    request = pb.UpdateMeterRequest(
        code=code, name=name, units=_read_units(unit), dimensions=dimension or ()
    )
    _print([call(request).meter])


@commands.command("retire")
def retire_meter(code: Code, yes: Yes = False) -> None:
    """Retire an event meter: it takes no new prices and events, and never returns."""
    if not yes:
        typer.confirm(f"Retire {code} for good?", abort=True)
    _print([call(pb.RetireMeterRequest(code=code)).meter])


@commands.command("cost")
def state_cost(
    code: Code,
    cents: Annotated[str, typer.Argument(help="The cost of a unit in cents, such as 0.25.")],
    currency: Annotated[str, typer.Argument(help="ISO 4217, such as USD.")],
    since: Annotated[str, typer.Argument(help="The first month, by its first day.")],
    unit: Annotated[str, typer.Option(help="The unit; the base unit by default.")] = "",
    until: Annotated[str, typer.Option(help="The first month without it, by its first day.")] = "",
) -> None:
    """State what a unit of an event meter, or of llm_tokens, costs, from a month on."""
    request = pb.SetMeterCostRequest(
        meter_code=code,
        unit=unit,
        unit_cost_cents=cents,
        currency=currency,
        effective_from=since,
        effective_to=until,
    )
    _print_costs([call(request).meter_cost])


@commands.command("costs")
def list_costs(
    meter: Annotated[str, typer.Option(help="Only of this meter.")] = "",
    on: Annotated[str, typer.Option(help="Only those in force on this day, an ISO date.")] = "",
) -> None:
    """List what the units of event meters cost, newest first."""
    request = pb.ListMeterCostsRequest(meter_code=meter, in_force_on=on)
    _print_costs(pages(request, "meter_costs"))


def _read_units(said: list[str] | None) -> list[meters_pb2.MeterUnit]:
    found = []
    for one in said or ():
        unit, _, factor = one.partition("=")
        if not factor.isdecimal():
            raise typer.BadParameter(f"{one!r} is not like 1k_calls=1000")
        found.append(meters_pb2.MeterUnit(unit=unit, factor=int(factor)))
    return found


def _print(meters: list[meters_pb2.Meter]) -> None:
    print_list(
        {
            "meter": "code",
            "name": "name",
            "units": _units,
            "aggregation": _aggregation,
            "dimensions": lambda one: ", ".join(one.dimensions),
            "source": "source",
            "cost": _cost,
            "": lambda one: "retired" if one.retired else "",
        },
        meters,
        "There are no meters.",
    )


def _print_costs(costs: list[meters_pb2.MeterCost]) -> None:
    print_list(
        {
            "meter": "meter_code",
            "cents": "unit_cost_cents",
            "in": "currency",
            "unit": "unit",
            "from": "effective_from",
            "to": "effective_to",
            "by": "created_by",
        },
        costs,
        "There are no costs.",
    )


def _units(meter: meters_pb2.Meter) -> str:
    return ", ".join(
        one.unit if one.factor == 1 else f"{one.unit} = {one.factor:,}" for one in meter.units
    )


def _aggregation(meter: meters_pb2.Meter) -> str:
    of_time = meter.aggregation == Aggregation.TIME_WEIGHTED
    return f"{meter.aggregation} in {meter.basis}" if of_time else meter.aggregation


def _cost(meter: meters_pb2.Meter) -> str:
    if not meter.HasField("cost"):
        return ""
    cost = meter.cost
    return f"{cost.unit_cost_cents} {cost.currency} cents a {cost.unit}"


def _terms(meter: meters_pb2.Meter) -> MeterTerms:
    return MeterTerms(
        meter.code,
        meter.name,
        tuple([Unit(one.unit, one.factor) for one in meter.units]),
        Aggregation(meter.aggregation),
        Basis(meter.basis),
        tuple(meter.dimensions),
    )

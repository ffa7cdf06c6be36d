"""`arcadia catalog list-prices`: the provider's list prices and their changes."""

import re
from decimal import Decimal
from typing import Annotated

import typer
from arcadia.catalog.v1 import list_price_service_pb2 as pb

from cli.caller import pages
from cli.options import Follow
from cli.output import print_list, print_table, say
from cli.runs import run_workflow, under_way
from contracts.costs import list_price_sync
from contracts.flows import BY_HAND
from services.common.values.money import amount_text
from workflows.costs.readings import ListPriceSync

__all__ = ["fetch_list_prices", "list_changes", "list_prices"]

Meter = Annotated[str, typer.Option(help="Only of this meter, such as `droplet_hours`.")]
On = Annotated[str, typer.Option(help="Only those in force on this day, an ISO date.")]

FETCH = "`arcadia catalog fetch-list-prices` reads them"


def list_prices(meter: Meter = "", on: On = "") -> None:
    """List the provider's list prices, by meter and dimensions, newest first."""
    found = pages(pb.ListListPricesRequest(meter=meter, in_force_on=on), "list_prices")
    if not found:
        say(f"There are no list prices; {FETCH}.")
    print_list(
        {
            "meter": "meter",
            "of": _dimensions,
            "USD": "usd",
            "for": "per_qty",
            "source": "source",
            "from": "effective_from",
            "to": "effective_to",
        },
        sorted(found, key=_by_size),
        optional=("source", "to"),
    )


def list_changes(meter: Meter = "") -> None:
    """List changes of list prices, newest first, with the margins before and after."""
    found = pages(pb.ListListPriceChangesRequest(meter=meter), "list_price_changes")
    if not found:
        say("No list price has changed.")
    print_table(
        ("on", "meter", "of", "USD", "price", "a unit", "margin before", "after"),
        (row for change in found for row in _rows(change)),
        optional=("a unit", "meter", "margin before"),
    )


def fetch_list_prices(follow: Follow = True) -> None:
    """Read the provider's list prices now and record their changes."""
    start = list_price_sync(BY_HAND)
    run_workflow("sync", start, ListPriceSync.run, progress=under_way, wait=follow)


def _by_size(price: pb.ListPrice) -> tuple[str, list[tuple[int, str]]]:
    """Orders by meter and dimensions, in which numbers count as such: 2 before 16."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", _dimensions(price))
    return price.meter, [(int(number or -1), words) for number, words in parts]


def _dimensions(price: pb.ListPrice) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(price.dimensions.items()))


def _rows(change: pb.ListPriceChange) -> list[tuple[str, ...]]:
    """A row per price of ours; one row without any if none sells the meter."""
    before, after = change.before, change.after
    usd = f"{before.usd} → {after.usd} for {after.per_qty}"
    place = (change.effective_on, after.meter, _dimensions(after), usd)
    effects = [
        (
            effect.name,
            f"{amount_text(Decimal(effect.unit_price_cents), effect.currency)} per {effect.unit}",
            _percent(effect, "margin_percent_before"),
            _percent(effect, "margin_percent_after"),
        )
        for effect in change.margin_effects
    ]
    return [(*place, *effect) for effect in effects] or [(*place, "", "", "", "")]


def _percent(effect: pb.MarginEffect, field: str) -> str:
    return f"{getattr(effect, field)} %" if effect.HasField(field) else "unknown"

"""`arcadia catalog prices`: shows and sets resource prices, also as a table of sizes and as CSV."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from google.protobuf.struct_pb2 import Value

from cli.caller import pages
from cli.catalog.changes import apply_document
from cli.catalog.meters import known_meters
from cli.catalog.price_csv import UnreadableCsv, document_of, matched, write_csv
from cli.options import Output, Yes, text_of
from cli.output import print_list, say

__all__ = ["export_prices", "import_prices", "list_resource_prices", "match_text", "set_prices"]

Meter = Annotated[str, typer.Option(help="Only of this meter, such as `droplet_hours`.")]
On = Annotated[str, typer.Option(help="Only those in force on this day, an ISO date.")]
Csv = Annotated[
    Path,
    typer.Argument(help="A CSV file as `export-prices` writes it.", exists=True, dir_okay=False),
]


def list_resource_prices(meter: Meter = "", on: On = "") -> None:
    """List the resource prices, by meter and what they match, newest first."""
    found = _prices(meter, on)
    if not found:
        say("There are no resource prices.")
    print_list(
        {
            "meter": "resource_kind",
            "of": lambda price: match_text(price.match),
            "cents": "unit_price_cents",
            "per": "unit",
            "currency": "currency",
            "from": "effective_from",
            "to": "effective_to",
        },
        found,
    )


def match_text(match: Any) -> str:
    """The usage that a row matches: `size s-1vcpu-1gb, gpu-*; region syd1`, or `all`."""
    said: dict[str, Value] = match
    return "; ".join(f"{key} {', '.join(values)}" for key, values in matched(said).items()) or "all"


def export_prices(meter: Meter = "", on: On = "", output: Output = None) -> None:
    """Write the resource prices as CSV, with a column per dimension."""
    content = write_csv(_prices(meter, on))
    if output is None:
        typer.echo(content, nl=False)
    else:
        output.write_text(content)


def import_prices(file: Csv, yes: Yes = False) -> None:
    """Set the resource prices of a CSV file, all or nothing; others are kept."""
    try:
        document = document_of(text_of(file), known_meters())
    except UnreadableCsv as error:
        raise typer.BadParameter(str(error)) from None
    apply_document(document, yes=yes)


def set_prices(
    meter: Annotated[str, typer.Argument(help="The meter, such as `droplet_hours`.")],
    prices: Annotated[
        list[str],
        typer.Argument(help="A price in cents for each value, such as `s-1vcpu-2gb=4.1`."),
    ],
    unit: Annotated[str, typer.Option(help="The unit that is priced, such as `hour`.")],
    currency: Annotated[str, typer.Option(help="ISO 4217, such as AUD.")],
    effective_from: Annotated[str, typer.Option("--from", help="The first day, an ISO date.")],
    by: Annotated[str, typer.Option(help="The dimension of the values.")] = "size",
    yes: Yes = False,
) -> None:
    """Set a table of resource prices from a day on: a price for each size."""
    table = {}
    for said in prices:
        value, equals, cents = said.partition("=")
        if not equals or value in table:
            raise typer.BadParameter(f"{said!r} is not VALUE=CENTS, each value once")
        table[value] = cents
    entry = {
        "resource_kind": meter,
        "unit": unit,
        "currency": currency,
        "effective_from": effective_from,
        "by": by,
        "prices": table,
    }
    apply_document(yaml.safe_dump({"resource_prices": [entry]}, sort_keys=False), yes=yes)


def _prices(meter: str, on: str) -> list[catalog_pb2.ResourcePrice]:
    request = pb.ListResourcePricesRequest(resource_kind=meter, in_force_on=on)
    return pages(request, "resource_prices")

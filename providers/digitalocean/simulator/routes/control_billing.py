"""Control API of bills: invoices of any length, and their spelling."""

from datetime import timedelta
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.digitalocean.simulator.billing.invoices import Invoice
from providers.digitalocean.simulator.billing.lines import Period
from providers.digitalocean.simulator.billing.spellings import (
    Spelling,
    respell,
    spellings_of,
)
from providers.digitalocean.simulator.billing.synthetic import (
    Billed,
    SyntheticInvoice,
    amount_of,
)
from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Query
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.world.ids import Ids

__all__ = ["routes"]

MAX_LINES: Final = 100_000_000
MAX_DROPLETS: Final = 100_000


async def _add_invoice(request: Request) -> Response:
    """`{"lines", "droplets"?, "items"?}`: one more for the last month, on so many droplets.

    Its JSON form knows the first `items` lines, all when it is not said.
    """
    simulation = simulation_of(request)
    asked = await payload(request)
    lines = required(asked, "lines", int)
    droplets = optional(asked, "droplets", int, 1_000)
    if not 0 < lines <= MAX_LINES or not 0 < droplets <= MAX_DROPLETS:
        raise Unprocessable(f"lines and droplets must be from 1 to {MAX_LINES}, {MAX_DROPLETS}")
    items = min(optional(asked, "items", int, lines), lines)
    invoice = _synthetic(simulation, lines, droplets, items)
    simulation.invoices.add(invoice)
    head = invoice.head
    return JSONResponse(
        {
            "invoice_uuid": head.uuid,
            "invoice_period": head.period,
            "amount": str(head.amount),
            "droplets": len(invoice.droplets),
        },
        201,
    )


def _synthetic(simulation: Simulation, lines: int, droplets: int, items: int) -> SyntheticInvoice:
    now = simulation.clock.now()
    period = Period.month_of(Period.month_of(now).start - timedelta(days=1))
    uuid = Ids(int(simulation.store.fact("seed") or "0")).uuid(
        "synthetic", f"{lines}/{droplets}/{items}"
    )
    head = Invoice(uuid, f"9{lines}", period.name, amount_of(lines), period.end)
    bodies, _ = simulation.store.page(Query("droplet"), 0, droplets)
    billed = [_billed(simulation, body) for body in bodies]
    return SyntheticInvoice(head, period, billed, lines, items)


def _billed(simulation: Simulation, body: bytes) -> Billed:
    droplet = orjson.loads(body)
    identifier = str(droplet["id"])
    project = simulation.project_name(f"do:droplet:{identifier}")
    return Billed(identifier, droplet["name"], droplet["size_slug"], project)


async def _spellings(request: Request) -> Response:
    """`{"spellings": [names]}`: bill in these only; GET returns them, and all that exist."""
    simulation = simulation_of(request)
    if request.method == "POST":
        asked = required(await payload(request), "spellings", list)
        unknown = sorted({str(name) for name in asked} - {*Spelling})
        if unknown:
            raise Unprocessable(
                f"unknown: {', '.join(unknown)}; a spelling is one of {', '.join(Spelling)}"
            )
        respell(simulation.store, map(Spelling, asked))
    active = sorted(spellings_of(simulation.store))
    return JSONResponse({"spellings": active, "known": list(Spelling)})


def routes() -> list[Route]:
    """Making bills, and how they are spelled."""
    return [
        Route("/_simulator/invoices", _add_invoice, methods=["POST"]),
        Route("/_simulator/billing/spellings", _spellings, methods=["GET", "POST"]),
    ]

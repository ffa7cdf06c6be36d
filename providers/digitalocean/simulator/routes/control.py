"""The simulator's own API under `/_simulator`, without a token: misbehaviour, limits, clock.

What changes or shows the account itself is in `control_world`.
"""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.digitalocean.simulator.acts.droplet_actions import settle
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
from providers.digitalocean.simulator.clock import ClockWentBackError, parse_instant, render_instant
from providers.digitalocean.simulator.moods import (
    MOODS,
    UnknownMoodError,
    enter,
    leave,
    mood_named,
    settings_of,
    tune,
)
from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.faults import Fault, Rule
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.web.scopes import TokenScope
from providers.digitalocean.simulator.world.build import Ids

__all__ = ["routes"]


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok", "now": render_instant(simulation_of(request).clock.now())})


async def _requests(request: Request) -> Response:
    """The API requests served, oldest first; `?clear=true` or DELETE forgets them then."""
    log = simulation_of(request).log
    entries = log.entries()
    if request.method == "DELETE" or request.query_params.get("clear") == "true":
        log.clear()
    return JSONResponse({"requests": entries, "total": len(entries)})


def _rule(document: Document) -> Rule:
    known = {field.name for field in fields(Rule)}
    unknown = set(document) - known
    if unknown:
        raise Unprocessable(f"unknown: {', '.join(sorted(unknown))}")
    try:
        fault = Fault(required(document, "fault", str))
    except ValueError as error:
        raise Unprocessable(f"fault must be one of {', '.join(Fault)}") from error
    return replace(Rule(fault), **{**document, "fault": fault})


async def _add_fault(request: Request) -> Response:
    rule = _rule(await payload(request))
    return JSONResponse({"id": simulation_of(request).faults.add(rule)}, 201)


async def _faults(request: Request) -> Response:
    return JSONResponse({"faults": simulation_of(request).faults.listed()})


async def _remove_faults(request: Request) -> Response:
    number = request.path_params.get("number")
    if number is None:
        leave(simulation_of(request))
    simulation_of(request).faults.remove(number)
    return Response(status_code=204)


async def _moods(request: Request) -> Response:
    """Every mood with what it does, and the one that the account is in, null for none."""
    moods = [{"name": mood.name, "does": mood.does} for mood in MOODS.values()]
    return JSONResponse({"moods": moods, "mood": simulation_of(request).mood or None})


async def _enter_mood(request: Request) -> Response:
    """`{"mood": name}`: out of the one that it is in, if any."""
    name = required(await payload(request), "mood", str)
    try:
        mood = mood_named(name)
    except UnknownMoodError as error:
        raise Unprocessable(f"mood: {error}") from error
    enter(simulation_of(request), mood)
    return Response(status_code=204)


async def _leave_mood(request: Request) -> Response:
    leave(simulation_of(request))
    return Response(status_code=204)


async def _add_token(request: Request) -> Response:
    """`{"token", "scopes"?: only these, "without"?: all but these, "revoked"?, "nulls"?}`."""
    asked = await payload(request)
    scopes = asked.get("scopes")
    scope = TokenScope(
        only=None if scopes is None else frozenset(required(asked, "scopes", list)),
        without=frozenset(optional(asked, "without", list, [])),
        revoked=optional(asked, "revoked", bool, False),
        nulls=optional(asked, "nulls", bool, False),
    )
    simulation_of(request).tokens.register(required(asked, "token", str), scope)
    return Response(status_code=204)


async def _forget_tokens(request: Request) -> Response:
    simulation_of(request).tokens.forget()
    return Response(status_code=204)


async def _clock(request: Request) -> Response:
    """`{"advance_seconds": n}` or `{"set": instant}`; GET only shows it."""
    simulation = simulation_of(request)
    asked = await payload(request)
    try:
        if "set" in asked:
            simulation.clock.set(parse_instant(required(asked, "set", str)))
        seconds = asked.get("advance_seconds", 0)
        if not isinstance(seconds, int | float):
            raise Unprocessable("advance_seconds must be a number")
        simulation.clock.advance(timedelta(seconds=seconds))
    except ClockWentBackError as error:
        raise Unprocessable(str(error)) from error
    simulation.store.set_fact("clock_offset", str(simulation.clock.offset.total_seconds()))
    settle(simulation)
    return JSONResponse({"now": simulation.clock.now().isoformat()})


async def _settings(request: Request) -> Response:
    """Change limits and pace of the running process; answers all of them."""
    simulation = simulation_of(request)
    asked = await payload(request)
    forget = asked.pop("forget_requests", False)
    tune(simulation, asked)
    if forget:
        simulation.limiter.forget()
    return JSONResponse(settings_of(simulation))


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
    """Health, requests, faults, moods, tokens, clock and settings."""
    return [
        Route("/_simulator/health", _health, methods=["GET"]),
        Route("/_simulator/requests", _requests, methods=["GET", "DELETE"]),
        Route("/_simulator/faults", _add_fault, methods=["POST"]),
        Route("/_simulator/faults", _faults, methods=["GET"]),
        Route("/_simulator/faults", _remove_faults, methods=["DELETE"]),
        Route("/_simulator/faults/{number:int}", _remove_faults, methods=["DELETE"]),
        Route("/_simulator/moods", _moods, methods=["GET"]),
        Route("/_simulator/moods", _enter_mood, methods=["POST"]),
        Route("/_simulator/moods", _leave_mood, methods=["DELETE"]),
        Route("/_simulator/tokens", _add_token, methods=["POST"]),
        Route("/_simulator/tokens", _forget_tokens, methods=["DELETE"]),
        Route("/_simulator/clock", _clock, methods=["GET", "POST"]),
        Route("/_simulator/settings", _settings, methods=["GET", "POST"]),
        Route("/_simulator/invoices", _add_invoice, methods=["POST"]),
        Route("/_simulator/billing/spellings", _spellings, methods=["GET", "POST"]),
    ]

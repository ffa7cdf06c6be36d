"""The control API under `/_simulator`, without a token: faults, limits, clock.

`control_world` changes and shows the account itself.
"""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

import orjson
from starlette.requests import Request

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
    mood_of,
    settings_of,
    tune,
)
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.faults import Fault, Rule
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.web.routing import Answer, Routes, json_answer
from providers.digitalocean.simulator.web.scopes import TokenScope
from providers.digitalocean.simulator.world.build import Ids

__all__ = ["routes"]

routes = Routes()


@routes.at("/_simulator/health")
async def _health(simulation: Simulation, _: Request) -> Answer:
    return {"status": "ok", "now": render_instant(simulation.clock.now())}


@routes.at("/_simulator/requests", "GET", "DELETE")
async def _requests(simulation: Simulation, request: Request) -> Answer:
    """The served API requests, oldest first; `?clear=true` or DELETE clears them."""
    log = simulation.log
    entries = log.entries()
    if request.method == "DELETE" or request.query_params.get("clear") == "true":
        log.clear()
    return {"requests": entries, "total": len(entries)}


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


@routes.at("/_simulator/faults", "POST")
async def _add_fault(simulation: Simulation, request: Request) -> Answer:
    rule = _rule(await payload(request))
    return json_answer({"id": simulation.faults.add(rule)}, 201)


@routes.at("/_simulator/faults")
async def _faults(simulation: Simulation, _: Request) -> Answer:
    return {"faults": simulation.faults.listed()}


@routes.at("/_simulator/faults/{number:int}", "DELETE")
@routes.at("/_simulator/faults", "DELETE")
async def _remove_faults(simulation: Simulation, request: Request) -> None:
    number = request.path_params.get("number")
    if number is None:
        leave(simulation)
    simulation.faults.remove(number)


@routes.at("/_simulator/moods")
async def _moods(simulation: Simulation, _: Request) -> Answer:
    """Every mood with its description, and the current one, or null."""
    moods = [{"name": mood.name, "does": mood.does} for mood in MOODS.values()]
    return {"moods": moods, "mood": simulation.mood or None}


@routes.at("/_simulator/moods", "POST")
async def _enter_mood(simulation: Simulation, request: Request) -> None:
    """`{"mood": name}`: enters it, after leaving the current one."""
    name = required(await payload(request), "mood", str)
    try:
        mood = mood_of(name)
    except UnknownMoodError as error:
        raise Unprocessable(f"mood: {error}") from error
    enter(simulation, mood)


@routes.at("/_simulator/moods", "DELETE")
async def _leave_mood(simulation: Simulation, _: Request) -> None:
    leave(simulation)


@routes.at("/_simulator/tokens", "POST")
async def _add_token(simulation: Simulation, request: Request) -> None:
    """`{"token", "scopes"?: only these, "without"?: all but these, "revoked"?, "nulls"?}`."""
    asked = await payload(request)
    scopes = asked.get("scopes")
    scope = TokenScope(
        only=None if scopes is None else frozenset(required(asked, "scopes", list)),
        without=frozenset(optional(asked, "without", list, [])),
        revoked=optional(asked, "revoked", bool, False),
        nulls=optional(asked, "nulls", bool, False),
    )
    simulation.tokens.register(required(asked, "token", str), scope)


@routes.at("/_simulator/tokens", "DELETE")
async def _forget_tokens(simulation: Simulation, _: Request) -> None:
    simulation.tokens.forget()


@routes.at("/_simulator/clock", "GET", "POST")
async def _clock(simulation: Simulation, request: Request) -> Answer:
    """`{"advance_seconds": n}` or `{"set": instant}`; GET only shows it."""
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
    return {"now": simulation.clock.now().isoformat()}


@routes.at("/_simulator/settings", "GET", "POST")
async def _settings(simulation: Simulation, request: Request) -> Answer:
    """Changes limits and pace of the running process; returns all of them."""
    asked = await payload(request)
    forget = asked.pop("forget_requests", False)
    tune(simulation, asked)
    if forget:
        simulation.limiter.forget()
    return settings_of(simulation)


MAX_LINES: Final = 100_000_000
MAX_DROPLETS: Final = 100_000


@routes.at("/_simulator/invoices", "POST")
async def _add_invoice(simulation: Simulation, request: Request) -> Answer:
    """`{"lines", "droplets"?, "items"?}`: adds an invoice of the last month for those droplets.

    Its JSON form has the first `items` lines, by default all.
    """
    asked = await payload(request)
    lines = required(asked, "lines", int)
    droplets = optional(asked, "droplets", int, 1_000)
    if not 0 < lines <= MAX_LINES or not 0 < droplets <= MAX_DROPLETS:
        raise Unprocessable(f"lines and droplets must be from 1 to {MAX_LINES}, {MAX_DROPLETS}")
    items = min(optional(asked, "items", int, lines), lines)
    invoice = _synthetic(simulation, lines, droplets, items)
    simulation.invoices.add(invoice)
    head = invoice.head
    return json_answer(
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


@routes.at("/_simulator/billing/spellings", "GET", "POST")
async def _spellings(simulation: Simulation, request: Request) -> Answer:
    """`{"spellings": [names]}`: sets the spellings; GET returns them, and all known ones."""
    if request.method == "POST":
        asked = required(await payload(request), "spellings", list)
        unknown = sorted({str(name) for name in asked} - {*Spelling})
        if unknown:
            raise Unprocessable(
                f"unknown: {', '.join(unknown)}; a spelling is one of {', '.join(Spelling)}"
            )
        respell(simulation.store, map(Spelling, asked))
    active = sorted(spellings_of(simulation.store))
    return {"spellings": active, "known": list(Spelling)}

"""The simulator's own API under `/_simulator`, without a token: misbehaviour, limits, clock.

What changes or shows the account itself is in `control_world`.
"""

from dataclasses import fields, replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.digitalocean.simulator.acts.droplet_actions import settle
from providers.digitalocean.simulator.clock import ClockWentBackError, parse_instant, render_instant
from providers.digitalocean.simulator.moods import (
    MOODS,
    UnknownMoodError,
    enter,
    leave,
    mood_named,
)
from providers.digitalocean.simulator.settings import settings_of, tune
from providers.digitalocean.simulator.simulation import simulation_of
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.faults import Fault, Rule
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.web.scopes import TokenScope

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
    ]

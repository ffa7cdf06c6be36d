"""The middleware before the routes: token, limits, faults, and response headers."""

import asyncio
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from providers.digitalocean.simulator.acts.droplet_actions import settle
from providers.digitalocean.simulator.acts.mutations import delete_objects
from providers.digitalocean.simulator.kinds import KINDS
from providers.digitalocean.simulator.routes import spaces
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.web.errors import (
    ApiError,
    TooManyRequests,
    render_error,
)
from providers.digitalocean.simulator.web.fault_effects import RawAnswer, instead, twisted
from providers.digitalocean.simulator.web.faults import Fault, Firing
from providers.digitalocean.simulator.web.limits import Allowance
from providers.digitalocean.simulator.web.requestlog import Served
from providers.digitalocean.simulator.web.scopes import TokenScope

__all__ = ["Gate"]

_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_ONLY_HERE = "The control API is called by programs of this machine only."


class Gate:
    """Serves `/v2` behind checks; the control API is only for programs on this machine."""

    def __init__(self, app: ASGIApp, simulation: Simulation) -> None:
        self._app = app
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith("/_simulator"):
            await self._control(scope, receive, send)
            return
        if scope["path"].startswith(spaces.BELOW):
            await _StoragePassage(self._simulation, scope, send).serve(self._app, receive)
            return
        await _ApiPassage(self._simulation, scope, send).serve(self._app, receive)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The control API needs no token, so web pages must not reach it."""
        if _from_this_machine(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = Response(
            render_error("forbidden", _ONLY_HERE), 403, media_type="application/json"
        )
        await refusal(scope, receive, send)


class _Passage:
    """One request that passes the gate."""

    def __init__(self, simulation: Simulation, scope: Scope, send: Send) -> None:
        self._simulation = simulation
        self._asked: str = scope["path"]
        self._scope = _without_last_slash(scope)
        self._send = send
        self._query: str = scope["query_string"].decode("latin-1")

    async def _meet(self, path: str) -> list[Firing]:
        """The faults of the request; delays have been applied."""
        firings = self._simulation.faults.meet(self._scope["method"], path, self._query)
        for firing in firings:
            if firing.rule.fault is Fault.DELAY:
                await asyncio.sleep(firing.rule.delay_ms / 1000)
        return firings

    def _note(self, status: int, token: str = "") -> None:
        path = f"{self._asked}?{self._query}" if self._query else self._asked
        self._simulation.log.add(Served(self._scope["method"], path, status, token[-4:]))


class _ApiPassage(_Passage):
    """A request of the API."""

    def __init__(self, simulation: Simulation, scope: Scope, send: Send) -> None:
        super().__init__(simulation, scope, send)
        self._path: str = self._scope["path"]
        self._token = _bearer(Headers(scope=scope))
        self._allowance = simulation.limiter.take(self._token, self._path)

    async def serve(self, app: ASGIApp, receive: Receive) -> None:
        simulation = self._simulation
        if simulation.pace.latency_ms:
            await asyncio.sleep(simulation.pace.latency_ms / 1000)
        firings = await self._meet(self._path)
        answer = self._early_answer(firings)
        if answer is None:
            settle(simulation)
            if not firings and self._path.endswith("/csv"):
                await app(self._scope, receive, self._pass_on)
                return
            answer = await _answer_of(app, self._scope, receive)
        await self._deliver(answer, firings)

    async def _pass_on(self, message: Message) -> None:
        """Sends a chunk of a streamed answer without buffering it."""
        if message["type"] == "http.response.start":
            self._note(message["status"], self._token)
            headers = [*message["headers"], *self._allowance.headers()]
            message = {**message, "headers": headers}
        await self._send(message)

    def _early_answer(self, firings: list[Firing]) -> RawAnswer | None:
        """A fault's response, or an error, before the route is called."""
        try:
            self._scope.setdefault("state", {})["token_scope"] = self._admit()
        except ApiError as error:
            return _error_answer(error)
        return _replacement(firings)

    def _admit(self) -> TokenScope:
        admitted = self._simulation.tokens.admit(self._token, self._scope["method"], self._path)
        if self._allowance.retry_after is not None:
            raise TooManyRequests(headers={"retry-after": str(self._allowance.retry_after)})
        return admitted

    async def _deliver(self, answer: RawAnswer, firings: list[Firing]) -> None:
        body = twisted(answer.body, firings) if answer.status < 300 else answer.body
        drops = any(firing.rule.fault is Fault.DROP for firing in firings)
        self._note(0 if drops else answer.status, self._token)
        await self._send(_start(answer, body, self._allowance))
        if drops:
            # Less than announced, so the server closes the connection.
            half = body[: len(body) // 2]
            await self._send({"type": "http.response.body", "body": half, "more_body": True})
            return
        # Before the response is sent, so that an immediate request for the next page sees the
        # shift.
        for firing in firings:
            if firing.rule.fault is Fault.SHIFT and answer.status == 200:
                self._shift(body)
        await self._send({"type": "http.response.body", "body": body})

    def _shift(self, body: bytes) -> None:
        """Deletes the first item of the page that was just served."""
        kind = next((kind for kind in KINDS if kind.path == self._path), None)
        if kind is None:
            return
        items = orjson.loads(body).get(kind.plural) or []
        if items:
            identifier = str(items[0].get("id", items[0].get("name")))
            delete_objects(self._simulation, kind.name, [identifier])


class _StoragePassage(_Passage):
    """A request of the S3 API: with faults, without the API's tokens and limits."""

    async def serve(self, app: ASGIApp, receive: Receive) -> None:
        firings = await self._meet(self._asked)
        answer = _replacement(firings) or await _answer_of(app, self._scope, receive)
        self._note(answer.status)
        body = b"" if self._scope["method"] == "HEAD" else answer.body
        headers = [*answer.headers, (b"content-length", b"%d" % len(body))]
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        await self._send({"type": "http.response.body", "body": body})


def _replacement(firings: list[Firing]) -> RawAnswer | None:
    """The response of a fault instead of the true one, if any."""
    return next((a for a in map(instead, (f.rule for f in firings)) if a is not None), None)


def _without_last_slash(scope: Scope) -> Scope:
    """The request without slashes at the end of its path, as in the real APIs."""
    path = scope["path"].rstrip("/")
    return {**scope, "path": path, "raw_path": path.encode()}


def _from_this_machine(headers: Headers) -> bool:
    """Whether a request names this machine, and is not from a page of another site.

    A foreign name that points here would look like the same site to a browser.
    """
    named = urlsplit("//" + headers.get("host", "")).hostname
    origin = headers.get("origin")
    return named in _OWN_NAMES and (origin is None or urlsplit(origin).hostname in _OWN_NAMES)


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> RawAnswer:
    """The complete response of a route."""
    messages: list[Message] = []

    async def collect(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, collect)
    headers = [h for h in messages[0]["headers"] if h[0].lower() != b"content-length"]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return RawAnswer(messages[0]["status"], body, *headers)


def _error_answer(error: ApiError) -> RawAnswer:
    headers = [(name.encode(), value.encode()) for name, value in error.headers.items()]
    content = (b"content-type", b"application/json")
    return RawAnswer(error.status, render_error(error.error_id, error.message), content, *headers)


def _start(answer: RawAnswer, body: bytes, allowance: Allowance) -> Message:
    length = [] if answer.status == 204 else [(b"content-length", b"%d" % len(body))]
    headers = [*answer.headers, *length, *allowance.headers()]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}

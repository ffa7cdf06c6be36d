"""What every API request passes: token, limits, and the headers of the answer."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from providers.digitalocean.simulator.errors import (
    ApiError,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
    render_error,
)
from providers.digitalocean.simulator.limits import Allowance
from providers.digitalocean.simulator.requestlog import Served
from providers.digitalocean.simulator.simulation import Simulation

__all__ = ["Gate"]


class Gate:
    """Stands before the routes under `/v2`; the control API passes it untouched."""

    def __init__(self, app: ASGIApp, simulation: Simulation) -> None:
        self._app = app
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith("/_simulator"):
            await self._app(scope, receive, send)
            return
        token = _bearer(Headers(scope=scope))
        allowance = self._simulation.limiter.take(token, scope["path"])

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *allowance.headers()]
                self._note(scope, token, message["status"])
            await send(message)

        refusal = _refusal(scope, token, allowance)
        if refusal:
            await _answer(refusal, noted)
            return
        await self._app(scope, receive, noted)

    def _note(self, scope: Scope, token: str, status: int) -> None:
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['path']}?{query}" if query else scope["path"]
        self._simulation.log.add(Served(scope["method"], path, status, token[-4:]))


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _refusal(scope: Scope, token: str, allowance: Allowance) -> ApiError | None:
    if not token:
        return Unauthorized()
    if allowance.retry_after is not None:
        return TooManyRequests(headers={"retry-after": str(allowance.retry_after)})
    if scope["path"].endswith("/"):
        return Unprocessable("The path must not end with a slash.")
    return None


async def _answer(error: ApiError, send: Send) -> None:
    body = render_error(error.error_id, error.message)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""The routes of an area of the API, each declared at the handler that answers it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document

__all__ = ["Answer", "Routes", "json_answer"]

Answer = Response | Document
Handler = TypeVar("Handler", bound=Callable[[Simulation, Request], Awaitable[Answer | None]])


class Routes(list[Route]):
    """The routes of an area, in the order in which they are looked through."""

    def at(self, path: str, *methods: str) -> Callable[[Handler], Handler]:
        """Declares what answers a path, to GET unless other methods are named.

        A document is answered as JSON, and nothing by 204.
        """

        def declared(handler: Handler) -> Handler:
            async def answer(request: Request) -> Response:
                answered = await handler(simulation_of(request), request)
                if answered is None:
                    return Response(status_code=204)
                return answered if isinstance(answered, Response) else json_answer(answered)

            self.append(Route(path, answer, methods=methods or ("GET",)))
            return handler

        return declared


def json_answer(document: Document, status: int = 200) -> Response:
    """A document as JSON."""
    return Response(orjson.dumps(document), status, media_type="application/json")

"""The load's clients: like users, from outside, through the links."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc
import httpx
from temporalio.service import RPCError, RPCStatusCode

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from tests.soak.links import Link

__all__ = ["NoAnswer", "Outside", "Unclear", "passing"]

CALL_SECONDS: Final = 15.0

PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
    }
)
UNCLEAR: Final = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN})


class NoAnswer(Exception):
    """Nothing is known of the request: it is to be sent again under its key."""


class Unclear(NoAnswer):
    """The system answered with an error that says nothing: a defect of ours."""


@dataclass
class Outside:
    """An operator with a client of every kind. Every call raises NoAnswer when it may be sent
    again, and AssertionError when it was refused for good."""

    http: httpx.AsyncClient
    channels: Mapping[Service, grpc.aio.Channel]
    metadata: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, settings: Settings, links: Mapping[str, Link]) -> "Outside":
        """Clients that go through the links."""
        token = mint_user_token(settings, subject="soak", roles=[OPERATOR_ROLE])
        http = httpx.AsyncClient(
            base_url=f"http://{links['gateway'].address}",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=CALL_SECONDS,
        )
        channels = {
            service: grpc.aio.insecure_channel(
                links[service].address,
                # After an outage it shall be the system that is measured, not this client.
                options=[("grpc.max_reconnect_backoff_ms", 500), ("grpc.enable_retries", 0)],
            )
            for service in Service
        }
        return cls(http, channels, (("authorization", f"Bearer {token}"),))

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON that a GET answers."""
        return await self._http("GET", path, params=parameters)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a POST answers."""
        return await self._http("POST", path, json=body)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a PUT answers."""
        return await self._http("PUT", path, json=body)

    async def call(self, service: Service, stub: Any, method: str, request: Any) -> Any:
        """What an RPC answers, asked of the service itself."""
        try:
            return await getattr(stub(self.channels[service]), method)(
                request, metadata=self.metadata, timeout=CALL_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            word = f"grpc {error.code().name}"
            if error.code() in UNCLEAR and "RST_STREAM" not in (error.details() or ""):
                raise Unclear(f"{word}: {error.details()}") from error
            if error.code() in PASSING | UNCLEAR:
                raise NoAnswer(word) from error
            raise AssertionError(f"{method}: {error.details()}") from error

    async def close(self) -> None:
        """Ends all connections."""
        await self.http.aclose()
        for channel in self.channels.values():
            await channel.close()

    async def _http(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = await self.http.request(method, path, **more)
        except httpx.TransportError as error:
            raise NoAnswer(type(error).__name__) from error
        if answer.status_code in {429, 502, 503, 504}:
            raise NoAnswer(f"HTTP {answer.status_code} {_reason(answer)}".rstrip())
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unclear(f"{path}: {answer.text}")
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


def _reason(answer: httpx.Response) -> str:
    """The reason that a program may rely on; empty in an answer that is not ours."""
    try:
        return str(answer.json()["details"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return ""


def passing(error: RPCError) -> bool:
    """Whether Temporal's answer is one of an outage."""
    return error.status in {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
    }

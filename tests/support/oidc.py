"""A real OpenID provider in a separate process, and users who sign in there."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.ports import free_port
from tests.support.waiting import until

__all__ = ["CLIENT", "OpenIdProvider", "open_id_provider"]

CLIENT = "arcadia-console"
"""The client that users sign in to: the audience of their tokens."""
CALLBACK = "http://localhost/callback"


@dataclass
class OpenIdProvider:
    """The provider at one address; each start creates a new key."""

    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def issuer(self) -> str:
        """The `iss` of its tokens."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it responds."""
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.issuer}/jwks", trust_env=False).is_success
        return False

    def keys(self) -> list[Any]:
        """Its published key set."""
        shown: list[Any] = httpx.get(f"{self.issuer}/jwks", trust_env=False).json()["keys"]
        return shown

    def stop(self) -> None:
        """Stops its process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def sign_in(self, subject: str, *, client: str = CLIENT, **claims: Any) -> str:
        """A token of a user who signs in with the code flow."""
        with httpx.Client(base_url=self.issuer, trust_env=False) as http:
            http.put(f"/users/{subject}", json=claims).raise_for_status()
            answer = http.post(
                "/oauth2/authorize",
                params={
                    "client_id": client,
                    "redirect_uri": CALLBACK,
                    "response_type": "code",
                    "scope": "openid",
                },
                data={"sub": subject},
            )
            code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
            told = http.post(
                "/oauth2/token",
                data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
                auth=(client, "secret"),
            ).raise_for_status()
            token: str = told.json()["id_token"]
            return token


@contextlib.contextmanager
def open_id_provider() -> Iterator[OpenIdProvider]:
    """Runs it on a free port."""
    provider = OpenIdProvider(free_port())
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()

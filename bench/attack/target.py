"""The target of an attack, the attacker's real and forged tokens, and the data it must not see."""

import base64
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import jwt

from bench.environment import BenchStack
from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Port, Service, Settings

__all__ = ["ADDRESS", "Target"]

ADDRESS: Final = "127.0.0.1"
TENANT: Final = "attacker"
VICTIM: Final = "victim"
MARK: Final = "nobody else may read this"
CALLERS: Final = 40
"""Number of callers of each type, so that one caller's rate limit does not stop the fuzzer."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running stack as its callers see it; passed to the attacker's process."""

    port: int
    """The gateway's port."""
    catalog: str
    """`host:port` of the service, for direct gRPC callers."""
    inventory: str
    """`host:port` of the service that honest callers use."""
    honest_token: str
    """Of an honest operator."""
    tenant_tokens: tuple[str, ...]
    """Of callers of one attacking tenant."""
    operator_tokens: tuple[str, ...]
    """Of attacking operators."""
    forged_tokens: tuple[str, ...]
    """Invalid tokens."""
    ids: tuple[str, ...]
    """Ids of other tenants' objects."""
    marks: tuple[str, ...]
    """Texts in other tenants' data."""

    @classmethod
    def of(cls, stack: BenchStack) -> "Target":
        """The stack of the benchmark, with the data of a victim."""
        settings = stack.settings
        with stack.gateway() as operator:
            ids, marks = _planted(operator)
        return cls(
            port=settings.port(Port.GATEWAY),
            catalog=settings.address(Service.CATALOG),
            inventory=settings.address(Service.INVENTORY),
            honest_token=stack.operator_token(),
            tenant_tokens=tuple(
                mint_user_token(
                    settings, subject=f"mallory {number}", tenant_id=TENANT, roles=["admin"]
                )
                for number in range(CALLERS)
            ),
            operator_tokens=tuple(
                mint_user_token(settings, subject=f"trudy {number}", roles=[OPERATOR_ROLE])
                for number in range(CALLERS)
            ),
            forged_tokens=tuple(_forged(settings)),
            ids=ids,
            marks=marks,
        )

    @property
    def tenant_token(self) -> str:
        """A token of the attacking tenant."""
        return self.tenant_tokens[0]

    @property
    def operator_token(self) -> str:
        """A token of an attacking operator."""
        return self.operator_tokens[0]


def _planted(operator: httpx.Client) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of the victim's objects, and texts that identify its rows."""
    shop = {"tenant_id": VICTIM, "slug": "shop", "display_name": MARK}
    deployment = operator.post("/api/v1/deployments", json=shop)
    deployment.raise_for_status()
    profile = {"recipient": {"name": MARK, "address_lines": [MARK]}, "tax_region": "AU"}
    operator.put(f"/api/v1/billing-profiles/{VICTIM}", json=profile).raise_for_status()
    resources = operator.get("/api/v1/inventory", params={"page_size": 10}).json()["resources"]
    return (
        (deployment.json()["deployment"]["id"], VICTIM, *(row["id"] for row in resources)),
        (MARK, *(row["name"] for row in resources if row["name"])),
    )


def _forged(settings: Settings) -> Iterator[str]:
    """Tokens of an operator, forged without the secret."""
    now = int(time.time())
    secret = settings.jwt_secret.get_secret_value()
    claims: dict[str, Any] = {
        "sub": "eve", "typ": "access", "roles": [OPERATOR_ROLE], "tenant_id": VICTIM,
        "iat": now, "exp": now + 3_600,
    }  # fmt: skip  # a table
    good = jwt.encode(claims, secret, algorithm=settings.jwt_algorithm)
    head, body, signature = good.split(".")
    yield ""
    yield "null"
    yield good[:-20]
    yield f"{head}.{body}."
    yield f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{body}."
    yield f"{_encoded({'alg': 'HS512', 'typ': 'JWT', 'kid': '../../dev/null'})}.{body}.{signature}"
    yield f"{head}.{_encoded(claims | {'tenant_id': 'other'})}.{signature}"
    yield jwt.encode(claims, "a guess " * 10, algorithm=settings.jwt_algorithm)
    yield jwt.encode(claims, secret, algorithm="HS256")
    yield jwt.encode(claims | {"exp": now - 60}, secret, algorithm=settings.jwt_algorithm)
    yield jwt.encode(claims | {"nbf": now + 900}, secret, algorithm=settings.jwt_algorithm)
    yield jwt.encode(claims | {"exp": now + 10**9}, secret, algorithm=settings.jwt_algorithm)
    yield jwt.encode(claims | {"typ": "refresh"}, secret, algorithm=settings.jwt_algorithm)
    yield jwt.encode(
        {name: value for name, value in claims.items() if name != "exp"},
        secret,
        algorithm=settings.jwt_algorithm,
    )
    yield f"arc_{uuid.uuid4().hex}_{uuid.uuid4().hex * 2}00000000"


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

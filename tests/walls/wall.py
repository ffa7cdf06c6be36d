"""How the walls around a tenant are declared: for each RPC, how it is asked for another's.

To add an RPC with tenant access: write one line in your service's module beside this one,

    "CatalogService/GetThing": lambda ids: pb.GetThingRequest(id=ids.thing),

that asks for a thing of a tenant by the ids which your `plant` made (through the service's
own RPCs where there are some), and take its name out of `UNANSWERED`. Nothing else: the
test calls it as that tenant, as a foreign one, and with ids that nobody has. A list is
asked with its filters naming the victim. Calls that change something come last, in the
order in which the victim itself may do them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from google.protobuf.message import Message

from services.common.db.database import Database
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.settings import Service, Settings

__all__ = ["INTRUDER", "NOWHERE", "VICTIM", "Planting", "Token", "Wall"]

VICTIM: Final = "globex"
"""The owner of the objects. Nothing that names it may reach anyone else."""

INTRUDER: Final = "acme"

NOWHERE: Final = "00000000-0000-7000-8000-000000000000"
"""An id without an object."""

Token = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Planting:
    """A running service with tokens, for creating objects."""

    database: Database
    channel: grpc.aio.Channel
    settings: Settings
    operator: Token = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", self._user("op", roles=["platform-admin"]))

    @property
    def worker(self) -> Token:
        """A worker's metadata, with a new token each time, because it expires within minutes."""
        return (("authorization", ServiceTokens(self.settings, "worker").authorization()),)

    def member(self, tenant_id: str) -> Token:
        """The token of a tenant's own admin."""
        return self._user(f"member of {tenant_id}", roles=["admin"], tenant_id=tenant_id)

    def _user(self, subject: str, **claims: Any) -> Token:
        token = mint_user_token(self.settings, subject=subject, **claims)
        return (("authorization", f"Bearer {token}"),)


async def _nothing(planting: Planting) -> None:
    """For a service that has nothing to plant yet."""


@dataclass(frozen=True)
class Wall:
    """The RPCs of a service that a tenant may call, with requests for another tenant's objects.

    `plant` creates objects of both tenants, with the victim's name in a shown text of each of its
    own, and returns their ids; `absent` has the same fields, with ids without objects.
    """

    service: Service
    absent: Any = None
    plant: Callable[[Planting], Awaitable[Any]] = _nothing
    asked: Mapping[str, Callable[[Any], Message]] = field(default_factory=dict)
    unanswered: frozenset[str] = frozenset()

"""Where an attack goes, and the tokens that it has."""

from dataclasses import dataclass

from bench.environment import BenchStack
from services.common.identity.tokens import mint_user_token
from services.common.settings import Port, Service

__all__ = ["Target"]

TENANT = "attacker"


@dataclass(frozen=True, slots=True)
class Target:
    """A running stack, as its callers know it; travels to the attacker's process."""

    port: int
    """The gateway's."""
    catalog: str
    """`host:port` of the service, for direct gRPC callers."""
    tenant_token: str
    """Of a tenant who attacks."""
    operator_token: str
    """Of an honest operator."""

    @classmethod
    def of(cls, stack: BenchStack) -> "Target":
        """The stack that was started for the bench."""
        settings = stack.settings
        return cls(
            settings.port(Port.GATEWAY),
            settings.address(Service.CATALOG),
            mint_user_token(settings, subject="mallory", tenant_id=TENANT, roles=["admin"]),
            stack.operator_token(),
        )

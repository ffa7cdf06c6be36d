"""The text after a start: addresses, and three commands to paste."""

from collections.abc import Sequence

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Port, Service, Settings
from stack.layout import Layout

__all__ = ["TENANT", "gateway_url", "welcome"]

TENANT = "acme"
"""A tenant of the simulated account."""


def gateway_url(settings: Settings) -> str:
    """The URL of the HTTP API."""
    return f"http://127.0.0.1:{settings.port(Port.GATEWAY)}"


def welcome(settings: Settings, layout: Layout, *, synced: bool) -> Sequence[str]:
    """The lines to print."""
    operator = mint_user_token(settings, subject="operator", roles=[OPERATOR_ROLE])
    tenant = mint_user_token(settings, subject="developer", tenant_id=TENANT)
    url = gateway_url(settings)
    droplets = f"{url}/api/v1/inventory?kind=droplet&page_size=5"
    services = "  ".join(f"{service} {settings.address(service)}" for service in Service)
    return [
        "",
        "arcadia-cloud is running.",
        "",
        f"  HTTP         {url}",
        f"  Temporal UI  http://127.0.0.1:{settings.port(Port.TEMPORAL_UI)}",
        f"  gRPC         {services}",
        f"  PostgreSQL   127.0.0.1:{settings.port(Port.POSTGRES)}",
        f"  logs         {layout.logs}",
        "",
        "A token for an operator, and one for the tenant acme, both valid for 12 hours:",
        "",
        operator,
        "",
        tenant,
        "",
        "Check the health, list the account's resources, and those of acme:"
        + ("" if synced else " (The first sync is still running; see the Temporal UI.)"),
        "",
        f"curl -s {url}/api/health",
        "",
        f"curl -s -H 'Authorization: Bearer {operator}' '{droplets}'",
        "",
        f"curl -s -H 'Authorization: Bearer {tenant}' '{droplets}'",
        "",
    ]

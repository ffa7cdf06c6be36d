"""What the gateway allows one tenant, one caller, one request and one connection."""

from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Limits"]


class Limits(BaseSettings):
    """Bounds with sane defaults; each may be set as `ARCADIA_GATEWAY_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="ARCADIA_GATEWAY_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    caller_requests_per_second: int = Field(default=200, ge=1)
    """What one caller (the token's `sub`) may keep up."""
    caller_burst: int = Field(default=1_000, ge=1)
    """How many more they may ask at once after a pause."""
    tenant_requests_per_second: int = Field(default=400, ge=1)
    """What all callers of one tenant may keep up together, but for API keys and operators."""
    tenant_burst: int = Field(default=2_000, ge=1)
    """How many more they may ask at once after a pause."""
    tenant_rates: Mapping[str, int] = Field(default_factory=dict)
    """Requests per second of tenants that may keep up another number, as JSON; five times as
    many after a pause."""
    caller_body_bytes_per_second: int = Field(default=2**20, ge=1)
    """What the bodies of one caller may keep up together: reading a megabyte takes tens of
    milliseconds, in which the other callers of its thread wait."""
    caller_body_burst_bytes: int = Field(default=8 * 2**20, ge=1)
    """How many more they may have at once after a pause; no body larger than it passes."""
    callers_remembered: int = Field(default=10_000, ge=1)
    """How many callers are counted at once; the one unseen longest is forgotten first."""
    address_requests_per_second: int = Field(default=5, ge=1)
    """What one address may keep up without a token: the health route."""
    address_burst: int = Field(default=20, ge=1)
    """How many more it may ask at once after a pause."""
    public_requests_per_second: int = Field(default=200, ge=1)
    """What all callers without a token may ask together."""
    trusted_proxies: int = Field(default=0, ge=0)
    """Proxies of ours in front of the gateway, whose `x-forwarded-for` names the address."""

    request_bytes: int = Field(default=2 * 1024 * 1024, ge=1)
    """The largest body of a request; a route that declares less takes less (in the protos)."""
    response_bytes: int = Field(default=32 * 1024 * 1024, ge=1)
    """The largest answer that becomes JSON; the same as the services may send."""
    header_kilobytes: int = Field(default=32, ge=1, le=8192)
    """All headers of a request together."""

    call_seconds: float = Field(default=15.0, gt=0)
    """How long a call may take, and the deadline that the service is given."""
    stream_seconds: float = Field(default=3_600.0, gt=0)
    """How long a stream may last (gRPC only); its caller goes on from the cursor."""
    first_line_seconds: float = Field(default=5.0, gt=0)
    """How long a new connection may be silent."""
    unread_seconds: float = Field(default=20.0, gt=0)
    """How long an answer may wait for its caller to read on."""
    connections: int = Field(default=16_000, ge=1)
    """Open connections of all callers together; each takes a file descriptor."""
    heap_megabytes: int = Field(default=384, ge=64)
    """What the gateway may hold in memory: from three quarters of it on, load is shed."""

"""Limits of the gateway per tenant, caller, request and connection."""

from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Limits"]


class Limits(BaseSettings):
    """The limits with defaults; each can be set as `ARCADIA_GATEWAY_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="ARCADIA_GATEWAY_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    caller_requests_per_second: int = Field(default=200, ge=1)
    """Sustained requests per second of one caller (the token's `sub`)."""
    caller_burst: int = Field(default=1_000, ge=1)
    """Burst of one caller."""
    tenant_requests_per_second: int = Field(default=400, ge=1)
    """Sustained requests per second of all callers of one tenant, without API keys and operators.
    """
    tenant_burst: int = Field(default=2_000, ge=1)
    """Burst of one tenant."""
    tenant_rates: Mapping[str, int] = Field(default_factory=dict)
    """Requests per second of tenants with another rate, as JSON; the burst is five times as many.
    """
    caller_body_bytes_per_second: int = Field(default=2**20, ge=1)
    """Sustained bytes per second of request bodies of one caller: parsing a megabyte takes tens of
    milliseconds and delays other callers of the same thread."""
    caller_body_burst_bytes: int = Field(default=8 * 2**20, ge=1)
    """Burst of body bytes of one caller; also the maximum size of one body."""
    callers_remembered: int = Field(default=10_000, ge=1)
    """Callers tracked at a time; the least recently seen is evicted first."""
    address_requests_per_second: int = Field(default=5, ge=1)
    """Sustained requests per second of one address without a token (health)."""
    address_burst: int = Field(default=20, ge=1)
    """Burst of one address."""
    public_requests_per_second: int = Field(default=200, ge=1)
    """Requests per second of all callers without a token."""
    trusted_proxies: int = Field(default=0, ge=0)
    """Trusted proxies in front of the gateway, which set `x-forwarded-for`."""

    request_bytes: int = Field(default=2 * 1024 * 1024, ge=1)
    """Maximum request body; routes may declare a lower maximum in the protos."""
    response_bytes: int = Field(default=32 * 1024 * 1024, ge=1)
    """Maximum response body, the same as the services' maximum."""
    header_kilobytes: int = Field(default=32, ge=1, le=8192)
    """Maximum total size of request headers."""

    call_seconds: float = Field(default=15.0, gt=0)
    """Timeout of a call, also passed to the service as the deadline."""
    stream_seconds: float = Field(default=3_600.0, gt=0)
    """Maximum duration of a stream (gRPC only); the caller resumes from its cursor."""
    first_line_seconds: float = Field(default=5.0, gt=0)
    """How long a new connection may send nothing."""
    unread_seconds: float = Field(default=20.0, gt=0)
    """How long a response may wait for the client to read."""
    connections: int = Field(default=16_000, ge=1)
    """Maximum open connections in total; each uses a file descriptor."""
    heap_megabytes: int = Field(default=384, ge=64)
    """Maximum memory of the gateway; it sheds load from three quarters of it."""

"""Probes: whether a part is ready. A probe returns within seconds."""

import ssl
from typing import Final

import grpc
import httpx

from services.common.rpc.liveness import pollers_of, serving_status

__all__ = ["TEMPORAL_FRONTEND", "grpc_serving", "http_ok", "queue_polled"]

TIMEOUT_SECONDS: Final = 2.0

NO_AUTHORITIES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Probes use plain HTTP; loading the certificates of all authorities would take twenty times as
long as a probe."""

TEMPORAL_FRONTEND: Final = "temporal.api.workflowservice.v1.WorkflowService"
"""The health service name of Temporal's frontend."""


def grpc_serving(address: str, service: str = "") -> bool:
    """Whether the gRPC health service at `host:port` returns SERVING."""
    with grpc.insecure_channel(address) as channel:
        try:
            return serving_status(channel, service, timeout=TIMEOUT_SECONDS) == "SERVING"
        except grpc.RpcError:
            return False


def http_ok(url: str) -> bool:
    """Whether a GET returns 200."""
    try:
        # Directly to loopback, ignoring proxies of the environment.
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, trust_env=False, verify=NO_AUTHORITIES)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def queue_polled(address: str, namespace: str, queue: str, *, since: float) -> bool:
    """Whether a worker polled a task queue after `since`, in seconds since the epoch."""
    with grpc.insecure_channel(address) as channel:
        try:
            pollers = pollers_of(channel, namespace, queue, timeout=TIMEOUT_SECONDS)
        except grpc.RpcError:
            return False
    return any(poller.last_access_time.ToNanoseconds() / 1e9 > since for poller in pollers)

"""`arcadia healthcheck`: whether a service is serving, or a worker polls its queue.

Containers run it every few seconds, as `python -m cli.system.healthcheck`, so it imports little,
and reads no settings or secrets.
"""

import socket
import time
from typing import Annotated, Final

import grpc
import typer

from services.common.rpc.liveness import pollers_of, serving_status

__all__ = ["healthcheck"]

TIMEOUT_SECONDS: Final = 3.0

UNSEEN_SECONDS: Final = 180.0
"""An idle worker polls every minute: after three missed polls it is unhealthy."""


def healthcheck(
    address: Annotated[str, typer.Argument(help="host:port of a service, or of Temporal.")],
    queue: Annotated[
        str,
        typer.Option(help="Ask Temporal whether the worker on this machine polls this task queue."),
    ] = "",
    namespace: Annotated[
        str, typer.Option(envvar="TEMPORAL_NAMESPACE", help="Temporal's namespace.")
    ] = "default",
) -> None:
    """Exit with 0 if a service is serving, or if this machine's worker polls its queue."""
    with grpc.insecure_channel(address) as channel:
        try:
            wrong = _unpolled(channel, queue, namespace) if queue else _not_serving(channel)
        except grpc.RpcError as error:
            wrong = f"{error.code().name}: {error.details()}"
    if wrong:
        typer.echo(f"{address}: {wrong}", err=True)
        raise typer.Exit(1)


def _not_serving(channel: grpc.Channel) -> str:
    """Why a service is unhealthy; empty if it is serving."""
    status = serving_status(channel, timeout=TIMEOUT_SECONDS)
    return "" if status == "SERVING" else status


def _unpolled(channel: grpc.Channel, queue: str, namespace: str) -> str:
    """Why the worker is unhealthy; empty if a worker of this host polled the queue recently."""
    pollers = pollers_of(channel, namespace, queue, timeout=TIMEOUT_SECONDS)
    # A worker's identity is <process>@<host>, and a container's host name is its id.
    here = f"@{socket.gethostname()}"
    ages = [
        time.time() - poller.last_access_time.ToNanoseconds() / 1e9
        for poller in pollers
        if poller.identity.endswith(here)
    ]
    if not ages:
        return f"no worker of this host polls {queue}"
    age = min(ages)
    return "" if age < UNSEEN_SECONDS else f"the worker of this host polled {queue} {age:.0f} s ago"


if __name__ == "__main__":
    typer.run(healthcheck)

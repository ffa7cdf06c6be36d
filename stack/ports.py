"""Whether the ports of a part are free, and which process uses them otherwise."""

import socket
from typing import Final

import psutil

__all__ = ["holder_of", "is_passing", "is_taken"]

CLOSING: Final = frozenset(
    {
        psutil.CONN_TIME_WAIT,
        psutil.CONN_FIN_WAIT1,
        psutil.CONN_FIN_WAIT2,
        psutil.CONN_CLOSING,
        psutil.CONN_LAST_ACK,
    }
)


def is_taken(port: int) -> bool:
    """Whether another process listens on a loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def is_passing(port: int) -> bool:
    """Whether a port is taken only by closed connections, and free within a minute.

    A port set by `ARCADIA_<SERVICE>_ADDRESS` may be one that the system used for an outgoing
    connection.
    """
    if not is_taken(port):
        return False
    try:
        return all(status in CLOSING for status, _ in _connections(port))
    except psutil.AccessDenied:
        return False


def holder_of(port: int) -> str:
    """The process that uses a port, if this user may see it."""
    try:
        pids = [pid for _, pid in _connections(port) if pid]
        return f"{psutil.Process(pids[0]).name()} (process {pids[0]})"
    except (psutil.Error, IndexError):
        return "another program"


def _connections(port: int) -> list[tuple[str, int | None]]:
    """The state and process of every connection or listener on a local port."""
    return [
        (connection.status, connection.pid)
        for connection in psutil.net_connections(kind="tcp")
        if connection.laddr and connection.laddr.port == port
    ]

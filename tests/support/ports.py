"""Ports for tests: unique across processes."""

import itertools
import os
import random
from collections.abc import Iterator

from services.common.settings import LARGEST_OFFSET, Port
from stack.ports import is_taken

__all__ = ["FIRST", "LANES", "free_port", "lane", "offset_with_free"]

# Below the range of ports of outgoing connections, one of which could otherwise take the port
# before a server starts.
FIRST, LAST = 26_000, 32_000
LANES = 4


def lane() -> int:
    """The lane of this worker of pytest."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % LANES


def _cycle() -> Iterator[int]:
    """The ports of this worker of pytest, endlessly, from a random one on."""
    ports = list(range(FIRST + lane(), LAST, LANES))
    start = random.randrange(len(ports))
    return itertools.cycle(ports[start:] + ports[:start])


_PORTS = _cycle()


def free_port() -> int:
    """A free port on loopback; raises OSError if there is none."""
    for port in itertools.islice(_PORTS, LAST - FIRST):
        if not is_taken(port):
            return port
    raise OSError("no port is free")


def offset_with_free(port: Port) -> int:
    """An offset at which one port of the local mode is such a port."""
    while True:
        offset = free_port() - port
        if offset <= LARGEST_OFFSET:
            return offset

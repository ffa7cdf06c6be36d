"""The whole system as run by the supervisor, with a link in front of every part.

A separate program: `python -m tests.soak.linked_stack`, with the ports of the links in
`SOAK_LINKS`. Each part listens on its usual port; all others reach it through its link.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import orjson

from gateway.render import write_configuration
from services.common.settings import Port, Service, Settings
from stack.engines.engine import Command
from stack.layout import Layout
from stack.output.diagnosis import Failure
from stack.parts import Part, local_parts
from stack.processes.supervisor import Supervisor
from stack.state import Lock, PartStatus

__all__ = ["LINKED", "LINKS", "PROGRAM", "listening_ports"]

PROGRAM: Final = (sys.executable, "-P", "-m", "tests.soak.linked_stack")
LINKS: Final = "SOAK_LINKS"

LINKED: Final = (
    "postgres", "temporal", "simulator", "inventory", "billing", "catalog", "analytics", "gateway",
)  # fmt: skip  # a table
"""The parts that others speak to; the worker only speaks."""

CALLERS: Final = frozenset({*Service, "worker"})


def listening_ports(settings: Settings) -> dict[str, int]:
    """Where each linked part itself listens."""
    return {name: settings.port(Port[name.upper()]) for name in LINKED}


def _addresses(settings: Settings, links: Mapping[str, int], caller: str) -> dict[str, str]:
    """What a part is told of the others. Where it listens itself, it knows."""
    local = settings.port(Port.POSTGRES)
    told = {"TEMPORAL_ADDRESS": f"127.0.0.1:{links['temporal']}"}
    for service in Service:
        if service != caller:
            told[f"ARCADIA_{service.upper()}_ADDRESS"] = f"127.0.0.1:{links[service]}"
        url = settings.database_url(service).replace(f":{local}/", f":{links['postgres']}/")
        told[f"ARCADIA_{service.upper()}_DATABASE_URL"] = url
    if caller == "worker":
        told["DO_API_URL"] = f"http://127.0.0.1:{links['simulator']}"
        told["DO_API_TOKEN"] = "soak"
    return told


def _linked(part: Part, settings: Settings, layout: Layout, links: Mapping[str, int]) -> Part:
    if part.name == "gateway":
        found = {f"{service}_address": f"127.0.0.1:{links[service]}" for service in Service}
        told = settings.model_copy(update=found)
        return replace(part, prepare=lambda: write_configuration(told, layout.gateway))
    if part.name not in CALLERS:
        return part

    def command() -> Command:
        own = part.command()
        told = _addresses(settings, links, part.name)
        return replace(own, environment={**own.environment, **told})

    return replace(part, command=command)


class _Told:
    """Says on the standard output what fails; the rest is in the state file."""

    def changed(self, status: PartStatus) -> None:
        """The state file has it."""

    def failed(self, failure: Failure) -> None:
        """Says why it cannot start."""
        sys.stdout.write(f"{failure.part}: {failure.reason}\n")

    def stopping(self) -> None:
        """Nothing is said of it."""


async def _ready(_: Supervisor) -> None:
    """The state file says it."""


def main() -> int:
    """Runs until it is told to stop; the exit code."""
    settings = Settings()
    links = orjson.loads(os.environ[LINKS])
    layout = Layout.of(settings)
    layout.make()
    lock = Lock.take(layout.lock)
    if lock is None:
        return 1
    parts = [_linked(part, settings, layout, links) for part in local_parts(settings, layout)]

    async def supervise() -> bool:
        return await Supervisor(parts, layout, lock, _Told()).run(_ready)

    try:
        return 0 if asyncio.run(supervise()) else 1
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(main())

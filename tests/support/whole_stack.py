"""The whole system as a user runs it: `arcadia up`, with its own data directory."""

import random
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import OFFSET_STEP, Port, Settings
from stack.control import running_state, view
from stack.layout import Layout
from stack.output.welcome import gateway_url
from stack.parts import local_parts
from stack.ports import is_taken
from stack.processes.process import Process
from stack.state import PartState, PartStatus, StackState
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.ports import FIRST, LANES, lane
from tests.support.waiting import until

__all__ = ["COMMAND", "WholeStack", "pasted"]

COMMAND = (sys.executable, "-P", "-m", "cli.app")
COMMAND_SECONDS = 240.0


@dataclass
class WholeStack:
    """A stack on its own ports and folder, running or not."""

    settings: Settings
    room: EngineRoom
    program: tuple[str, ...] = (*COMMAND, "up")
    """The process that starts and supervises it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables in addition to the settings."""
    _process: Process | None = field(default=None, init=False)

    @classmethod
    def at(cls, folder: Path, room: EngineRoom) -> "WholeStack":
        """A stack with its data in a folder, on free ports."""
        offsets = _offsets()
        while True:
            offset = random.choice(offsets)
            settings = Settings(port_offset=offset, data_dir=str(folder))
            parts = local_parts(settings, Layout.of(settings))
            if not any(is_taken(port) for part in parts for port in part.ports):
                return cls(settings, room)

    @property
    def layout(self) -> Layout:
        """Its data directory."""
        return Layout.of(self.settings)

    @property
    def name(self) -> str:
        """Its name."""
        return f"stack-{self.settings.port_offset}"

    def up(self) -> str:
        """Starts it, and waits until it is ready; returns what it printed."""
        log = self.room.log(self.name)
        before = len(log.read_text()) if log.exists() else 0
        self._process = self.room.start_program(
            self.name,
            self.program,
            {**environment_of(self.settings), **self.environment},
            self._is_ready,
        )
        return log.read_text()[before:]

    @property
    def supervisor(self) -> Process:
        """Its supervisor; raises AssertionError if it was not started."""
        assert self._process is not None
        return self._process

    def stop(self) -> None:
        """Stops it by a signal to its supervisor."""
        if self._process is not None:
            self.room.stop(self._process)
            self._process = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs an `arcadia` command."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=environment_of(self.settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    def part(self, name: str) -> PartStatus:
        """A part in the state file."""
        state = running_state(self.layout)
        assert state is not None
        [found] = [part for part in state.parts if part.name == name]
        return found

    def kill(self, name: str) -> None:
        """Kills a part, and waits until everything is healthy again."""
        before = self.part(name)
        assert before.mark is not None
        before.mark.send(signal.SIGKILL)
        until(lambda: self.part(name).restarts > before.restarts)
        until(lambda: self.part(name).state is PartState.READY)
        # Dependent parts need a moment to reconnect.
        until(self.is_well)

    def is_well(self) -> bool:
        """Whether every part responds."""
        state = running_state(self.layout)
        return state is not None and all(
            part.well for part in view(self.settings, self.layout, state)
        )

    def client(self, tenant: str | None = None) -> httpx.Client:
        """An HTTP client with the token of a tenant's user, or of an operator."""
        roles = [] if tenant else [OPERATOR_ROLE]
        token = mint_user_token(self.settings, subject="test", roles=roles, tenant_id=tenant)
        headers = {"authorization": f"Bearer {token}"}
        url = gateway_url(self.settings)
        return httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=120)

    def _is_ready(self, process: Process) -> bool:
        state = StackState.read(self.layout.state)
        return state is not None and state.ready and state.supervisor.pid == process.pid


def _offsets() -> range:
    """The offsets of this worker of pytest, different for each worker."""
    # Their ports lie below those that `free_port` gives.
    of_all = range(OFFSET_STEP, FIRST - max(Port), OFFSET_STEP)
    return of_all[lane() :: LANES]


def pasted(line: str) -> httpx.Response:
    """The response of a printed `curl` command."""
    curl, *words = shlex.split(line)
    assert curl == "curl"
    [url] = [word for word in words if word.startswith("http")]
    headers = [words[position + 1] for position, word in enumerate(words) if word == "-H"]
    pairs = dict(header.split(": ", 1) for header in headers)
    return httpx.get(url, headers=pairs, trust_env=False, timeout=120)

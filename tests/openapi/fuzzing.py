"""Schemathesis: calls each operation with valid and invalid values, and judges the answers."""

import asyncio
import subprocess
from pathlib import Path

from gateway.documents import OPENAPI
from tests.openapi.contract import OPERATIONS
from tests.openapi.tools import python_program, variables

__all__ = ["fuzz"]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


async def fuzz(url: str, token: str, folder: Path, *, phase: str, examples: int = 2) -> str:
    """What is wrong with the answers to a caller; empty if nothing is.

    `phase` is `coverage` for values at each bound of the document, which are always the same, or
    `fuzzing` for `examples` values an operation, which are the same for the same document.
    """
    ended = await asyncio.create_subprocess_exec(
        *python_program("schemathesis"), "--no-color", "run", OPENAPI, "--url", url,
        "--header", f"Authorization: Bearer {token}", "--phases", phase,
        "--max-examples", str(examples), "--generation-deterministic", "--no-shrink",
        "--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure",
        "--checks", ",".join(CHECKS),
        cwd=folder, env=variables(folder),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip  # a table
    told, _ = await ended.communicate()
    text = told.decode()
    return "" if ended.returncode == 0 and f"Tested: {len(OPERATIONS)}" in text else text

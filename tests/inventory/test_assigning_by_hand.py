"""`arcadia assign`, against a served inventory."""

import asyncio
import sys

import pytest

from tests.inventory.account import Inventory, sighting
from tests.support.environment import environment_of


async def run(inventory: Inventory, *arguments: str) -> tuple[int, str]:
    """The exit status of the command, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.app", "assign", *arguments,
        env={**environment_of(inventory.settings), "NO_COLOR": "1", "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip  # a table
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_an_explicit_assignment_can_be_made_and_removed(inventory: Inventory) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    resource_id = (await inventory.one("1")).id
    given = await run(inventory, resource_id, "--tenant", "globex", "--reason", "sold")
    assert given == (0, "droplet web-1 is assigned to globex\n")
    assert await run(inventory, resource_id, "--nobody") == (
        0,
        "droplet web-1 is assigned to nobody\n",
    )
    assert await run(inventory, resource_id, "--by-rules") == (
        0,
        "droplet web-1 is assigned to acme\n",
    )


@pytest.mark.parametrize("arguments", [[], ["--nobody", "--by-rules"], ["--nobody", "--tenant=a"]])
async def test_one_owner_is_to_be_named(inventory: Inventory, arguments: list[str]) -> None:
    status, said = await run(inventory, "7", *arguments)
    assert status == 2
    assert "--by-rules" in said


async def test_a_refusal_says_why(inventory: Inventory) -> None:
    status, said = await run(inventory, "7", "--nobody")
    assert status == 1
    assert "INVALID_ARGUMENT: id" in said

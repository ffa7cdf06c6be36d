"""`arcadia inventory`: export and watch; `arcadia sweeps`: list and confirm."""

import asyncio
import csv
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import orjson
import pytest

from services.common.settings import Settings
from tests.inventory.account import Inventory, sighting
from tests.support.environment import environment_of


@pytest.fixture
def settings(inventory: Inventory) -> Settings:
    """Of a program that finds the served inventory."""
    return inventory.settings


async def arcadia(settings: Settings, *arguments: str, group: str = "inventory") -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.app", group, *arguments),
        env=environment_of(settings),
        stdout=PIPE,
        stderr=PIPE,
    )


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_an_export_goes_to_a_file_or_to_stdout(
    inventory: Inventory, settings: Settings, tmp_path: Path
) -> None:
    await inventory.record(sighting("1", region="ams3"), sighting("2", region="syd1"))
    file = tmp_path / "inventory.csv"
    to_file = await arcadia(settings, "export", "--region", "ams3", "-o", str(file))
    assert await to_file.wait() == 0
    with file.open(newline="") as lines:
        assert [row["provider_id"] for row in csv.DictReader(lines)] == ["1"]
    assert files_in(tmp_path) == [file.name]
    printed, _ = await (await arcadia(settings, "export", "--full")).communicate()
    rows = list(csv.DictReader(printed.decode().splitlines()))
    assert orjson.loads(rows[0]["attrs"]) == {"memory": 1024, "vcpus": 1}


async def test_a_wrong_filter_is_refused_and_leaves_no_file(
    inventory: Inventory, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "inventory.csv"
    refused = await arcadia(settings, "export", "--kind", "spaceship", "-o", str(file))
    _, told = await refused.communicate()
    assert refused.returncode == 1
    assert b"INVALID_ARGUMENT: kind" in told
    assert files_in(tmp_path) == []


async def test_a_watch_prints_what_was_and_what_comes(
    inventory: Inventory, settings: Settings
) -> None:
    await inventory.record(sighting("1"))
    watching = await arcadia(settings, "watch")
    assert watching.stdout is not None
    first = orjson.loads(await watching.stdout.readline())
    await inventory.record(sighting("1", name="renamed"))
    second = orjson.loads(await watching.stdout.readline())
    watching.terminate()
    await watching.wait()
    assert (first["type"], second["type"]) == ("discovered", "updated")
    assert second["changes"]["name"]["new"] == "renamed"


async def test_a_halted_sweep_is_listed_and_can_be_confirmed(
    inventory: Inventory, settings: Settings
) -> None:
    kept = [sighting(f"kept-{number}") for number in range(20)]
    await inventory.sweep(*kept, *(sighting(f"lost-{number}") for number in range(10)))
    for _ in range(3):
        halted = (await inventory.sweep(*kept)).sweep
    listing = await arcadia(settings, "list", "--outcome", "halted", group="sweeps")
    told, _ = await listing.communicate()
    assert halted.id in told.decode()
    assert "10 of 30 would be tombstoned" in told.decode()
    confirming = await arcadia(settings, "confirm", halted.id, group="sweeps")
    told, _ = await confirming.communicate()
    assert told.decode().strip() == "droplet: the next sweep may tombstone 10"
    assert (await inventory.sweep(*kept)).sweep.outcome == "completed"

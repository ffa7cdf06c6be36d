"""A batch needs a constant number of statements, whatever its size."""

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from tests.inventory.account import Inventory, sighting

Count = Callable[[Awaitable[Any]], Awaitable[int]]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Counts what reaches the driver while something is awaited."""
    counted = 0
    execute = psycopg.AsyncCursor.execute

    async def counting(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal counted
        counted += 1
        return await execute(self, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counting)

    async def count(work: Awaitable[Any]) -> int:
        before = counted
        await work
        return counted - before

    return count


def droplets(count: int, **columns: Any) -> list[Any]:
    return [sighting(str(number), **columns) for number in range(count)]


async def test_recording_rows_needs_a_constant_number_of_statements(
    inventory: Inventory, statements: Count
) -> None:
    sweep_id = await inventory.begin()
    costs = []
    for size in (1, 10, 1000):
        batches = [
            [sighting(f"{size}-{number}") for number in range(size)],
            [sighting(f"{size}-{number}", name="changed") for number in range(size)],
            [sighting(f"{size}-{number}", name="changed") for number in range(size)],
        ]
        costs.append(
            [await statements(inventory.record(*batch, sweep_id=sweep_id)) for batch in batches]
        )
    assert costs[0] == costs[1] == costs[2]
    discovered, changed, unchanged = costs[0]
    look_up = 1  # of what the changed ones were; of the new ones there is nothing to look up
    assert unchanged < discovered == changed - look_up < 10


async def test_closing_a_sweep_needs_a_constant_number_of_statements(
    inventory: Inventory, statements: Count
) -> None:
    costs = []
    for size in (1, 1000):
        await inventory.sweep(*droplets(size), kind="volume")
        sweep_id = await inventory.begin("volume")
        costs.append(await statements(inventory.complete(sweep_id, total=0)))
    assert costs[0] == costs[1]


async def test_a_page_needs_a_constant_number_of_statements(
    inventory: Inventory, statements: Count
) -> None:
    await inventory.record(*droplets(1000))
    costs = [await statements(inventory.listed(page_size=size)) for size in (1, 100, 500)]
    assert len(set(costs)) == 1

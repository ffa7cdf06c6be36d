"""A page of a sweep needs a constant number of statements."""

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from tests.drift.account import Account
from tests.inventory.account import sighting

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


async def specified(account: Account, kind: str, count: int, **columns: Any) -> None:
    rows = [sighting(f"{kind}-{number}", **columns) for number in range(count)]
    await account.inventory.record(*rows, kind=kind)
    resources = account.rows("SELECT id::text FROM cloud_resources WHERE kind = %s", kind)
    await account.desire_all(
        {identifier: {"name": "n", "tags": ["t"]} for (identifier,) in resources}
    )


async def test_a_sweep_needs_a_constant_number_of_statements(
    account: Account, statements: Count
) -> None:
    costs = []
    for kind, count in (("droplet", 1), ("volume", 1000)):
        await specified(account, kind, count)
        opening = await statements(account.sweep(kind))
        again = await statements(account.sweep(kind))
        rows = [sighting(f"{kind}-{number}", name="n", tags=["t"]) for number in range(count)]
        await account.inventory.record(*rows, kind=kind)
        closing = await statements(account.sweep(kind))
        nothing = await statements(account.sweep(kind))
        costs.append((opening, again, closing, nothing))
    assert costs[0] == costs[1]
    assert max(costs[0]) < 12


async def test_a_list_and_a_batch_of_specs_need_a_constant_number_of_statements(
    account: Account, statements: Count
) -> None:
    costs = []
    for kind, count in (("droplet", 1), ("volume", 400)):
        await specified(account, kind, count)
        await account.sweep(kind)
        listing = await statements(account.listed(kind=kind))
        ids = account.rows("SELECT id::text FROM cloud_resources WHERE kind = %s", kind)
        batch = {identifier: {"name": "m"} for (identifier,) in ids}
        costs.append((listing, await statements(account.desire_all(batch))))
    assert costs[0] == costs[1]

"""One job for concurrent callers: each gets its own result, a failure is for all."""

import asyncio
from collections.abc import Sequence

import pytest

from services.catalog.quotes.batching import Batcher


async def test_those_who_ask_at_the_same_time_share_a_job_and_get_their_own_answers() -> None:
    jobs: list[list[int]] = []

    async def double(asked: Sequence[int]) -> list[int]:
        jobs.append(list(asked))
        await asyncio.sleep(0)
        return [2 * number for number in asked]

    batcher = Batcher(double)
    answers = await asyncio.gather(*(batcher.ask(number) for number in range(500)))
    assert answers == [2 * number for number in range(500)]
    assert sorted(number for job in jobs for number in job) == list(range(500))
    assert len(jobs) < 10


async def test_a_job_begins_after_all_of_its_askers_asked() -> None:
    now = 0
    release = asyncio.Event()

    async def read(asked: Sequence[int]) -> list[int]:
        seen = now
        await release.wait()
        return [seen] * len(asked)

    batcher = Batcher(read)
    first = asyncio.create_task(batcher.ask(0))
    await asyncio.sleep(0.01)
    now = 1
    second = asyncio.create_task(batcher.ask(0))
    release.set()
    assert (await first, await second) == (0, 1)


async def test_a_failure_affects_only_the_callers_of_its_job() -> None:
    failing = True

    async def job(asked: Sequence[int]) -> list[int]:
        if failing:
            raise ValueError("down")
        return list(asked)

    batcher = Batcher(job)
    outcomes = await asyncio.gather(
        *(batcher.ask(number) for number in range(3)), return_exceptions=True
    )
    assert [str(outcome) for outcome in outcomes] == ["down"] * 3
    failing = False
    assert await batcher.ask(7) == 7


async def test_who_gives_up_does_not_keep_the_others_from_their_answers() -> None:
    release = asyncio.Event()

    async def job(asked: Sequence[int]) -> list[int]:
        await release.wait()
        return list(asked)

    batcher = Batcher(job)
    asking = [asyncio.create_task(batcher.ask(number)) for number in range(2)]
    await asyncio.sleep(0.01)
    asking[0].cancel()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await asking[0]
    assert await asking[1] == 1

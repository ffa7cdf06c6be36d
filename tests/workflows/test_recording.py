"""Rows are recorded in order, a bounded number at a time, and the place never runs ahead."""

import asyncio
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.sync.activities.recording import ENOUGH_ROWS, MAX_ROWS_A_CALL, Recording


@given(
    sizes=st.lists(st.integers(0, 200), max_size=40),
    pauses=st.lists(st.integers(0, 4), min_size=40, max_size=40),
    waiting=st.integers(1, 4),
)
def test_every_row_is_recorded_once_and_in_order(
    sizes: list[int], pauses: list[int], waiting: int
) -> None:
    recorded: list[int] = []
    calls: list[int] = []

    async def record(pages: list[list[int]]) -> None:
        for _ in range(pauses[len(calls) % len(pauses)]):
            await asyncio.sleep(0)
        calls.append(sum(map(len, pages)))
        recorded.extend(chain.from_iterable(pages))

    async def run() -> int:
        read = 0
        async with Recording(record, 0, lambda page: len(page) % waiting != 0) as recording:
            for size in sizes:
                rows = list(range(read, read + size))
                read += size
                await recording.add(rows, read)
                assert recording.place <= len(recorded)
                await asyncio.sleep(0)
            await recording.finish()
            assert recording.place == read
        return read

    assert recorded == [] or recorded[0] == 0
    total = asyncio.run(run())
    assert recorded == list(range(total))
    assert all(size <= MAX_ROWS_A_CALL for size in calls)


async def test_who_reads_faster_than_is_recorded_is_held_back() -> None:
    gate = asyncio.Event()

    async def record(_: list[list[int]]) -> None:
        await gate.wait()

    async with Recording(record, 0) as recording:
        await recording.add([0] * 200, 1)
        await asyncio.sleep(0)
        await recording.add([0] * MAX_ROWS_A_CALL, 2)
        held_back = asyncio.create_task(recording.add([0] * 200, 3))
        await asyncio.sleep(0.01)
        assert not held_back.done()
        gate.set()
        await held_back
        await recording.finish()


async def test_a_failed_call_is_raised_and_its_rows_are_not_passed_over() -> None:
    async def record(_: list[list[int]]) -> None:
        raise ConnectionError

    async with Recording(record, 0) as recording:
        await recording.add([1], 1)
        with pytest.raises(ConnectionError):
            await recording.finish()
        assert recording.place == 0


async def test_leaving_calls_off_what_is_under_way() -> None:
    ended = asyncio.Event()

    async def record(_: list[list[int]]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with Recording(record, 0) as recording:
        await recording.add([1], 1)
        await asyncio.sleep(0)
    assert ended.is_set()


async def test_what_came_during_a_call_is_recorded_also_when_nothing_more_comes() -> None:
    gate = asyncio.Event()
    recorded = asyncio.Event()
    calls: list[int] = []

    async def record(pages: list[list[int]]) -> None:
        calls.append(sum(map(len, pages)))
        if len(calls) == 1:
            await gate.wait()
        else:
            recorded.set()

    async with Recording(record, 0) as recording:
        await recording.add([0] * 200, 1)
        await asyncio.sleep(0)
        await recording.add([0] * 200, 2)
        await recording.add([0] * 200, 3)
        gate.set()
        await recorded.wait()
        await recording.finish()
        assert recording.place == 3
    assert calls == [200, 400]


async def test_what_can_wait_is_sent_when_there_is_enough_of_it_or_with_what_cannot() -> None:
    calls: list[int] = []

    async def record(pages: list[list[int]]) -> None:
        calls.append(sum(map(len, pages)))

    async def settled() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async with Recording(record, 0, lambda page: page[0] == 0) as recording:
        for place in range(1, 5):
            await recording.add([0] * (ENOUGH_ROWS // 5), place)
            await settled()
        assert (calls, recording.place) == ([], 0)
        await recording.add([0] * (ENOUGH_ROWS // 5), 5)
        await settled()
        assert (calls, recording.place) == ([ENOUGH_ROWS], 5)
        await recording.add([0] * 200, 6)
        await recording.add([1] * 10, 7)
        await settled()
        assert (calls[1:], recording.place) == ([210], 7)
        await recording.add([0] * 200, 8)
        await settled()
        assert recording.place == 7
        await recording.finish()
        assert (calls[2:], recording.place) == ([200], 8)

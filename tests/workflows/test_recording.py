"""A bounded number of rows is recorded at a time, and the cursor never runs ahead."""

import asyncio
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.sync.activities.recording import (
    CALLS_AT_ONCE,
    ENOUGH_ROWS,
    MAX_ROWS_A_CALL,
    Recording,
)


@given(
    sizes=st.lists(st.integers(0, 200), max_size=40),
    pauses=st.lists(st.integers(0, 4), min_size=40, max_size=40),
    waiting=st.integers(1, 4),
    at_once=st.integers(1, 3),
)
def test_every_row_is_recorded_once_and_the_place_never_runs_ahead(
    sizes: list[int], pauses: list[int], waiting: int, at_once: int
) -> None:
    recorded: list[int] = []
    calls: list[int] = []
    under_way = 0

    async def record(pages: list[list[int]]) -> None:
        nonlocal under_way
        under_way += 1
        assert under_way <= at_once
        calls.append(sum(map(len, pages)))
        for _ in range(pauses[len(calls) % len(pauses)]):
            await asyncio.sleep(0)
        under_way -= 1
        recorded.extend(chain.from_iterable(pages))

    async def run() -> int:
        read = 0
        async with Recording(
            record, 0, lambda page: len(page) % waiting != 0, calls_at_once=at_once
        ) as recording:
            for size in sizes:
                rows = list(range(read, read + size))
                read += size
                await recording.add(rows, read)
                assert {*range(recording.place)} <= {*recorded}
                await asyncio.sleep(0)
            await recording.finish()
            assert recording.place == read
        return read

    total = asyncio.run(run())
    assert sorted(recorded) == list(range(total))
    assert at_once > 1 or recorded == list(range(total))
    assert all(size <= MAX_ROWS_A_CALL for size in calls)


async def test_who_reads_faster_than_is_recorded_is_held_back() -> None:
    gate = asyncio.Event()

    async def record(_: list[list[int]]) -> None:
        await gate.wait()

    async with Recording(record, 0) as recording:
        for place in range(CALLS_AT_ONCE):
            await recording.add([0] * 200, place)
            await asyncio.sleep(0)
        await recording.add([0] * MAX_ROWS_A_CALL, CALLS_AT_ONCE)
        held_back = asyncio.create_task(recording.add([0] * 200, CALLS_AT_ONCE + 1))
        await asyncio.sleep(0.01)
        assert not held_back.done()
        gate.set()
        await held_back
        await recording.finish()


async def test_a_failed_call_is_raised_and_the_cursor_does_not_skip_its_rows() -> None:
    async def record(_: list[list[int]]) -> None:
        raise ConnectionError

    async with Recording(record, 0) as recording:
        await recording.add([1], 1)
        with pytest.raises(ConnectionError):
            await recording.finish()
        assert recording.place == 0


async def test_the_place_waits_for_a_call_that_a_later_one_overtakes() -> None:
    gate = asyncio.Event()
    overtaken = asyncio.Event()

    async def record(pages: list[list[int]]) -> None:
        if pages == [[1]]:
            await gate.wait()
        else:
            overtaken.set()

    async with Recording(record, 0, calls_at_once=2) as recording:
        await recording.add([1], 1)
        await recording.add([2], 2)
        await overtaken.wait()
        await asyncio.sleep(0)
        assert recording.place == 0
        gate.set()
        await recording.finish()
        assert recording.place == 2


async def test_leaving_the_context_cancels_pending_requests() -> None:
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


async def test_records_added_during_a_call_are_sent_also_when_none_follow() -> None:
    gate = asyncio.Event()
    recorded = asyncio.Event()
    calls: list[int] = []

    async def record(pages: list[list[int]]) -> None:
        calls.append(sum(map(len, pages)))
        if len(calls) == 1:
            await gate.wait()
        else:
            recorded.set()

    async with Recording(record, 0, calls_at_once=1) as recording:
        await recording.add([0] * 200, 1)
        await asyncio.sleep(0)
        await recording.add([0] * 200, 2)
        await recording.add([0] * 200, 3)
        gate.set()
        await recorded.wait()
        await recording.finish()
        assert recording.place == 3
    assert calls == [200, 400]


async def test_deferrable_records_are_sent_in_full_batches_or_with_urgent_ones() -> None:
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

"""The soak's instruments detect losses and duplicates, and its faults take effect."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.soak.ledger import Ledger
from tests.soak.links import Link
from tests.soak.report import Outcome, Report, Tally
from tests.soak.truth import tally_of


@pytest.mark.parametrize(
    ("acknowledged", "found", "subjects", "lost", "doubled"),
    [
        (["a", "b"], ["a", "b"], ["x", "y"], [], []),
        (["a", "b"], ["a"], ["x"], ["b"], []),
        (["a"], ["a", "c"], ["x", "x"], [], ["x", "c"]),
        (["a"], ["a", "c"], ["x", "z"], [], ["c"]),
    ],
    ids=["all there", "one lost", "one done twice", "one that nobody was told of"],
)
def test_lost_and_doubled_lines_are_detected(
    acknowledged: list[str],
    found: list[str],
    subjects: list[str],
    lost: list[str],
    doubled: list[str],
) -> None:
    assert tally_of("x", acknowledged, found, subjects) == Tally(
        "x", len(acknowledged), lost, doubled
    )


def test_a_wait_counts_from_the_fault_and_it_is_over_with_what_was_sent_afterwards() -> None:
    ledger, now = Ledger(), time.monotonic()
    ledger.acknowledge("quote", "met", "1", asked=now - 100, sent=now - 1)
    assert not ledger.answers_again("quote", now)
    assert 50 <= ledger.waited("quote", now - 50, now) < 100
    ledger.acknowledge("quote", "later", "2", asked=now + 1, sent=now + 1)
    assert ledger.answers_again("quote", now)
    assert ledger.waited("addon", now - 50, now) == 0


def test_the_report_says_every_fault_every_effect_and_their_sum() -> None:
    report = Report([Outcome("kill -9", "worker", 1.0, [0.2, 0.4], {"sync": 3.0, "ingest": 2.0})])
    report.tallies += [Tally("quote", 5, [], []), Tally("addon", 4, ["k"], [])]
    lines = list(report.lines())
    assert any(line.split()[:3] == ["kill", "-9", "worker"] and "sync" in line for line in lines)
    assert ["all", "9", "1", "0"] in [line.split() for line in lines]


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of a server that says everything back."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(100):
            writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_link_carries_breaks_off_refuses_and_carries_again(echo: int) -> None:
    link = Link("echo", echo)
    await link.open()

    async def said() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        try:
            writer.write(b"well")
            return await reader.read(100)
        except ConnectionResetError:
            return b""
        finally:
            writer.transport.abort()

    assert await said() == b"well"
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    writer.write(b"open")
    assert await reader.read(100) == b"open"
    link.cut()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    writer.transport.abort()
    assert await said() == b""
    link.mend()
    assert await said() == b"well"
    await link.close()

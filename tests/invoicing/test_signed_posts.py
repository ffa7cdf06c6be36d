"""The interpretation of responses to posts: what is accepted, and the timeouts."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.invoicing.receiver import Receiver
from workflows.durable.signed_posts import SignedPosts

NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)
A_PROXYS_PAGE = b"<html>it works</html>"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
async def posts(receiver: Receiver) -> AsyncIterator[SignedPosts]:
    async with httpx.AsyncClient() as client:
        yield SignedPosts(client, receiver.url, "secret", seconds=1)


async def test_a_response_without_a_required_reference_is_a_failure(
    receiver: Receiver, posts: SignedPosts
) -> None:
    for said in (A_PROXYS_PAGE, b"", b"[]", b'{"reference": true}', b'{"reference": ""}'):
        receiver.says = said
        receipt = await posts.post("invoice/1", b"{}", NOW, needs_reference=True)
        assert (receipt.is_delivered, receipt.is_final) == (False, False), said
        assert receipt.reason == "HTTP 200 without a reference"
    receiver.says = b'{"reference": 17}'
    receipt = await posts.post("invoice/1", b"{}", NOW, needs_reference=True)
    assert (receipt.is_delivered, receipt.reference) == (True, "17")


async def test_any_2xx_accepts_a_notice(receiver: Receiver, posts: SignedPosts) -> None:
    receiver.says = A_PROXYS_PAGE
    assert (await posts.post("spend-breach/1", b"{}", NOW)).is_delivered


async def test_a_response_that_arrives_too_slowly_times_out(
    receiver: Receiver, posts: SignedPosts
) -> None:
    receiver.says, receiver.pause_of_bytes = b" " * 50, 0.1
    receipt = await posts.post("invoice/1", b"{}", NOW, needs_reference=True)
    assert (receipt.is_delivered, receipt.is_final) == (False, False)
    assert receipt.reason == "no response within 1 s"

"""A wrong usage event is voided by its key, before and after its month is billed."""

import asyncio
from datetime import timedelta

import grpc
import pytest

from services.common.values.periods import month_of
from tests.analytics.account import Analytics, event, reason_of, today, yesterday
from tests.analytics.peers import BLOG, SHOP, Span, at


async def test_a_voided_event_counts_no_more(analytics: Analytics) -> None:
    await analytics.send(event("right"), event("wrong", qty="999000"))
    answer = await analytics.void("wrong", reason="counted in tokens of another model")
    [voided] = answer.voided
    assert (voided.idempotency_key, voided.qty, voided.deployment_id) == (
        "wrong",
        "999000",
        SHOP.id,
    )
    assert (voided.voided_by, voided.reason) == ("op", "counted in tokens of another model")
    [figure] = await analytics.figures()
    assert (figure.qty, figure.fact_count) == ("1000", 1)
    await analytics.meter(yesterday())
    assert await analytics.used() == {"llm_tokens": 1000}
    assert await analytics.changes() == []


async def test_a_figure_of_voided_events_alone_is_gone(analytics: Analytics) -> None:
    await analytics.send(event("wrong"))
    await analytics.void("wrong")
    assert await analytics.figures() == []


async def test_usage_of_resources_stays_when_an_event_of_the_same_meter_is_voided(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [Span(1, at(yesterday()), at("2199-01-01"))]
    await analytics.meter(yesterday())
    await analytics.send(event("wrong", kind="droplet_hours", qty="500"))
    await analytics.void("wrong")
    assert await analytics.used() == {"droplet_hours": 24}


async def test_an_event_that_is_not_added_up_yet_can_be_voided(analytics: Analytics) -> None:
    await analytics.record(event("right"), event("wrong"))
    await analytics.void("wrong")
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_voiding_again_changes_nothing_and_says_who_did_it_first(
    analytics: Analytics,
) -> None:
    await analytics.send(event("wrong"))
    [first] = (await analytics.void("wrong", reason="first")).voided
    again = await analytics.void("wrong", "wrong", reason="second")
    assert (list(again.voided), list(again.voided_before)) == ([], [first])


async def test_voids_that_race_take_an_event_back_once(analytics: Analytics) -> None:
    keys = [f"k{number}" for number in range(50)]
    await analytics.send(*map(event, keys), event("right"))
    answers = await asyncio.gather(
        *(analytics.void(*(keys if turn % 2 else reversed(keys))) for turn in range(6))
    )
    assert sum(len(answer.voided) for answer in answers) == 50
    assert sum(len(answer.voided_before) for answer in answers) == 250
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_a_key_that_names_no_event_is_refused_and_the_others_are_voided(
    analytics: Analytics,
) -> None:
    await analytics.send(event("wrong"))
    answer = await analytics.void("nowhere", "wrong", "")
    assert [one.idempotency_key for one in answer.voided] == ["wrong"]
    assert {one.index: one.reason for one in answer.refused} == {
        0: "NOT_FOUND",
        2: "FIELD_REQUIRED",
    }
    of_another = await analytics.void("wrong", source="other-gateway")
    assert [one.reason for one in of_another.refused] == ["NOT_FOUND"]


async def test_a_void_has_its_reason(analytics: Analytics) -> None:
    await analytics.send(event("right"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.void("right", reason="")
    assert reason_of(refused.value) == "FIELD_REQUIRED"
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_a_voided_event_that_is_sent_again_is_a_duplicate_listed_as_voided(
    analytics: Analytics,
) -> None:
    await analytics.send(event("wrong"), event("right"))
    await analytics.void("wrong")
    receipt = await analytics.send(event("right"), event("wrong"))
    assert (receipt.accepted_count, receipt.duplicate_count) == (0, 2)
    assert list(receipt.voided_indexes) == [1]
    corrected = await analytics.send(event("wrong", qty="7"))
    assert [one.reason for one in corrected.refused] == ["KEY_REUSED"]
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_a_void_in_a_closed_month_is_noted_as_a_change_of_it(analytics: Analytics) -> None:
    month = month_of(today()).preceding()
    day = (month.start + timedelta(days=9)).isoformat()
    await analytics.send(event("right", day=day), event("wrong", day=day))
    await analytics.meter_month(month)
    await analytics.close(month.start.isoformat())
    await analytics.void("wrong")
    assert await analytics.used() == {"llm_tokens": 1000}
    assert await analytics.changes() == [("acme", SHOP.id, month.start.isoformat(), "usage")]
    await analytics.void("wrong")
    assert len(await analytics.changes()) == 1


async def test_voids_are_listed_the_last_one_first_and_a_tenant_sees_its_own(
    analytics: Analytics,
) -> None:
    await analytics.send(event("a"), event("b", deployment=BLOG.id), event("c"))
    for key in "abc":
        await analytics.void(key)
    first = await analytics.voided(page_size=2)
    rest = await analytics.voided(page_size=2, page_token=first.next_page_token)
    listed = [*first.voided_events, *rest.voided_events]
    assert [one.idempotency_key for one in listed] == ["c", "b", "a"]
    own = await analytics.voided(analytics.tenant("acme"))
    assert [one.idempotency_key for one in own.voided_events] == ["c", "a"]
    foreign = await analytics.voided(analytics.tenant("acme"), tenant_id="globex")
    assert list(foreign.voided_events) == []
    of_blog = await analytics.voided(deployment_id=BLOG.id)
    assert [one.idempotency_key for one in of_blog.voided_events] == ["b"]

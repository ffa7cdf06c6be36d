"""Usage events count once, in their day, or late in the next invoice."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b

import grpc
import pytest
from arcadia.analytics.v1 import metering_service_pb2 as pb

from services.analytics.usage.rules.events import OwnedEvent, SentEvent, Sifted
from services.analytics.usage.rules.figures import Owner
from services.analytics.usage.store.periods import usage_of_period
from services.analytics.usage.take_events import take_events
from services.common.identity.callers import ALL
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, event, reason_of, today, yesterday
from tests.analytics.peers import BLOG, SHOP, Deployment, Span, at
from tests.audit.log import entries_of


def last_month() -> Period:
    """The month before this one: it may be closed."""
    return month_of(today()).preceding()


async def closed(analytics: Analytics) -> str:
    """Meters last month and closes it; its tenth day."""
    month = last_month()
    await analytics.meter_month(month)
    await analytics.close(month.start.isoformat())
    return (month.start + timedelta(days=9)).isoformat()


async def test_an_event_counts_once_however_often_it_is_sent(analytics: Analytics) -> None:
    first = await analytics.send(event("a"), event("b", qty="0.5"))
    again = await analytics.send(event("a"), event("b", qty="0.5"), event("c"))
    assert (first.accepted_count, first.duplicate_count) == (2, 0)
    assert (again.accepted_count, again.duplicate_count) == (1, 2)
    assert await analytics.used() == {"llm_tokens": Decimal("2000.5")}


async def test_events_that_an_operator_sends_and_voids_are_in_the_audit_log(
    analytics: Analytics,
) -> None:
    await analytics.send(event("a"))
    await analytics.void("a")
    sent, voided = (kept.content for kept in entries_of(analytics.admin_url))
    assert (sent["rpc"].rpartition("/")[2], voided["rpc"].rpartition("/")[2]) == (
        "SendUsageEvents",
        "VoidUsageEvents",
    )
    for entry, table in ((sent, "usage_events"), (voided, "usage_voids")):
        assert (entry["outcome"], entry["actor"], entry["tenant_id"]) == ("done", "op", "acme")
        [row] = [one for one in entry["changes"] if one["table"] == table]
        assert (row["before"], row["after"]["idempotency_key"]) == ({}, "a")


async def test_a_duplicate_within_a_batch_counts_once(analytics: Analytics) -> None:
    receipt = await analytics.send(event("a"), event("a"))
    assert (receipt.accepted_count, receipt.duplicate_count) == (1, 1)
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_the_same_key_of_another_source_is_another_event(analytics: Analytics) -> None:
    receipt = await analytics.send(event("a"), event("a", source="other-gateway"))
    assert receipt.accepted_count == 2


async def test_batches_that_race_with_the_same_events_count_them_once(
    analytics: Analytics,
) -> None:
    events = [event(f"k{number}") for number in range(200)]
    receipts = await asyncio.gather(
        *(analytics.record(*(events if turn % 2 else reversed(events))) for turn in range(6))
    )
    assert sum(receipt.accepted_count for receipt in receipts) == 200
    assert sum(receipt.duplicate_count for receipt in receipts) == 1_000
    await analytics.meter(yesterday())
    assert await analytics.used() == {"llm_tokens": 200_000}


async def test_invalid_events_are_refused_by_their_index_and_the_others_are_kept(
    analytics: Analytics,
) -> None:
    await analytics.send(event("taken"))
    timeless = event("timeless")
    timeless.occurred_at.seconds = 2**60
    receipt = await analytics.send(
        event("good"),
        event("taken", qty="2"),
        event("stranger", deployment="nowhere", tenant="acme"),
        event("negative", qty="-1"),
        event("infinite", qty="NaN"),
        event("kind", kind="teapots"),
        event("early", day=(today() + timedelta(days=3)).isoformat()),
        event("ancient", day="2019-01-01"),
        event(""),
        event("endless", deployment="x" * 999, tenant="acme"),
        timeless,
    )
    assert receipt.accepted_count == 1
    assert {one.index: one.reason for one in receipt.refused} == {
        1: "KEY_REUSED",
        2: "UNKNOWN_DEPLOYMENT",
        3: "OUT_OF_RANGE",
        4: "NOT_A_DECIMAL",
        5: "UNKNOWN_KIND",
        6: "OUT_OF_RANGE",
        7: "OUT_OF_RANGE",
        8: "FIELD_REQUIRED",
        9: "UNKNOWN_DEPLOYMENT",
        10: "OUT_OF_RANGE",
    }
    assert "qty" in next(one.message for one in receipt.refused if one.index == 3)
    assert await analytics.used() == {"llm_tokens": 2000}


async def test_an_event_by_slug_names_its_tenant_and_an_equal_slug_of_another_changes_nothing(
    analytics: Analytics,
) -> None:
    bare = await analytics.send(event("a", deployment="shop"))
    assert [(one.reason, one.message) for one in bare.refused] == [
        ("FIELD_REQUIRED", "tenant_id: is required if deployment_id is a slug")
    ]
    rival = Deployment("11111111-0000-7000-8000-000000000003", "globex", "shop")
    analytics.peers.deployments.append(rival)
    sent = await analytics.send(event("a", deployment="shop", tenant=SHOP.tenant_id))
    assert sent.accepted_count == 1
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_an_event_of_a_deployment_that_is_another_tenants_is_refused(
    analytics: Analytics,
) -> None:
    receipt = await analytics.send(
        event("a", tenant="globex"), event("b", tenant="globex", deployment="shop")
    )
    assert [one.reason for one in receipt.refused] == ["UNKNOWN_DEPLOYMENT"] * 2
    assert receipt.accepted_count == 0


async def test_an_event_counts_once_also_when_its_deployment_is_named_in_two_ways(
    analytics: Analytics,
) -> None:
    both = await analytics.send(
        event("a", deployment="shop", tenant=SHOP.tenant_id), event("a", deployment=SHOP.id)
    )
    assert (both.accepted_count, both.duplicate_count) == (1, 1)
    again = await analytics.send(event("a", deployment=SHOP.id))
    by_slug = await analytics.send(event("a", deployment="shop", tenant=SHOP.tenant_id))
    assert (again.duplicate_count, by_slug.duplicate_count) == (1, 1)
    assert await analytics.used() == {"llm_tokens": 1000}


@pytest.mark.parametrize("named", ["shop", SHOP.id])
@pytest.mark.parametrize("kept", ["shop", SHOP.id])
async def test_an_event_that_an_earlier_release_took_in_is_known_however_it_was_named(
    analytics: Analytics, named: str, kept: str
) -> None:
    """That release kept the deployment in an event's digest as it was named."""
    await analytics.send(event("a"))
    before = f"{kept}\0llm_tokens\x001000\0{at(yesterday(), '00:00:01')}"
    digest = int.from_bytes(blake2b(before.encode(), digest_size=8).digest(), "big", signed=True)
    analytics.execute("UPDATE usage_event_keys SET content_digest = %s", digest)
    receipt = await analytics.send(event("a", deployment=named, tenant=SHOP.tenant_id))
    assert (receipt.accepted_count, receipt.duplicate_count) == (0, 1)
    other = await analytics.send(event("a", deployment=named, tenant=SHOP.tenant_id, qty="2"))
    assert [one.reason for one in other.refused] == ["KEY_REUSED"]


async def test_a_quantity_beyond_the_bound_is_refused_and_the_rest_of_its_batch_is_kept(
    analytics: Analytics,
) -> None:
    receipt = await analytics.send(
        event("most", qty="1000000000000000"), event("more", qty="1000000000000001"), event("good")
    )
    assert receipt.accepted_count == 2
    [refused] = receipt.refused
    assert (refused.index, refused.reason) == (1, "OUT_OF_RANGE")
    assert "qty" in refused.message


async def test_an_empty_batch_is_refused(analytics: Analytics) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.record()
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_events_that_workers_send_count_with_the_next_metering(
    analytics: Analytics,
) -> None:
    await analytics.record(event("a"), event("b", deployment=BLOG.id))
    assert await analytics.used() == {}
    await analytics.meter(yesterday())
    assert await analytics.used(tenant_id="globex") == {"llm_tokens": 1000}
    assert await analytics.used(tenant_id="acme") == {"llm_tokens": 1000}


async def test_events_of_an_earlier_day_count_with_the_next_metering_of_any_day(
    analytics: Analytics,
) -> None:
    early = (last_month().start + timedelta(days=9)).isoformat()
    await analytics.record(event("a", day=early))
    await analytics.meter(yesterday())
    assert [(figure.day, figure.qty) for figure in await analytics.figures()] == [(early, "1000")]


async def test_events_and_intervals_of_a_day_stand_side_by_side(analytics: Analytics) -> None:
    day = yesterday()
    analytics.peers.spans = [Span(1, at(day), at("2199-01-01"))]
    await analytics.send(event("a", kind="droplet_hours", qty="1.25"))
    await analytics.meter(day)
    await analytics.send(event("b", kind="droplet_hours", qty="0.75"))
    [figure] = await analytics.figures()
    assert (figure.qty, figure.fact_count) == ("26", 3)
    facts = await analytics.facts(figure.id)
    assert [fact.source for fact in facts] == ["interval", "event", "event"]
    assert [fact.event_key for fact in facts[1:]] == ["a", "b"]
    await analytics.meter(day)
    [again] = await analytics.figures()
    assert again.facts_hash == figure.facts_hash


async def test_an_event_lands_in_its_own_day_while_its_month_is_open(
    analytics: Analytics,
) -> None:
    day = (last_month().start + timedelta(days=9)).isoformat()
    receipt = await analytics.send(event("a", day=day))
    assert receipt.late_count == 0
    assert [figure.day for figure in await analytics.figures()] == [day]


async def test_events_that_no_metering_run_summed_are_summed_at_the_close(
    analytics: Analytics,
) -> None:
    month = last_month()
    await analytics.meter_month(month)
    await analytics.record(event("a", day=month.start.isoformat()))
    await analytics.close(month.start.isoformat())
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_a_late_event_lands_in_its_day_and_is_noted_as_a_change_of_its_month(
    analytics: Analytics,
) -> None:
    day = await closed(analytics)
    receipt = await analytics.send(event("late-1", day=day), event("late-2", day=day))
    assert (receipt.accepted_count, receipt.late_count) == (2, 2)
    await analytics.meter(yesterday())
    assert [(one.day, one.qty) for one in await analytics.figures()] == [(day, "2000")]
    april = last_month().start.isoformat()
    assert await analytics.changes() == [("acme", SHOP.id, april, "usage")]
    await analytics.send(event("late-3", day=day))
    await analytics.meter(yesterday())
    assert len(await analytics.changes()) == 2


async def test_late_events_are_summed_before_the_next_month_is_closed(
    analytics: Analytics,
) -> None:
    month = last_month().preceding()
    await analytics.meter_month(month)
    await analytics.close(month.start.isoformat())
    await analytics.meter_month(last_month())
    await analytics.record(event("late", day=month.start.isoformat()))
    await analytics.close(last_month().start.isoformat())
    assert await analytics.changes() == [("acme", SHOP.id, month.start.isoformat(), "usage")]
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_late_events_are_summed_also_when_a_closed_month_is_closed_again(
    analytics: Analytics,
) -> None:
    day = await closed(analytics)
    await analytics.record(event("late", day=day))
    await analytics.close(last_month().start.isoformat())
    assert len(await analytics.changes()) == 1


async def test_late_usage_that_changes_no_figure_is_no_change_of_its_month(
    analytics: Analytics,
) -> None:
    day = await closed(analytics)
    await analytics.send(event("a", day=day))
    await analytics.meter(yesterday())
    await analytics.send(event("nothing", day=day, qty="0"))
    await analytics.meter(day)
    assert len(await analytics.changes()) == 1


async def test_taking_late_events_in_holds_up_no_month_that_is_closed(
    analytics: Analytics,
) -> None:
    """A batch that is still being taken in, and one after the other: the close waits for none."""
    day = date.fromisoformat(await closed(analytics))
    sent = SentEvent(0, "llm-gateway", "slow", "", SHOP.id, "llm_tokens", Decimal(7), at(str(day)))
    batch = Sifted([OwnedEvent(sent, Owner("acme", SHOP.id))], 0, [])
    async with analytics.database.write(ALL) as session:
        taken = await take_events(session, batch, now=at(str(today())))
        assert taken.receipt.late_count == 1
        await analytics.close(last_month().start.isoformat())
        await analytics.meter(str(day))
    await analytics.close(last_month().start.isoformat())
    assert await analytics.used() == {"llm_tokens": 7}


async def test_a_stream_of_late_events_neither_stops_a_close_nor_is_lost(
    analytics: Analytics,
) -> None:
    day = await closed(analytics)
    sent = 0
    over = asyncio.Event()

    async def stream(number: int) -> None:
        nonlocal sent
        turn = 0
        while not over.is_set():
            turn += 1
            await analytics.record(event(f"{number}-{turn}", day=day, qty="1"))
            sent += 1

    streams = [asyncio.create_task(stream(number)) for number in range(6)]
    for _ in range(5):
        await analytics.close(last_month().start.isoformat())
    over.set()
    await asyncio.gather(*streams)
    await analytics.close(last_month().start.isoformat())
    assert await analytics.used() == {"llm_tokens": sent}


async def test_a_month_that_is_reopened_keeps_its_late_events_in_their_days(
    analytics: Analytics,
) -> None:
    day = await closed(analytics)
    await analytics.send(event("late", day=day))
    await analytics.metering.ReopenMetering(
        pb.ReopenMeteringRequest(period=last_month().start.isoformat()), metadata=analytics.worker
    )
    assert await analytics.changes() == []
    assert [(figure.day, figure.qty) for figure in await analytics.figures()] == [(day, "1000")]


async def test_the_usage_of_a_period_is_exact_and_named_by_its_facts(
    analytics: Analytics,
) -> None:
    day = yesterday()
    analytics.peers.spans = [
        Span(1, at(day), at("2199-01-01")),
        Span(2, at(day), at("2199-01-01"), tenant_id="globex", deployment="blog"),
    ]
    await analytics.meter(day)
    await analytics.send(event("a", qty="0.000000000001"))
    month = month_of(date.fromisoformat(day))
    async with analytics.database.read(ALL) as session:
        everything = await usage_of_period(session, month, ["acme", "globex"])
        of_acme = await usage_of_period(session, month, ["acme"])
    assert [
        (one.tenant_id, one.resource_kind, *(run.qty for run in one.runs)) for one in everything
    ] == [
        ("acme", "droplet_hours", 24),
        ("acme", "llm_tokens", Decimal("0.000000000001")),
        ("globex", "droplet_hours", 24),
    ]
    assert of_acme == everything[:2]
    await analytics.meter(day)
    async with analytics.database.read(ALL) as session:
        assert await usage_of_period(session, month, ["acme", "globex"]) == everything


async def test_a_repeated_request_answers_as_the_first_did(analytics: Analytics) -> None:
    first = await analytics.send(event("a"), request_id="batch-1")
    assert await analytics.send(event("a"), request_id="batch-1") == first
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.send(event("b"), request_id="batch-1")
    assert reason_of(refused.value) == "IDEMPOTENCY_KEY_REUSED"

"""Metering a day from the inventory: replaced completely, or not at all."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import grpc
import pytest
from arcadia.analytics.v1 import metering_service_pb2 as pb
from arcadia.analytics.v1 import usage_service_pb2 as usage_pb
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb

from services.common.rpc.wire import instant_of
from services.common.values.periods import Period
from tests.analytics.account import Analytics, reason_of, today
from tests.analytics.peers import BLOG, SHOP, Deployment, Span, at

APRIL = Period.month(2026, 4)


def droplet(number: int, start: str = "2026-04-01", end: str = "2026-05-01", **more: Any) -> Span:
    return Span(number, at(start), at(end), **more)


async def test_a_month_metered_day_by_day_is_720_hours_and_whole_gigabytes(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [
        droplet(1),
        droplet(2, kind="snapshot", size_gb="17.3"),
        droplet(3, kind="domain"),
    ]
    await analytics.meter_month(APRIL)
    assert await analytics.used() == {
        "droplet_hours": 720,
        "snapshot_gb_month": Decimal("17.3"),
        "dns_zones": 1,
    }


async def test_usage_goes_to_the_deployment_that_the_tags_slug_means(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, deployment=SHOP.id)]
    await analytics.meter("2026-04-10")
    [figure] = await analytics.figures()
    assert (figure.deployment_id, figure.tenant_id) == (SHOP.id, "acme")
    assert (figure.qty, figure.fact_count) == ("48", 2)


async def test_a_deployment_that_the_catalog_does_not_know_keeps_its_name(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1, deployment="gone")]
    await analytics.meter("2026-04-10")
    assert [figure.deployment_id for figure in await analytics.figures()] == ["gone"]


async def test_metering_a_day_again_replaces_it(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1), droplet(2)]
    await analytics.meter("2026-04-10")
    before = await analytics.figures()
    analytics.peers.spans = [droplet(1)]
    await analytics.meter("2026-04-10")
    [after] = await analytics.figures()
    assert (before[0].qty, after.qty) == ("48", "24")
    assert after.id != before[0].id
    assert len(await analytics.facts(after.id)) == 1


async def test_the_same_facts_have_the_same_hash_however_they_are_paged(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(number) for number in range(1, 8)]
    hashes = set()
    for size in (0, 1, 3):
        await analytics.meter("2026-04-10", size=size)
        [figure] = await analytics.figures()
        hashes.add((figure.facts_hash, figure.qty, figure.fact_count))
    assert len(hashes) == 1
    analytics.peers.spans.append(droplet(9))
    await analytics.meter("2026-04-10")
    assert (await analytics.figures())[0].facts_hash not in {hash_ for hash_, *_ in hashes}


async def test_an_interrupted_generation_changes_nothing_and_can_continue(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1)]
    await analytics.meter("2026-04-10")
    analytics.peers.spans = [droplet(number) for number in range(1, 5)]
    analytics.peers.fail_at_page = "2"
    with pytest.raises(grpc.aio.AioRpcError):
        await analytics.meter("2026-04-10", size=1, key="broken")
    assert (await analytics.used()) == {"droplet_hours": 24}
    analytics.peers.fail_at_page = None
    await analytics.meter("2026-04-10", size=1, key="broken")
    assert (await analytics.used()) == {"droplet_hours": 96}


async def test_a_page_that_is_sent_again_counts_once(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(number) for number in range(1, 4)]
    first = await analytics.page("2026-04-10", "twice", size=2)
    again = await analytics.page("2026-04-10", "twice", size=2)
    assert first == again
    last = await analytics.page("2026-04-10", "twice", first.next_page_token, 2)
    assert last == await analytics.page("2026-04-10", "twice", first.next_page_token, 2)
    assert last.usage_count == 1
    assert await analytics.used() == {"droplet_hours": 72}


async def test_a_pass_with_a_page_missing_does_not_count(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(number) for number in range(1, 4)]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.page("2026-04-10", "jumped", "2", 2)
    assert reason_of(refused.value) == "PASS_INCOMPLETE"
    assert await analytics.figures() == []


async def test_a_generation_overtaken_by_a_newer_one_ends(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(number) for number in range(1, 4)]
    slow = await analytics.page("2026-04-10", "slow", size=1)
    await analytics.meter("2026-04-10", key="quick")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.page("2026-04-10", "slow", slow.next_page_token, 1)
    assert reason_of(refused.value) == "PASS_SUPERSEDED"
    assert await analytics.used() == {"droplet_hours": 72}


async def test_today_is_metered_up_to_now(analytics: Analytics) -> None:
    day = today()
    analytics.peers.spans = [Span(1, at(day.isoformat()), at("2199-01-01"))]
    await analytics.meter(day.isoformat())
    [asked] = [
        one
        for one in analytics.peers.asked
        if isinstance(one, lookup_pb.ListExistenceIntervalsRequest)
    ]
    until = instant_of(asked.span_to)
    assert until <= at((day + timedelta(days=1)).isoformat())
    [figure] = await analytics.figures()
    [fact] = await analytics.facts(figure.id)
    assert instant_of(fact.fact_to) == until


async def test_a_day_that_has_not_begun_is_refused(analytics: Analytics) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.meter((today() + timedelta(days=2)).isoformat())
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_moving_a_resource_changes_nothing_that_was_metered_before(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [
        droplet(1, "2026-04-01", "2026-04-10"),
        Span(1, at("2026-04-10"), at("2026-05-01"), tenant_id="globex", deployment="blog"),
    ]
    await analytics.meter_month(APRIL)
    assert await analytics.used(tenant_id="acme") == {"droplet_hours": 216}
    assert await analytics.used(tenant_id="globex") == {"droplet_hours": 504}


async def test_every_figure_can_be_traced_to_resources_and_spans(analytics: Analytics) -> None:
    analytics.peers.spans = [
        Span(1, at("2026-04-10", "06:00:00"), at("2026-04-10", "07:30:00")),
        droplet(2, "2026-04-10", "2026-04-11", status="off"),
        droplet(3, "2026-04-10", "2026-04-11", kind="snapshot", size_gb="60"),
    ]
    await analytics.meter("2026-04-10")
    figures = {figure.resource_kind: figure for figure in await analytics.figures()}
    [hours] = await analytics.facts(figures["droplet_hours"].id)
    assert (hours.source, hours.resource_name, hours.qty) == ("interval", "droplet-1", "1.5")
    assert instant_of(hours.fact_from) == at("2026-04-10", "06:00:00")
    assert instant_of(hours.fact_to) == at("2026-04-10", "07:30:00")
    [stored] = await analytics.facts(figures["snapshot_gb_month"].id)
    assert (stored.size_gb, stored.qty, stored.inventory_kind) == ("60", "2", "snapshot")


async def test_unassigned_resources_are_counted_and_not_metered(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, tenant_id="", deployment="")]
    answer = await analytics.meter("2026-04-10")
    assert (answer.interval_count, answer.unmetered_count, answer.usage_count) == (2, 1, 1)


@pytest.mark.parametrize("size_gb", ["1000000000000001", "1e40", "-1", "big"])
async def test_a_resource_of_an_impossible_size_stops_the_metering_of_nobody_else(
    analytics: Analytics, size_gb: str
) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, kind="snapshot", size_gb=size_gb)]
    answer = await analytics.meter("2026-04-10")
    assert (answer.interval_count, answer.unmetered_count) == (2, 1)
    assert await analytics.used() == {"droplet_hours": 24}


async def test_a_tenant_reads_its_own_usage_only(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, tenant_id="globex", deployment="blog")]
    await analytics.meter("2026-04-10")
    [own] = await analytics.figures(analytics.tenant("acme"))
    assert own.deployment_id == SHOP.id
    assert await analytics.figures(analytics.tenant("acme"), tenant_id="globex") == []
    [foreign] = await analytics.figures(deployment_id=BLOG.id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.facts(foreign.id, analytics.tenant("acme"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert len(await analytics.facts(own.id, analytics.tenant("acme"))) == 1


async def test_usage_is_listed_newest_day_first_page_by_page(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, tenant_id="globex", deployment="blog")]
    for day in ("2026-04-09", "2026-04-10", "2026-04-11"):
        await analytics.meter(day)
    seen, token = [], ""
    while True:
        request = usage_pb.ListDailyUsageRequest(page_size=2, page_token=token)
        answer = await analytics.usage.ListDailyUsage(request, metadata=analytics.operator)
        seen += [(one.day, one.tenant_id) for one in answer.daily_usage]
        if not (token := answer.next_page_token):
            break
    assert seen == [
        (day, tenant)
        for day in ("2026-04-11", "2026-04-10", "2026-04-09")
        for tenant in ("acme", "globex")
    ]
    only = await analytics.figures(from_day="2026-04-10", to_day="2026-04-11", tenant_id="acme")
    assert [one.day for one in only] == ["2026-04-10"]


async def test_a_month_closes_when_every_day_of_it_is_metered_to_its_end(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1)]
    await analytics.meter("2026-04-01")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.close("2026-04-01")
    assert reason_of(refused.value) == "METERING_INCOMPLETE"
    await analytics.meter_month(APRIL)
    assert (await analytics.close("2026-04-01")).usage_count == 30
    assert (await analytics.close("2026-04-01")).usage_count == 30


async def test_a_day_that_was_metered_answers_as_it_did_also_when_its_month_is_closed(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1)]
    await analytics.meter_month(APRIL)
    first = await analytics.meter("2026-04-30", key="metering/2026-04-30/ended")
    await analytics.close("2026-04-01")
    assert await analytics.meter("2026-04-30", key="metering/2026-04-30/ended") == first


async def test_metering_a_closed_month_again_notes_what_changed_in_it(
    analytics: Analytics,
) -> None:
    """A machine that was found late, one that turned out to be gone, and one as it was."""
    analytics.peers.spans = [droplet(1), droplet(2, tenant_id="globex", deployment="blog")]
    await analytics.meter_month(APRIL)
    await analytics.close("2026-04-01")
    found_late = Deployment("11111111-0000-7000-8000-000000000003", "initech", "store")
    analytics.peers.deployments.append(found_late)
    analytics.peers.spans = [
        droplet(1),
        Span(2, at("2026-04-01"), at("2026-04-20"), tenant_id="globex", deployment="blog"),
        droplet(3, tenant_id="initech", deployment="store"),
    ]
    await analytics.meter_month(APRIL)
    assert await analytics.used(tenant_id="acme") == {"droplet_hours": 720}
    assert await analytics.used(tenant_id="globex") == {"droplet_hours": 19 * 24}
    assert await analytics.used(tenant_id="initech") == {"droplet_hours": 720}
    assert set(await analytics.changes()) == {
        ("globex", BLOG.id, "2026-04-01", "usage"),
        ("initech", found_late.id, "2026-04-01", "usage"),
    }


async def test_metering_an_open_month_again_notes_nothing(analytics: Analytics) -> None:
    await analytics.meter_month(APRIL)
    analytics.peers.spans = [droplet(1)]
    await analytics.meter_month(APRIL)
    assert await analytics.changes() == []


async def test_a_month_that_is_reopened_is_billed_as_a_whole_again(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1)]
    await analytics.meter_month(APRIL)
    await analytics.close("2026-04-01")
    analytics.peers.spans = []
    await analytics.meter("2026-04-10")
    assert len(await analytics.changes()) == 1
    await analytics.metering.ReopenMetering(
        pb.ReopenMeteringRequest(period="2026-04-01"), metadata=analytics.worker
    )
    assert await analytics.changes() == []
    assert await analytics.used() == {"droplet_hours": 29 * 24}


REFUSED = "the Spaces key may not read the bucket"


def unmeasured(number: int, *more: str, **told: str) -> Span:
    """A bucket of which nobody knows the size."""
    return droplet(number, *more, kind="spaces_bucket", unmeasured=REFUSED, **told)


async def test_a_bucket_adds_its_share_of_the_months_gb(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1, kind="spaces_bucket", size_gb="212")]
    await analytics.meter("2026-04-10")
    [figure] = await analytics.figures()
    assert (figure.resource_kind, figure.qty) == ("spaces_gb_month", "7.066666666667")
    assert await analytics.unmetered() == []


async def test_a_bucket_of_unknown_size_is_listed_with_the_reason_and_never_metered_as_zero(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [
        unmeasured(1, "2026-04-10", "2026-04-12"),
        droplet(2, kind="spaces_bucket", size_gb="0"),
        droplet(3),
    ]
    for day in ("2026-04-10", "2026-04-11", "2026-04-12"):
        await analytics.meter(day)

    [found] = await analytics.unmetered()

    assert (found.inventory_kind, found.resource_name) == ("spaces_bucket", "spaces_bucket-1")
    assert (found.tenant_id, found.deployment_id) == ("acme", SHOP.id)
    assert (found.resource_kind, found.reason) == ("spaces_gb_month", REFUSED)
    assert (found.first_day, found.last_day) == ("2026-04-10", "2026-04-11")
    assert found.seconds == 2 * 86_400
    assert await analytics.unmetered(from_day="2026-04-12") == []
    assert len(await analytics.unmetered(from_day="2026-04-11", resource_kind="dns_zones")) == 0
    # An empty bucket is of known size.
    assert (await analytics.used())["spaces_gb_month"] == 0


async def test_a_day_that_is_metered_again_lists_what_is_unknown_now(analytics: Analytics) -> None:
    analytics.peers.spans = [unmeasured(1)]
    await analytics.meter("2026-04-10")
    assert len(await analytics.unmetered()) == 1

    analytics.peers.spans = [droplet(1, kind="spaces_bucket", size_gb="30")]
    await analytics.meter("2026-04-10")

    assert await analytics.unmetered() == []
    assert (await analytics.used())["spaces_gb_month"] == 1


async def test_unmetered_resources_are_listed_page_by_page_to_their_tenant(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [
        *(unmeasured(number) for number in range(1, 4)),
        unmeasured(9, tenant_id="globex", deployment="blog"),
        unmeasured(10, tenant_id="", deployment=""),
    ]
    await analytics.meter("2026-04-10", size=2)

    assert len(await analytics.unmetered(page_size=2)) == 5
    assert len(await analytics.unmetered(page_size=2, tenant_id="acme")) == 3
    own = await analytics.unmetered(analytics.tenant("globex"), page_size=2)
    assert [one.tenant_id for one in own] == ["globex"]

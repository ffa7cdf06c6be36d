"""Stale sources of a metered month are reported with the roll-up."""

from datetime import timedelta
from typing import Any

from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1 import rollup_service_pb2 as rollups_pb
from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceStub
from arcadia.analytics.v1.rollup_service_pb2_grpc import RollupServiceStub
from arcadia.billing.v1 import costs_pb2

from services.analytics.usage.rules.readings import RULES
from services.common.values.periods import Period
from tests.analytics.account import Analytics

APRIL = Period.month(2026, 4)


async def rollup_of(analytics: Analytics) -> str:
    steps: Any = InvoicingServiceStub(analytics.channel)
    request = steps_pb.BeginRollupRequest(period="2026-04-01", key="k/r", started_by="test")
    identity: str = (await steps.BeginRollup(request, metadata=analytics.worker)).rollup.id
    return identity


async def checked(analytics: Analytics, rollup_id: str) -> Any:
    steps: Any = InvoicingServiceStub(analytics.channel)
    request = steps_pb.CheckFreshnessRequest(rollup_id=rollup_id)
    return await steps.CheckFreshness(request, metadata=analytics.worker)


async def notes(analytics: Analytics, rollup_id: str) -> list[str]:
    stub: Any = RollupServiceStub(analytics.channel)
    answer = await stub.GetRollup(
        rollups_pb.GetRollupRequest(id=rollup_id), metadata=analytics.operator
    )
    return list(answer.rollup.freshness_notes)


async def test_kinds_that_were_not_seen_since_the_month_ended_are_stale(
    analytics: Analytics,
) -> None:
    rollup_id = await rollup_of(analytics)
    peers = analytics.peers
    peers.swept = dict.fromkeys(RULES, APRIL.end_at)
    peers.swept["droplet"] = APRIL.end_at - timedelta(seconds=1)
    del peers.swept["domain"]
    found = await checked(analytics, rollup_id)
    assert list(found.stale) == [
        "domain had never been read completely",
        "droplet was last read completely at 2026-04-30 23:59 UTC",
    ]
    assert list(found.unknown) == [
        "the provider's bill of 2026-04 had not arrived: costs were not final"
    ]
    assert await notes(analytics, rollup_id) == [*found.stale, *found.unknown]

    peers.swept = dict.fromkeys(RULES, APRIL.end_at)
    peers.cost_lines = [costs_pb2.CostLine(id="1")]
    peers.costs_complete = False
    [told] = (await checked(analytics, rollup_id)).unknown
    assert told == "the provider's bill of 2026-04 was not ingested completely"
    peers.costs_complete = True
    assert await checked(analytics, rollup_id) == steps_pb.CheckFreshnessResponse()
    assert await notes(analytics, rollup_id) == []


async def test_a_service_that_does_not_answer_makes_its_part_unknown(
    analytics: Analytics,
) -> None:
    rollup_id = await rollup_of(analytics)
    analytics.peers.tells_no_sweeps = True
    analytics.peers.refused_bill = "2026-04-01"
    found = await checked(analytics, rollup_id)
    assert list(found.stale) == []
    assert [one.partition(":")[0] for one in found.unknown] == [
        "the last complete read of the inventory was unknown",
        "the state of the provider's bill was unknown",
    ]

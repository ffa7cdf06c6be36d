"""Metering and margin on a real Temporal server, through a real analytics service."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from arcadia.billing.v1 import costs_pb2
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.catalog.v1 import quotes_pb2
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleState,
    WorkflowFailureError,
    WorkflowHandle,
)

from contracts.flows import TaskQueue, start_flow
from contracts.metering import (
    MARGIN_REFRESH,
    METERING,
    MarginInput,
    MeteringInput,
    margin_refresh,
    metering_by_hand,
)
from services.common.settings import Settings
from tests.analytics.peers import Span, at
from tests.support.waiting import tries
from tests.workflows.usage_system import Usage
from workflows.metering.metering import MarginRefresh, Metering
from workflows.metering.payloads import MarginResult
from workflows.schedules import ensure_schedules, planned

PAGE = 1_000
"""Intervals that a page has when a worker asks."""

APRIL_10 = date(2026, 4, 10)

KEPT = """
INSERT INTO margin_months (period, basis, revenue_cents, cogs_cents, revenue_state, cogs_state,
                           reporting_currency, exchange_rate_ids, parity_assumed, as_of)
SELECT k.period, 'invoiced', 1, 1, k.state, 'final', 'AUD', '{}', false, now()
FROM (VALUES (%s::date, %s), (%s::date, %s), (%s::date, %s)) AS k (period, state)
RETURNING period
"""


def free(item: pricing_pb.BatchQuoteItem) -> pricing_pb.BatchQuoteResult:
    """Nothing costs anything."""
    quote = quotes_pb2.Quote(currency="AUD")
    return pricing_pb.BatchQuoteResult(subscription_id=item.subscription_id, quote=quote)


def droplets(count: int) -> list[Span]:
    """So many droplets, since long and for long."""
    return [Span(number, at("2026-01-01"), at("2199-01-01")) for number in range(1, count + 1)]


async def test_a_run_meters_yesterday_to_its_end_and_today_up_to_now(usage: Usage) -> None:
    usage.peers.price = free
    usage.peers.spans = droplets(3)
    usage.system.start_worker()
    for _ in range(2):
        run = await start_flow(usage.system.client, metering_by_hand(), Metering.run)
        result = await run.result()
        assert len(result.lines) == 4
        assert result.failed == ()
    figures = dict(usage.rows("SELECT day, qty FROM daily_usage"))
    # Three days, where a day began between the runs.
    *whole, today = sorted(figures)
    assert {figures[day] for day in whole} == {72}
    assert whole[-1] == today - timedelta(days=1)
    assert 0 < figures[today] <= 72


async def test_yesterday_is_metered_again_when_what_went_before_midnight_is_known_to_be_gone(
    usage: Usage,
) -> None:
    """A resource is known to be gone by the third sweep that misses it, and was by the first."""
    usage.peers.price = free
    usage.peers.spans = droplets(1)
    client = usage.system.client
    usage.system.start_worker()
    name = f"metering-of-april-{uuid4()}"
    [row] = [one for one in planned(Settings()) if one.id == METERING.id()]
    schedule = replace(row, start=replace(row.start, id=name)).schedule()
    schedule.state = ScheduleState(paused=True)
    handle = await client.create_schedule(name, schedule)
    seen = []
    for run, hour in enumerate((0, 1, 2, 3), start=1):
        planned_at = datetime(2026, 4, 11, hour, 35, tzinfo=UTC)
        around = timedelta(minutes=5)
        await handle.backfill(ScheduleBackfill(planned_at - around, planned_at + around))
        started = await begun(handle, run)
        await client.get_workflow_handle(started).result()
        seen.append(usage.used(APRIL_10)["droplet_hours"])
        usage.peers.spans = [Span(1, at("2026-01-01"), at("2026-04-10", "22:15:00"))]
    await handle.delete()
    assert seen == [24, 24, Decimal("22.25"), Decimal("22.25")]


async def test_until_the_tenth_of_a_month_the_last_one_is_metered_again_once_a_day(
    usage: Usage,
) -> None:
    """A machine that the inventory sees only when its month is over."""
    usage.peers.price = free
    client = usage.system.client
    usage.system.start_worker()
    name = f"metering-again-{uuid4()}"
    [row] = [one for one in planned(Settings()) if one.id == METERING.id()]
    schedule = replace(row, start=replace(row.start, id=name)).schedule()
    schedule.state = ScheduleState(paused=True)
    handle = await client.create_schedule(name, schedule)
    in_february = (
        "SELECT sum(qty) FROM daily_usage WHERE day >= '2026-02-01' AND day < '2026-03-01'"
    )
    seen = []
    for run, (day, hour) in enumerate(((3, 1), (3, 2), (3, 3), (10, 2), (11, 2)), start=1):
        planned_at = datetime(2026, 3, day, hour, 35, tzinfo=UTC)
        around = timedelta(minutes=5)
        usage.peers.spans = droplets(run)
        await handle.backfill(ScheduleBackfill(planned_at - around, planned_at + around))
        await client.get_workflow_handle(await begun(handle, run)).result()
        seen.append(usage.rows(in_february)[0][0])
    await handle.delete()
    month = 28 * 24
    assert seen == [None, 2 * month, 2 * month, 4 * month, 4 * month]


async def begun(handle: ScheduleHandle, runs: int) -> str:
    """The newest run of a schedule, when it has started so many."""
    for _ in tries():
        info = (await handle.describe()).info
        if info.num_actions >= runs:
            newest = info.recent_actions[-1].action
            assert isinstance(newest, ScheduleActionExecutionStartWorkflow)
            return newest.workflow_id
        await asyncio.sleep(0.05)
    raise AssertionError(f"it started {info.num_actions}")


@pytest.mark.soak
async def test_a_killed_worker_goes_on_where_it_stood_and_nothing_counts_twice(
    usage: Usage,
) -> None:
    usage.peers.price = free
    usage.peers.spans = droplets(2_500)
    usage.peers.hold_at_page = str(2 * PAGE)
    usage.system.start_worker_process()
    run = await start_flow(usage.system.client, metering_by_hand([APRIL_10]), Metering.run)
    await usage.peers.held.wait()
    await asyncio.sleep(1.5)  # a heartbeat tells where it stands
    await usage.system.stop_workers()
    assert usage.used(APRIL_10) == {}
    usage.peers.hold_at_page = None
    usage.peers.let_go.set()
    usage.system.start_worker()
    await run.result()
    assert usage.used(APRIL_10) == {"droplet_hours": 2_500 * 24}
    assert pages(usage).count("") == 1
    [(facts,)] = usage.rows("SELECT count(*) FROM usage_facts WHERE day = %s", APRIL_10)
    assert facts == 2_500


def pages(usage: Usage) -> list[str]:
    """The pages of intervals that were asked for."""
    return [
        one.page_token
        for one in usage.peers.asked
        if isinstance(one, lookup_pb.ListExistenceIntervalsRequest)
        and one.span_from.ToDatetime(UTC).date() == APRIL_10
        and one.kinds
    ]


async def test_a_failed_step_is_reported_and_the_others_complete(usage: Usage) -> None:
    usage.peers.spans = droplets(1)
    usage.peers.fail_accrual = True
    usage.system.start_worker()
    run = await usage.system.client.start_workflow(
        Metering.run,
        MeteringInput((APRIL_10,), with_costs=False),
        id=f"metering/test/{uuid4()}",
        task_queue=TaskQueue.METERING,
    )
    with pytest.raises(WorkflowFailureError):
        await run.result()
    told = await run.query(Metering.progress)
    assert [line[:10] for line in told.lines] == ["2026-04-10"]
    assert [line.partition(":")[0] for line in told.failed] == ["accrual"]


async def test_the_margin_of_a_month_is_refreshed_under_its_own_name(usage: Usage) -> None:
    usage.peers.spans = droplets(1)
    usage.peers.cost_lines = [
        costs_pb2.CostLine(
            id=str(uuid4()), classification="resource", match_state="matched", kind="droplet",
            resource_id=str(UUID(int=1)), amount_usd="6.00",
        )
    ]  # fmt: skip  # a table
    usage.system.start_worker()
    run = await start_flow(usage.system.client, margin_refresh(date(2026, 4, 1)), MarginRefresh.run)
    assert run.id == "margin-refresh/2026-04"
    result = await run.result()
    assert (result.costs.tenant_count, result.tenant_count) == (1, 1)
    assert usage.rows("SELECT cogs_cents, cogs_state FROM margin_months") == [(600, "final")]


async def test_the_daily_run_computes_older_months_anew_that_something_came_late_for(
    usage: Usage,
) -> None:
    usage.peers.spans = droplets(1)
    usage.peers.cost_lines = [
        costs_pb2.CostLine(
            id=str(uuid4()), classification="resource", match_state="matched", kind="droplet",
            resource_id=str(UUID(int=1)), amount_usd="6.00",
        )
    ]  # fmt: skip  # a table
    last = (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)
    late, settled, refused = date(2025, 6, 1), date(2025, 7, 1), date(2025, 5, 1)
    usage.rows(KEPT, late, "provisional", settled, "final", refused, "provisional")
    usage.peers.bills[settled.isoformat()] = ""

    async def daily() -> WorkflowHandle[MarginRefresh, MarginResult]:
        return await usage.system.client.start_workflow(
            MarginRefresh.run,
            MarginInput(),
            id=f"margin-refresh/test/{uuid4()}",
            task_queue=TaskQueue.METERING,
        )

    def kept() -> list[tuple[Any, ...]]:
        return usage.rows("SELECT period, cogs_cents FROM margin_months ORDER BY period")

    # One that cannot be computed is told, and keeps no other from being so.
    usage.peers.refused_bill = refused.isoformat()
    usage.system.start_worker()
    with pytest.raises(WorkflowFailureError) as failed:
        await (await daily()).result()
    assert "2025-05" in str(failed.value.cause)
    assert kept() == [(refused, 1), (late, 600), (settled, 1), (last, 600)]
    usage.peers.refused_bill = ""
    assert (await (await daily()).result()).period == last
    assert kept() == [(refused, 600), (late, 600), (settled, 1), (last, 600)]


async def test_metering_runs_at_thirty_five_past_every_hour_and_margin_daily(
    temporal: Client,
) -> None:
    await ensure_schedules(temporal, planned(Settings()))
    for schedule, minute, apart in (
        (METERING.id(), 35, timedelta(hours=1)),
        (MARGIN_REFRESH.id(), 10, timedelta(days=1)),
    ):
        info = (await temporal.get_schedule_handle(schedule).describe()).info
        first, second = (at.replace(second=0, microsecond=0) for at in info.next_action_times[:2])
        assert first.minute == minute
        assert second - first == apart

"""Temporal's schedules match the table; an operator's pause is kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleOverlapPolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from contracts.collections import DUNNING_SWEEP, TRIAL_END
from contracts.flows import TaskQueue, register_search_attributes
from contracts.invoicing import MONTH_END
from contracts.sync import RESOURCE_SYNC, SLOW_SYNC
from services.common.settings import Settings
from tests.support.schedules import hold_schedules
from tests.workflows.conftest import end_runs
from workflows.schedules import ensure_schedules, planned
from workflows.sync.starts import SYNCED_KINDS, UnknownKind, sync_by_hand


async def described(temporal: Client) -> ScheduleDescription:
    return await temporal.get_schedule_handle(RESOURCE_SYNC.id()).describe()


@pytest.fixture
async def no_schedule(temporal: Client) -> AsyncIterator[None]:
    """Takes the held schedule away; afterwards it is held again, also for other tests."""
    try:
        await temporal.get_schedule_handle(RESOURCE_SYNC.id()).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    yield
    await hold_schedules(temporal)
    # The wall clock may have started one meanwhile.
    await end_runs(temporal)


@pytest.mark.usefixtures("no_schedule")
async def test_a_sync_runs_at_a_quarter_past_every_hour(temporal: Client) -> None:
    await ensure_schedules(temporal, planned(Settings()))
    asked = datetime.now(UTC)

    info = (await described(temporal)).info
    times = info.next_action_times[:3]
    hours = [at.replace(minute=0, second=0, microsecond=0) for at in times]
    assert [(at - hour) // timedelta(minutes=1) for at, hour in zip(times, hours, strict=True)] == [
        15,
        15,
        15,
    ]
    assert [later - hours[0] for later in hours] == [timedelta(hours=n) for n in range(3)]
    assert all(at > asked for at in times)


@pytest.mark.usefixtures("no_schedule")
async def test_workers_that_start_together_make_one_schedule(temporal: Client) -> None:
    await asyncio.gather(*(ensure_schedules(temporal, planned(Settings())) for _ in range(5)))

    state = (await described(temporal)).schedule.state
    assert not state.paused
    assert str(state.note).startswith("hourly at :15")


@pytest.mark.usefixtures("no_schedule")
async def test_an_operators_pause_is_kept_while_the_rest_is_brought_up_to_date(
    temporal: Client,
) -> None:
    await ensure_schedules(temporal, planned(Settings()))
    await temporal.get_schedule_handle(RESOURCE_SYNC.id()).pause(note="moving house")

    await ensure_schedules(temporal, planned(Settings(internal_project="renamed")))

    schedule = (await described(temporal)).schedule
    assert schedule.state.paused
    assert schedule.state.note == "moving house"
    await temporal.get_schedule_handle(RESOURCE_SYNC.id()).unpause(note="moved")
    await ensure_schedules(temporal, planned(Settings()))
    assert str((await described(temporal)).schedule.state.note).startswith("hourly at :15")
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)
    payload = await temporal.data_converter.decode(schedule.action.args)
    assert payload[0]["internal_project"] == "renamed"


def test_every_schedule_says_what_becomes_of_overlaps_and_of_missed_runs() -> None:
    table = planned(Settings())

    assert len({plan.id for plan in table}) == len(table)
    for plan in table:
        assert plan.overlap in ScheduleOverlapPolicy
        # Nothing makes up for a month that was not billed; the rest is made up for by itself.
        longest = {
            MONTH_END.id(): timedelta(days=21),
            TRIAL_END.id(): timedelta(days=1),
            DUNNING_SWEEP.id(): timedelta(days=1),
        }.get(plan.id, timedelta(hours=1))
        assert timedelta(0) < plan.catch_up < longest
        assert timedelta(0) < plan.jitter < timedelta(minutes=1)
        # Who finds no worker waits for one as long as a missed run may be late.
        timeout = plan.start.flow.timeout
        assert timeout is not None
        assert timeout >= plan.catch_up
        policy = plan.schedule().policy
        assert (policy.overlap, policy.catchup_window) == (plan.overlap, plan.catch_up)
        assert plan.note


async def test_search_attributes_are_made_once(temporal: Client) -> None:
    await asyncio.gather(*(register_search_attributes(temporal) for _ in range(3)))


def test_a_sync_names_its_kinds_in_one_order() -> None:
    settings = Settings()

    assert sync_by_hand(settings).argument.kinds == SYNCED_KINDS
    assert sync_by_hand(settings, ["droplet", "project"]).argument.kinds == ("project", "droplet")
    assert sync_by_hand(settings).id == "resource-sync/digitalocean/manual"
    assert sync_by_hand(settings, ["droplet"]).id == ("resource-sync/digitalocean/manual/droplet")


def test_a_kind_that_is_not_synced_is_refused() -> None:
    with pytest.raises(UnknownKind, match="teapot"):
        sync_by_hand(Settings(), ["droplet", "teapot"])


def test_slowly_changing_kinds_are_read_every_six_hours_on_their_own_queue() -> None:
    slow = next(plan for plan in planned(Settings()) if plan.id == SLOW_SYNC.id())

    assert slow.start.flow.queue == TaskQueue.CLOUD_SYNC_SLOW
    assert [at.start for at in slow.calendar.minute] == [45]
    assert [(at.start, at.end, at.step) for at in slow.calendar.hour] == [(0, 23, 6)]


def test_an_operator_reads_when_a_schedule_runs() -> None:
    when = {plan.id: plan.when for plan in planned(Settings())}

    assert when[RESOURCE_SYNC.id()] == "hourly at :15"
    assert when[SLOW_SYNC.id()] == "every 6 hours at :45"
    assert when[TRIAL_END.id()] == "daily at 00:04"
    assert when[MONTH_END.id()] == "on day 1 of the month at 03:00"

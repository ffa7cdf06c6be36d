"""A month that ended during an outage is billed once afterwards."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import (
    Client,
    ScheduleCalendarSpec,
    ScheduleRange,
    WorkflowExecution,
)

from contracts.flows import register_search_attributes
from contracts.invoicing import MONTH_END
from services.common.durable import connect
from services.common.settings import Settings
from stack.engines.temporal import Temporal
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving
from stack.processes.process import Process
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.waiting import tries
from workflows.durable.reasons import SCHEDULED
from workflows.schedules import PlannedSchedule, ensure_schedules, planned

AWAY = timedelta(seconds=5)


def month_end_at(instant: datetime, name: str, **settings: Any) -> PlannedSchedule:
    """The row of the month's end, but for its name and its day: the month ends at an instant."""
    [row] = [one for one in planned(Settings(**settings)) if one.id == MONTH_END.id()]
    calendar = ScheduleCalendarSpec(
        second=(ScheduleRange(instant.second),),
        minute=(ScheduleRange(instant.minute),),
        hour=(ScheduleRange(instant.hour),),
        day_of_month=(ScheduleRange(instant.day),),
        month=(ScheduleRange(instant.month),),
    )
    start, jitter = replace(row.start, id=name), timedelta(milliseconds=1)
    return replace(row, start=start, calendar=calendar, jitter=jitter)


class Plant:
    """A Temporal server that goes down and comes up with what it knew."""

    def __init__(self, room: EngineRoom) -> None:
        self._room = room
        self._engine = Temporal(
            room.folder / f"missed-{uuid.uuid4().hex[:8]}", free_port(), free_port()
        )
        self._engine.prepare()
        self._process: Process | None = None

    async def up(self) -> Client:
        address = f"127.0.0.1:{self._engine.port}"
        self._process = self._room.start(
            "missed-temporal",
            self._engine.command(),
            lambda _: grpc_serving(address, TEMPORAL_FRONTEND),
        )
        client = await connect(Settings(TEMPORAL_ADDRESS=address))
        await register_search_attributes(client)
        return client

    def down(self) -> None:
        """As when the machine goes."""
        assert self._process is not None
        self._process.popen.kill()
        self._room.stop(self._process)


async def started(client: Client, at_least: int) -> Sequence[WorkflowExecution]:
    """The runs of the month's end, when there are so many, and a moment later."""
    query = "WorkflowType = 'MonthEnd'"
    for _ in tries():
        if len([one async for one in client.list_workflows(query)]) >= at_least:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)  # for one too many
    return [one async for one in client.list_workflows(query)]


async def test_a_month_that_was_missed_is_caught_up_once_unless_an_operator_paused_it(
    engine_room: EngineRoom,
) -> None:
    plant = Plant(engine_room)
    client = await plant.up()
    ends = datetime.now(UTC).replace(microsecond=0) + AWAY
    rows = {name: month_end_at(ends, name) for name in ("as it was", "changed", "paused")}
    await ensure_schedules(client, list(rows.values()))
    for name in rows:
        # It has begun to be watched, as one that is months old has.
        described = await client.get_schedule_handle(name).describe()
        assert described.info.next_action_times[0] == ends
    await client.get_schedule_handle("paused").pause(note="moving house")
    plant.down()
    await asyncio.sleep((ends - datetime.now(UTC)).total_seconds() + 1)

    client = await plant.up()
    # As each worker does that starts, several at once, with this release or with a later one.
    rows["changed"] = month_end_at(ends, "changed", invoice_approval=True)
    await asyncio.gather(*(ensure_schedules(client, list(rows.values())) for _ in range(3)))

    runs = await started(client, 2)
    began = {one.id.rpartition("-20")[0] for one in runs}
    assert (len(runs), began) == (2, {"as it was", "changed"})
    assert {one.typed_search_attributes.get(SCHEDULED) for one in runs} == {ends}
    state = (await client.get_schedule_handle("paused").describe()).schedule.state
    assert (state.paused, state.note) == (True, "moving house")
    plant.down()

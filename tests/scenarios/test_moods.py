"""A day of schedules over the account in each of its moods: nothing fails, and nothing is false.

Every row of the table of schedules that runs each day is triggered by hand, in the order of a
day, in every hour in which more than the hourly rows run: so the sync runs more often than the
three times after which what a mood hid would count as deleted.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleOverlapPolicy,
)

from providers.digitalocean.simulator.faults import Fault
from providers.digitalocean.simulator.kinds import KINDS
from providers.digitalocean.simulator.moods import AS_SEEN, MOODS, Mood
from tests.providers.simulator import Simulator
from tests.scenarios.april import Account, April
from tests.scenarios.system import running_scenario
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.schedules import hold_schedules
from tests.support.waiting import tries
from workflows.schedule_rows import PlannedSchedule
from workflows.schedules import planned
from workflows.starts import full_sync, start_sync

UNTIL_HOUR: Final = 7
AT_ONCE: Final = 8
"""Specs that are recorded at a time."""
BORN: Final = "2024-03-04T09:00:00Z"
"""Two months after the account's first bill: few bills, of every kind of line."""


@dataclass(frozen=True)
class Moody:
    """The system, and the account whose mood changes."""

    simulator: Simulator
    system: April

    async def everything(self, path: str, key: str, **asked: Any) -> list[Any]:
        """All pages of a list, as an operator reads it."""
        found: list[Any] = []
        token = ""
        async with self.system.http() as http:
            while True:
                asked |= {"page_size": 500, "page_token": token}
                answer = (await http.get(f"/api/v1{path}", params=asked)).raise_for_status().json()
                found += answer[key]
                token = answer.get("next_page_token", "")
                if not token:
                    return found

    async def lasting(self) -> dict[str, Any]:
        """The resources that live, by their ids, but for certificates.

        The platform renews a certificate by another one, and takes the old one away.
        """
        found = await self.everything("/inventory", "resources")
        return {one["id"]: one for one in found if one["kind"] != "certificate"}

    async def desired(self) -> None:
        """Everything is to stay as it is."""
        ids = [*await self.lasting()]
        async with self.system.http() as http:
            for start in range(0, len(ids), AT_ONCE):
                answers = await asyncio.gather(
                    *(
                        http.put(f"/api/v1/inventory/{one}/spec", json={"from_live": True})
                        for one in ids[start : start + AT_ONCE]
                    )
                )
                for answer in answers:
                    assert answer.is_success, answer.text

    async def ingested_anew(self) -> None:
        """Every bill is read again: it may have been read in another mood before."""
        for bill in await self.everything("/billing/provider-invoices", "provider_invoices"):
            answer = await self.system.post(f"/billing/provider-invoices/{bill['id']}/ingest")
            run = answer["provider_invoice"]["run"]
            await self.system.temporal.get_workflow_handle(
                run["workflow_id"], run_id=run["run_id"]
            ).result()

    async def run(self, row: PlannedSchedule) -> Any:
        """What a run of a schedule answers; it must not fail."""
        schedule = self.system.temporal.get_schedule_handle(row.id)
        before = (await schedule.describe()).info.num_actions
        await schedule.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
        for _ in tries():
            info = (await schedule.describe()).info
            if info.num_actions > before:
                break
            await asyncio.sleep(0.05)
        begun = info.recent_actions[-1].action
        assert isinstance(begun, ScheduleActionExecutionStartWorkflow)
        run = self.system.temporal.get_workflow_handle(
            begun.workflow_id, run_id=begun.first_execution_run_id
        )
        return await run.result()


@pytest.fixture(scope="module")
async def moody(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Moody]:
    simulators: list[Simulator] = []

    def make_account(simulator: Simulator) -> Account:
        simulators.append(simulator)
        return Account((), "")

    folder = tmp_path_factory.mktemp("moods")
    async with running_scenario("moods", engine_room, postgres, folder, make_account) as system:
        await hold_schedules(system.temporal)
        yield Moody(simulators[0], system)


def a_day(rows: tuple[PlannedSchedule, ...]) -> Iterator[PlannedSchedule]:
    """What runs each day, in its order, in the hours in which more than the hourly rows do."""
    daily = [row for row in rows if row.calendar.day_of_month[0].end > 1]
    hours = {row.id: _numbers(row.calendar.hour) for row in daily}
    busy = {hour for found in hours.values() if len(found) < 24 for hour in found}
    for hour in sorted(busy & set(range(UNTIL_HOUR))):
        yield from sorted(
            (row for row in daily if hour in hours[row.id]),
            key=lambda row: _numbers(row.calendar.minute),
        )


def _numbers(ranges: Any) -> list[int]:
    return [
        number
        for one in ranges
        for number in range(one.start, max(one.start, one.end) + 1, max(1, one.step))
    ]


def failures(result: Any, odd: frozenset[str]) -> list[str]:
    """What a run says of parts of it that failed, though it did not.

    Kinds with odd rows are read in part: those rows cost themselves, and nothing else.
    """
    told = [
        one.in_words()
        for one in getattr(result, "outcomes", ())
        if one.outcome != ("partial" if one.kind in odd else "completed")
    ]
    return [*told, *getattr(result, "failed", ())]


def odd_kinds(mood: Mood) -> frozenset[str]:
    """The kinds of which a mood makes rows unreadable."""
    odd = {rule.path for rule in mood.rules if rule.fault is Fault.ODD_FIELD}
    return frozenset(kind.name for kind in KINDS if kind.path in odd)


@pytest.mark.parametrize(
    "mood",
    # All at once in every run, and each by itself where there is time.
    [pytest.param(name, marks=() if name == AS_SEEN else pytest.mark.soak) for name in MOODS],
)
async def test_a_day_in_a_mood_fails_nothing_and_invents_nothing(moody: Moody, mood: str) -> None:
    # Given an account that was seen while it behaved, and that is to stay as it is.
    moody.simulator.behave()
    moody.simulator.reset(seed=3, now=BORN)
    moody.simulator.delete(*(str(app["id"]) for app in moody.simulator.truth("app")), kind="app")
    calm = await start_sync(moody.system.temporal, full_sync(moody.system.settings))
    assert all(one.outcome == "completed" for one in (await calm.result()).outcomes)
    await moody.desired()
    live = set(await moody.lasting())

    # When a day of schedules passes over it in the mood.
    moody.simulator.enter(mood)
    for row in a_day(planned(moody.system.settings)):
        result = await moody.run(row)
        assert not (failed := failures(result, odd_kinds(MOODS[mood]))), (row.id, failed)
    await moody.ingested_anew()

    # Then nothing that is there counts as gone, nothing drifts, and every line is explained.
    of_reads = [rule for rule in MOODS[mood].rules if rule.method != "POST"]
    assert moody.simulator.strikes() or not of_reads
    assert set(await moody.lasting()) == live
    assert await moody.everything("/drift", "drifts", status="open") == []
    bills = await moody.everything("/billing/provider-invoices", "provider_invoices")
    assert bills
    for bill in bills:
        assert bill["ingest_status"] == "ingested", bill
        assert bill["reconciliation"]["balanced"], bill
        lines = await moody.everything("/billing/cost-lines", "cost_lines", period=bill["period"])
        assert lines
        unexplained = [
            line
            for line in lines
            if line["match_state"] in ("unmatched", "ambiguous") and not line["match_reason"]
        ]
        assert unexplained == []

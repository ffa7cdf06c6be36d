"""A day of schedules in each mood of the account: no failures, and no false data.

Every daily schedule is triggered in order, in every hour in which more than the hourly ones run:
so the sync runs more often than the three times after which hidden resources would count as
deleted.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleOverlapPolicy,
)

from contracts.flows import start_flow
from kinds import RESOURCE_KINDS
from providers.digitalocean.simulator.kinds import KINDS
from providers.digitalocean.simulator.moods import AS_SEEN, MOODS, Mood
from providers.digitalocean.simulator.web.faults import Fault
from tests.providers.simulator import Simulator
from tests.scenarios.april import Account, April
from tests.scenarios.system import running_scenario
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.schedules import hold_schedules
from tests.support.waiting import tries
from workflows.drift.payloads import DriftSweepResult
from workflows.schedules import PlannedSchedule, planned
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

UNTIL_HOUR: Final = 7
AT_ONCE: Final = 8
"""Maximum specs per call."""
BORN: Final = "2024-03-04T09:00:00Z"
"""Two months after the account's first bill: few bills, of every kind of line."""


@dataclass(frozen=True)
class Moody:
    """The system, and the account whose mood changes."""

    simulator: Simulator
    system: April

    async def everything(self, path: str, key: str, **asked: Any) -> list[Any]:
        """All pages of a list, as an operator."""
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
        """The existing resources, by id."""
        found = await self.everything("/inventory", "resources")
        return {one["id"]: one for one in found}

    async def desired(self) -> None:
        """Records the live state of every resource as its spec."""
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
        """Ingests every bill again, because it may have been read in another mood."""
        for bill in await self.everything("/billing/provider-invoices", "provider_invoices"):
            answer = await self.system.post(f"/billing/provider-invoices/{bill['id']}/ingest")
            run = answer["provider_invoice"]["run"]
            await self.system.temporal.get_workflow_handle(
                run["workflow_id"], run_id=run["run_id"]
            ).result()

    async def run(self, row: PlannedSchedule) -> Any:
        """The result of a schedule's run, which must not fail."""
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


@asynccontextmanager
async def running(
    name: str, engine_room: EngineRoom, postgres: PostgresServer, folder: Path
) -> AsyncIterator[Moody]:
    """A system without running schedules."""
    simulators: list[Simulator] = []

    def make_account(simulator: Simulator) -> Account:
        simulators.append(simulator)
        return Account((), "")

    async with running_scenario(name, engine_room, postgres, folder, make_account) as system:
        await hold_schedules(system.temporal)
        yield Moody(simulators[0], system)


@pytest.fixture(scope="module")
async def moody(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Moody]:
    folder = tmp_path_factory.mktemp("moods")
    async with running("moods", engine_room, postgres, folder) as system:
        yield system


@pytest.fixture
async def never_whole(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path: Path
) -> AsyncIterator[Moody]:
    """A system whose token never had the scopes missing in the mood."""
    async with running("narrow", engine_room, postgres, tmp_path) as system:
        yield system


def a_day(rows: tuple[PlannedSchedule, ...]) -> Iterator[PlannedSchedule]:
    """The daily schedules in order, in the hours in which more than the hourly ones run."""
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


def failures(result: Any, expected: Mapping[str, str]) -> list[str]:
    """Unexpected outcomes of parts of a successful run."""
    told = [
        one.in_words()
        for one in getattr(result, "outcomes", ())
        if one.outcome != expected.get(one.kind, "completed")
    ]
    return [*told, *getattr(result, "failed", ())]


def outcomes_in(mood: Mood) -> dict[str, str]:
    """The expected outcomes of kinds other than completed.

    Kinds with unreadable rows are partial. Kinds of which the token sees less than before are
    frozen.
    """
    odd = {rule.path for rule in mood.rules if rule.fault is Fault.ODD_FIELD}
    return {
        **{kind.name: "partial" for kind in KINDS if kind.path in odd},
        **{
            kind.name: "frozen"
            for kind in RESOURCE_KINDS.values()
            if mood.withheld & set(kind.scoped.values())
        },
    }


def unlisted_in(mood: Mood) -> dict[str, str]:
    """The kinds that a mood's token may not list, by scope."""
    return {
        kind.scope: kind.name for kind in RESOURCE_KINDS.values() if kind.scope in mood.withheld
    }


@pytest.mark.parametrize(
    "mood",
    # All at once in every run, and each by itself where there is time.
    [
        pytest.param(name, marks=() if name == AS_SEEN else pytest.mark.soak)
        for name, mood in MOODS.items()
        if not mood.alone
    ],
)
async def test_a_day_in_a_mood_causes_no_failures_and_no_false_changes(
    moody: Moody, mood: str
) -> None:
    await pass_a_day(moody, MOODS[mood])


async def test_a_day_with_a_narrow_token_causes_no_failures_and_no_false_changes(
    never_whole: Moody,
) -> None:
    await pass_a_day(never_whole, MOODS["narrow_token"])


async def pass_a_day(moody: Moody, mood: Mood) -> None:
    """Has the account behave first, and then takes it through a day in a mood."""
    # Given an account that was seen while it behaved, and that is to stay as it is.
    moody.simulator.behave()
    moody.simulator.reset(seed=3, now=BORN)
    moody.simulator.delete(*(str(app["id"]) for app in moody.simulator.truth("app")), kind="app")
    # What a token never could list, it cannot lose.
    unlisted = unlisted_in(mood)
    moody.simulator.narrow(moody.system.settings.do_api_token.get_secret_value(), *unlisted)
    unread = dict.fromkeys(unlisted.values(), "unread")
    calm = await start_flow(
        moody.system.temporal, sync_by_hand(moody.system.settings), ResourceSync.run
    )
    assert not failures(await calm.result(), unread)
    await moody.desired()
    live = set(await moody.lasting())

    # When a day of schedules passes over it in the mood.
    moody.simulator.enter(mood.name)
    for row in a_day(planned(moody.system.settings)):
        result = await moody.run(row)
        expected = outcomes_in(mood)
        if not isinstance(result, DriftSweepResult):
            expected |= unread
        assert not (failed := failures(result, expected)), (row.id, failed)
    await moody.ingested_anew()

    # Then nothing that is there counts as gone, nothing drifts, and every line is explained.
    of_reads = [rule for rule in mood.rules if rule.method != "POST"]
    assert moody.simulator.strikes() or not of_reads
    lasting = await moody.lasting()
    assert set(lasting) == live
    assert {one["stale_strike_count"] for one in lasting.values()} == {0}
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

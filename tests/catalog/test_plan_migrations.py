"""Subscriptions are moved to another plan version: previewed, announced, in effect, undone."""

from typing import Any

import grpc
import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import migration_service_pb2 as pb
from arcadia.catalog.v1 import subscription_service_pb2 as subscriptions_pb
from arcadia.catalog.v1.migration_service_pb2_grpc import (
    MigrationServiceStub,
    MigrationStepServiceStub,
)
from google.protobuf.json_format import ParseDict

from contracts.flows import Start
from services.common.durable import FlowClient, Started
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_quotes_by_dimension import SIZED, sell_addon
from tests.inventory.account import reason_of

NOTICE, EFFECTIVE = "2026-05-01", "2026-06-01"


class Migrating:
    """An operator, and the worker that takes the steps."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._operators: Any = MigrationServiceStub(shop.channel)
        self._worker: Any = MigrationStepServiceStub(shop.channel)

    async def ask(self, what: str, **said: Any) -> Any:
        request = getattr(pb, f"{what}Request")(**said)
        return await getattr(self._operators, what)(request, metadata=self.shop.operator)

    async def step(self, what: str, **said: Any) -> Any:
        request = getattr(pb, f"{what}Request")(**said)
        return (await getattr(self._worker, what)(request, metadata=self.shop.worker)).step

    async def start(self, **said: Any) -> Any:
        asked = {"from_plan_code": "studio", "notice_on": NOTICE, "effective_on": EFFECTIVE}
        made = (await self.ask("StartMigration", **asked | said)).migration
        await self.step("SelectSubscriptions", id=made.id)
        return made

    async def announced(self, **said: Any) -> Any:
        """A migration whose changes are scheduled on its notice day."""
        made = await self.start(**said)
        self.shop.clock.set(NOTICE)
        while (await self.step("AdvanceMigration", id=made.id, limit=1)).remaining_count:
            pass
        return made

    async def outcomes(self, identifier: str) -> dict[str, tuple[str, str]]:
        answer = await self.ask("ListMigrationSubscriptions", migration_id=identifier)
        return {
            one.subscription_id: (one.outcome, one.reason) for one in answer.migration_subscriptions
        }

    async def found(self, identifier: str) -> Any:
        return (await self.ask("GetMigration", id=identifier)).migration


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    """The runs that were started or signalled."""
    runs: list[tuple[str, tuple[Any, ...]]] = []

    async def start(
        self: FlowClient, run: Start[Any], *, signal: str = "", signal_args: Any = (), **_: Any
    ) -> Started:
        runs.append((run.id, tuple(signal_args)))
        return Started(run.id, "run")

    monkeypatch.setattr(FlowClient, "start", start)
    return runs


@pytest.fixture
async def them(shop: Shop, started: list[Any]) -> Migrating:
    """Studio has a second version, which costs AUD 60 instead of 50."""
    request = catalog_pb.CreatePlanVersionRequest(
        plan_code="studio", price_cents=6000, currency="AUD"
    )
    made = (await shop.catalog.CreatePlanVersion(request, metadata=shop.operator)).plan_version
    them = Migrating(shop)
    for tenant, slug in (("acme", "shop"), ("globex", "blog")):
        deployment = await shop.deploy(slug, shop.tenant(tenant))
        await shop.subscribe(deployment.id, token=shop.tenant(tenant), addons=["storage_50gb"])
    publish = catalog_pb.PublishPlanVersionRequest(plan_code="studio", version=made.version)
    await shop.catalog.PublishPlanVersion(publish, metadata=shop.operator)
    return them


async def held(shop: Shop) -> dict[str, Any]:
    """The subscriptions by tenant."""
    answer = await shop.subscriptions.ListSubscriptions(
        subscriptions_pb.ListSubscriptionsRequest(), metadata=shop.operator
    )
    return {one.tenant_id: one for one in answer.subscriptions}


async def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code().name, (error.value.details() or "").partition(":")[0]


async def test_the_preview_says_who_pays_how_much_more_and_changes_nothing(
    them: Migrating,
) -> None:
    answer = await them.ask("PreviewMigration", from_plan_code="studio", effective_on="2026-06-16")
    assert [
        (
            one.tenant_id,
            one.from_version,
            one.outcome,
            one.monthly_before_cents,
            one.monthly_after_cents,
            one.monthly_change_cents,
            one.first_month_change_cents,
        )
        for one in answer.previews
    ] == [
        ("acme", 1, "scheduled", 5750, 6750, 1000, 500),
        ("globex", 1, "scheduled", 5750, 6750, 1000, 500),
    ]
    assert not (await held(them.shop))["acme"].upcoming_changes


async def test_changes_are_announced_on_the_notice_day_and_hold_from_the_effective_day(
    them: Migrating, started: list[Any]
) -> None:
    made = await them.start(reason="costs rose")
    assert started == [(f"plan-migration/{made.id}", ())]
    early = await them.step("AdvanceMigration", id=made.id)
    assert (early.status, early.done_count, early.remaining_count) == ("waiting", 0, 2)
    them.shop.clock.set(NOTICE)
    step = await them.step("AdvanceMigration", id=made.id)
    assert (step.status, step.done_count, step.remaining_count) == ("scheduled", 2, 0)
    acme = (await held(them.shop))["acme"]
    [change] = acme.upcoming_changes
    assert (change.kind, change.plan_version, change.effective_on) == ("plan_change", 2, EFFECTIVE)
    assert (change.migration_id, change.noticed_on, change.by_tenant) == (made.id, NOTICE, False)
    [event, *_] = (await them.shop.look(acme.deployment_id)).events
    assert event.type == "plan_changed"
    assert f"studio version 2 from {EFFECTIVE}, announced on {NOTICE}" in event.reason
    them.shop.clock.set(EFFECTIVE)
    assert (await held(them.shop))["acme"].plan_version == 2
    assert (await them.step("FinishMigration", id=made.id)).status == "in_effect"
    done = await them.found(made.id)
    assert (done.scheduled_count, done.planned_count, done.reason) == (2, 0, "costs rose")


async def test_a_repeated_step_or_a_second_migration_doubles_nothing(them: Migrating) -> None:
    made = await them.announced()
    await them.step("SelectSubscriptions", id=made.id)
    again = await them.step("AdvanceMigration", id=made.id)
    assert (again.done_count, again.remaining_count) == (0, 0)
    second = await them.ask("StartMigration", from_plan_code="studio", effective_on=EFFECTIVE)
    step = await them.step("SelectSubscriptions", id=second.migration.id)
    assert step.remaining_count == 0
    assert [len(one.terms) for one in (await held(them.shop)).values()] == [2, 2]


async def test_a_migration_undone_before_its_day_leaves_everything_as_it_was(
    them: Migrating, started: list[Any]
) -> None:
    before = await held(them.shop)
    made = await them.announced()
    answer = await them.ask("DecideMigration", id=made.id, decision="undo")
    assert answer.migration.status == "undoing"
    assert started[-1] == (f"plan-migration/{made.id}", ("undo",))
    while (await them.step("AdvanceMigration", id=made.id, limit=1)).remaining_count:
        pass
    assert (await them.step("FinishMigration", id=made.id)).status == "undone"
    after = await held(them.shop)
    assert {key: list(one.terms) for key, one in after.items()} == {
        key: list(one.terms) for key, one in before.items()
    }
    assert {outcome for outcome, _ in (await them.outcomes(made.id)).values()} == {"taken_back"}
    [event, *_] = (await them.shop.look(after["acme"].deployment_id)).events
    assert event.type == "change_taken_back"
    assert (await them.ask("DecideMigration", id=made.id, decision="undo")).migration.status == (
        "undone"
    )


@pytest.mark.parametrize("steps", [("AdvanceMigration", "FinishMigration"), ("FinishMigration",)])
@pytest.mark.parametrize("done_on", [EFFECTIVE, "2026-07-02"])
async def test_an_undo_holds_even_if_the_changes_are_taken_back_after_their_day(
    them: Migrating, started: list[Any], steps: tuple[str, ...], done_on: str
) -> None:
    before = await held(them.shop)
    made = await them.announced()
    them.shop.clock.set("2026-05-31")
    await them.ask("DecideMigration", id=made.id, decision="undo")
    them.shop.clock.set(done_on)
    for step in steps:
        answer = await them.step(step, id=made.id)
    assert answer.status == "undone"
    assert {key: list(one.terms) for key, one in (await held(them.shop)).items()} == {
        key: list(one.terms) for key, one in before.items()
    }
    assert set((await them.outcomes(made.id)).values()) == {("taken_back", "")}
    # Those that were in effect in an earlier month are repriced.
    backdated = them.shop.rows("SELECT effective_from::text FROM backdated_changes")
    assert backdated == ([] if done_on == EFFECTIVE else [(EFFECTIVE,)] * 2)


async def test_an_undo_leaves_a_change_that_was_in_effect_when_it_was_decided(
    them: Migrating, started: list[Any]
) -> None:
    made = await them.announced()
    both = await held(them.shop)
    for tenant, day in (("acme", "2026-05-10"), ("globex", "2026-05-12")):
        [change] = both[tenant].upcoming_changes
        request = subscriptions_pb.MoveChangeRequest(
            id=both[tenant].id, change_id=change.id, effective_on=day
        )
        await them.shop.subscriptions.MoveChange(request, metadata=them.shop.operator)
    them.shop.clock.set("2026-05-11")
    await them.ask("DecideMigration", id=made.id, decision="undo")
    them.shop.clock.set("2026-05-13")
    assert (await them.step("FinishMigration", id=made.id)).status == "undone"
    assert await them.outcomes(made.id) == {
        both["acme"].id: ("skipped", "CHANGE_GONE"),
        both["globex"].id: ("taken_back", ""),
    }


@pytest.mark.parametrize(
    ("plan", "day"), [("pro", NOTICE), ("starter", "2026-05-20"), ("pro", EFFECTIVE)]
)
async def test_a_tenant_cannot_replace_the_change_that_a_migration_scheduled(
    them: Migrating, plan: str, day: str
) -> None:
    await them.announced()
    before = (await held(them.shop))["acme"]
    call = them.shop.change(
        "ChangePlan", before.id, them.shop.acme, plan_code=plan, effective_on=day
    )
    assert await refusal(call, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")
    assert (await held(them.shop))["acme"] == before


async def test_a_tenant_changes_its_plan_after_the_effective_day_as_ever(them: Migrating) -> None:
    await them.announced()
    acme = (await held(them.shop))["acme"]
    said = {"plan_code": "pro", "effective_on": "2026-06-02"}
    await them.shop.change("ChangePlan", acme.id, them.shop.acme, **said)
    acme = (await held(them.shop))["acme"]
    assert [one.plan_code for one in acme.terms] == ["studio", "studio", "pro"]


async def test_a_migration_in_effect_cannot_be_undone(them: Migrating) -> None:
    made = await them.announced()
    them.shop.clock.set(EFFECTIVE)
    call = them.ask("DecideMigration", id=made.id, decision="undo")
    assert await refused(call) == ("FAILED_PRECONDITION", "the migration is in_effect")


async def test_a_paused_migration_schedules_nothing_until_it_is_resumed(them: Migrating) -> None:
    made = await them.start()
    them.shop.clock.set(NOTICE)
    await them.ask("DecideMigration", id=made.id, decision="pause")
    step = await them.step("AdvanceMigration", id=made.id)
    assert (step.is_paused, step.done_count, step.remaining_count) == (True, 0, 2)
    await them.ask("DecideMigration", id=made.id, decision="resume")
    assert (await them.step("AdvanceMigration", id=made.id)).done_count == 2


async def test_a_subscription_with_a_change_of_its_own_or_an_earlier_end_is_skipped(
    them: Migrating,
) -> None:
    made = await them.start()
    both = await held(them.shop)
    acme, globex = both["acme"], both["globex"]
    await them.shop.change("ChangePlan", acme.id, plan_code="pro", effective_on="2026-06-10")
    await them.shop.change("CancelSubscription", globex.id, effective_on="2026-05-20")
    them.shop.clock.set(NOTICE)
    await them.step("AdvanceMigration", id=made.id)
    assert await them.outcomes(made.id) == {
        acme.id: ("skipped", "HAS_OWN_CHANGE"),
        globex.id: ("skipped", "ENDS_BEFORE"),
    }


async def test_a_subscription_with_an_addon_that_the_target_could_not_count_is_skipped(
    them: Migrating,
) -> None:
    shop = them.shop
    both = await held(shop)
    acme, globex = both["acme"], both["globex"]
    await sell_addon(shop)
    await shop.change("AttachAddon", acme.id, code="hours")
    said = {"plan_code": "studio", "price_cents": 6000, "currency": "AUD", "items": [SIZED]}
    draft = ParseDict(said, catalog_pb.CreatePlanVersionRequest())
    await shop.catalog.CreatePlanVersion(draft, metadata=shop.operator)
    publish = catalog_pb.PublishPlanVersionRequest(plan_code="studio", version=3)
    await shop.catalog.PublishPlanVersion(publish, metadata=shop.operator)
    verdicts = {acme.id: ("skipped", "ADDON_WITHOUT_ITEM"), globex.id: ("scheduled", "")}
    answer = await them.ask("PreviewMigration", from_plan_code="studio", effective_on=EFFECTIVE)
    assert {one.subscription_id: (one.outcome, one.reason) for one in answer.previews} == verdicts
    made = await them.announced()
    assert await them.outcomes(made.id) == verdicts
    assert not (await held(shop))["acme"].upcoming_changes


async def test_a_change_that_can_no_longer_be_announced_in_time_fails_and_is_not_made(
    them: Migrating,
) -> None:
    made = await them.start()
    them.shop.clock.set("2026-05-03")
    await them.step("AdvanceMigration", id=made.id)
    assert set((await them.outcomes(made.id)).values()) == {("failed", "NOTICE_TOO_SHORT")}
    assert not (await held(them.shop))["acme"].upcoming_changes
    await them.ask("DecideMigration", id=made.id, decision="retry")
    assert set((await them.outcomes(made.id)).values()) == {("planned", "")}


@pytest.mark.parametrize(
    ("said", "moved"),
    [
        ({}, {"acme", "globex"}),
        ({"tenant_id": "acme"}, {"acme"}),
        ({"from_version": 1}, {"acme", "globex"}),
        ({"from_version": 2}, set()),
        ({"started_before": "2026-04-10"}, set()),
        ({"started_before": "2026-04-11"}, {"acme", "globex"}),
        ({"from_plan_code": "pro", "plan_code": "studio"}, set()),
    ],
)
async def test_a_filter_selects_the_subscriptions_that_are_migrated(
    them: Migrating, said: dict[str, Any], moved: set[str]
) -> None:
    await them.announced(**said)
    both = await held(them.shop)
    assert {tenant for tenant, one in both.items() if one.upcoming_changes} == moved


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"from_plan_code": ""}, "from_plan_code"),
        ({"from_plan_code": "none"}, "from_plan_code"),
        ({"plan_version": 9}, "plan_version"),
        ({"notice_on": "2026-04-09"}, "notice_on"),
        ({"effective_on": "2026-05-30"}, "effective_on"),
        ({"effective_on": ""}, "effective_on"),
    ],
)
async def test_a_bad_migration_is_refused_with_the_field(
    them: Migrating, said: dict[str, Any], field: str
) -> None:
    assert await refused(them.start(**said)) == ("INVALID_ARGUMENT", field)


async def test_only_operators_migrate(them: Migrating) -> None:
    stub: Any = MigrationServiceStub(them.shop.channel)
    call = stub.ListMigrations(pb.ListMigrationsRequest(), metadata=them.shop.acme)
    assert (await refused(call))[0] == "PERMISSION_DENIED"

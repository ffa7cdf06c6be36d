"""Subscriptions: bound to a version, addons bound to a price, each for a span of days."""

from typing import Any

import psycopg
import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import subscription_service_pb2 as pb
from arcadia.catalog.v1 import subscriptions_pb2

from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field


async def subscribed(shop: Shop, slug: str = "blog", **said: Any) -> subscriptions_pb2.Subscription:
    return await shop.subscribe((await shop.deploy(slug)).id, **said)


async def publish(shop: Shop, price_cents: int = 5500, currency: str = "AUD") -> int:
    """Publishes another version of Studio; answers its number."""
    made = await shop.catalog.CreatePlanVersion(
        catalog_pb.CreatePlanVersionRequest(
            plan_code="studio", price_cents=price_cents, currency=currency
        ),
        metadata=shop.operator,
    )
    request = catalog_pb.PublishPlanVersionRequest(
        plan_code="studio", version=made.plan_version.version
    )
    await shop.catalog.PublishPlanVersion(request, metadata=shop.operator)
    return int(made.plan_version.version)


def terms(subscription: subscriptions_pb2.Subscription) -> list[tuple[str, int, str, str]]:
    return [
        (term.plan_code, term.plan_version, term.effective_from, term.effective_to)
        for term in subscription.terms
    ]


async def test_a_deployment_is_subscribed_to_the_active_version_from_today(shop: Shop) -> None:
    made = await subscribed(shop, addons=["storage_50gb", "storage_50gb"])
    assert (made.tenant_id, made.plan_code, made.plan_version) == ("acme", "studio", 1)
    assert (made.status, made.starts_on, made.ends_on) == ("active", "2026-04-10", "")
    assert (made.current_period_start, made.current_period_end) == ("2026-04-01", "2026-05-01")
    assert terms(made) == [("studio", 1, "2026-04-10", "")]
    assert [(addon.code, addon.qty, addon.price_cents) for addon in made.addons] == [
        ("storage_50gb", "50", 750),
        ("storage_50gb", "50", 750),
    ]
    seen = await shop.look(made.deployment_id)
    assert seen.subscription == made == await shop.subscription(made.id)
    assert [event.type for event in seen.events] == ["subscribed", "created"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"plan_code": ""}, "plan_code"),
        ({"plan_code": "mega"}, "plan_code"),
        ({"addons": ["storage_50gb", "unicorns"]}, "addons[1]"),
        ({"starts_on": "yesterday"}, "starts_on"),
        ({"starts_on": "2026-04-09"}, "starts_on"),
    ],
)
async def test_a_subscription_that_makes_no_sense_is_refused_by_its_field(
    shop: Shop, said: dict[str, Any], field: str
) -> None:
    assert await refusal(subscribed(shop, **said), violated_field) == ("INVALID_ARGUMENT", field)
    assert shop.rows("SELECT count(*) FROM subscriptions") == [(0,)]


async def test_a_deployment_has_one_subscription_until_it_is_cancelled(shop: Shop) -> None:
    made = await subscribed(shop)
    again = shop.subscribe(made.deployment_id, "pro")
    assert await refusal(again, reason_of) == ("ALREADY_EXISTS", "ALREADY_SUBSCRIBED")
    await shop.change("CancelSubscription", made.id)
    after = await shop.subscribe(made.deployment_id, "pro")
    assert (await shop.look(made.deployment_id)).subscription.id == after.id
    with (
        psycopg.connect(shop.admin_url) as connection,
        pytest.raises(psycopg.errors.ExclusionViolation),
    ):
        connection.execute("UPDATE subscriptions SET ends_on = NULL")


async def test_an_ended_deployment_cannot_be_subscribed(shop: Shop) -> None:
    deployment = await shop.deploy()
    await shop.move(deployment.id, "cancelled")
    assert await refusal(shop.subscribe(deployment.id), reason_of) == (
        "FAILED_PRECONDITION",
        "DEPLOYMENT_ENDED",
    )


async def test_existing_subscriptions_stay_on_their_version(shop: Shop) -> None:
    made = await subscribed(shop)
    version = await publish(shop)
    assert (await shop.subscription(made.id)).plan_version == 1
    assert (await subscribed(shop, "wiki")).plan_version == version


async def test_a_later_change_of_the_catalog_never_reprices_an_attached_addon(shop: Shop) -> None:
    made = await subscribed(shop, addons=["storage_50gb"])
    request = catalog_pb.UpdateAddonRequest(code="storage_50gb", qty="60", price_cents=900)
    await shop.catalog.UpdateAddon(request, metadata=shop.operator)
    answer = await shop.change("AttachAddon", made.id, code="storage_50gb")
    assert [(one.qty, one.price_cents) for one in answer.subscription.addons] == [
        ("50", 750),
        ("60", 900),
    ]
    assert answer.attached_addon == answer.subscription.addons[1]
    with psycopg.connect(shop.admin_url) as connection, pytest.raises(psycopg.Error, match="terms"):
        connection.execute("UPDATE subscription_addons SET price_cents = 1")


async def test_attach_then_detach_leaves_what_was_there(shop: Shop) -> None:
    made = await subscribed(shop, addons=["storage_50gb"])
    attached = (await shop.change("AttachAddon", made.id, code="llm_1m")).attached_addon
    detach = {"attached_addon_id": attached.id}
    after = (await shop.change("DetachAddon", made.id, **detach)).subscription
    assert after == made
    again = shop.change("DetachAddon", made.id, **detach)
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "ADDON_DETACHED")
    unknown = shop.change("AttachAddon", made.id, code="unicorns")
    assert await refusal(unknown, violated_field) == ("INVALID_ARGUMENT", "code")
    foreign = shop.change("DetachAddon", made.id, attached_addon_id=made.id)
    assert await refusal(foreign, reason_of) == ("NOT_FOUND", "ATTACHED_ADDON_NOT_FOUND")


async def test_changing_plan_takes_effect_on_its_day(shop: Shop) -> None:
    made = await subscribed(shop)
    changed = await shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-04-20")
    assert terms(changed.subscription) == [
        ("studio", 1, "2026-04-10", "2026-04-20"),
        ("pro", 1, "2026-04-20", ""),
    ]
    assert changed.subscription.plan_code == "studio"
    shop.clock.set("2026-04-20")
    assert (await shop.subscription(made.id)).plan_code == "pro"
    again = shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-04-25")
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "NOTHING_CHANGES")


async def test_a_scheduled_change_can_be_replaced_and_withdrawn(shop: Shop) -> None:
    made = await subscribed(shop)
    for plan, day in (("pro", "2026-04-20"), ("starter", "2026-04-15")):
        answer = await shop.change("ChangePlan", made.id, plan_code=plan, effective_on=day)
    assert terms(answer.subscription) == [
        ("studio", 1, "2026-04-10", "2026-04-15"),
        ("starter", 1, "2026-04-15", ""),
    ]
    back = await shop.change("ChangePlan", made.id, plan_code="studio", effective_on="2026-04-15")
    assert terms(back.subscription) == terms(made)


async def test_to_which_version_a_plan_can_be_changed(shop: Shop) -> None:
    made = await subscribed(shop)
    await publish(shop)
    draft = catalog_pb.CreatePlanVersionRequest(plan_code="pro", price_cents=1, currency="AUD")
    await shop.catalog.CreatePlanVersion(draft, metadata=shop.operator)

    async def change(token: Any = None, **said: Any) -> subscriptions_pb2.Subscription:
        asked = {"effective_on": "2026-04-10", **said}
        answer = await shop.change("ChangePlan", made.id, token, **asked)
        changed: subscriptions_pb2.Subscription = answer.subscription
        return changed

    refused = await refusal(change(plan_code="pro", plan_version=2), reason_of)
    assert refused == ("FAILED_PRECONDITION", "VERSION_NOT_PUBLISHED")
    for plan, number, field in (("pro", 9, "plan_version"), ("mega", 0, "plan_code")):
        unknown = change(plan_code=plan, plan_version=number)
        assert await refusal(unknown, violated_field) == ("INVALID_ARGUMENT", field)
    assert (await change(plan_code="studio", plan_version=2)).plan_version == 2
    back = change(shop.acme, plan_code="studio", plan_version=1)
    assert await refusal(back, reason_of) == ("FAILED_PRECONDITION", "VERSION_NOT_ACTIVE")
    assert (await change(plan_code="studio", plan_version=1)).plan_version == 1
    await publish(shop, currency="USD")
    dollars = change(plan_code="studio")
    assert await refusal(dollars, reason_of) == ("FAILED_PRECONDITION", "CURRENCY_MISMATCH")


async def test_paused_days_are_kept_as_spans(shop: Shop) -> None:
    made = await subscribed(shop)
    paused = await shop.change("PauseSubscription", made.id, effective_on="2026-04-12")
    assert paused.subscription.status == "active"
    shop.clock.set("2026-04-12")
    assert (await shop.subscription(made.id)).status == "paused"
    again = shop.change("PauseSubscription", made.id)
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "SUBSCRIPTION_PAUSED")
    shop.clock.set("2026-04-15")
    resumed = (await shop.change("ResumeSubscription", made.id)).subscription
    assert resumed.status == "active"
    assert [(one.paused_on, one.resumed_on) for one in resumed.pauses] == [
        ("2026-04-12", "2026-04-15")
    ]
    again = shop.change("ResumeSubscription", made.id)
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "SUBSCRIPTION_NOT_PAUSED")


async def test_cancelling_ends_everything_on_its_day(shop: Shop) -> None:
    made = await subscribed(shop, addons=["storage_50gb"])
    await shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-05-01")
    ended = await shop.change("CancelSubscription", made.id, effective_on="2026-04-20")
    assert (ended.subscription.status, ended.subscription.ends_on) == ("active", "2026-04-20")
    assert terms(ended.subscription) == [("studio", 1, "2026-04-10", "2026-04-20")]
    assert [addon.detached_on for addon in ended.subscription.addons] == ["2026-04-20"]
    shop.clock.set("2026-04-20")
    assert (await shop.subscription(made.id)).status == "cancelled"
    for what, said in (
        ("CancelSubscription", {}),
        ("PauseSubscription", {}),
        ("AttachAddon", {"code": "llm_1m"}),
        ("ChangePlan", {"plan_code": "pro", "effective_on": "2026-04-20"}),
    ):
        refused = await refusal(shop.change(what, made.id, shop.operator, **said), reason_of)
        assert refused == ("FAILED_PRECONDITION", "SUBSCRIPTION_CANCELLED")


async def test_cancelling_a_deployment_ends_its_subscription(shop: Shop) -> None:
    made = await subscribed(shop)
    await shop.move(made.deployment_id, "paused")
    assert (await shop.subscription(made.id)).status == "active"
    await shop.move(made.deployment_id, "cancelled")
    seen = await shop.look(made.deployment_id)
    assert (seen.subscription.status, seen.subscription.ends_on) == ("cancelled", "2026-04-10")
    assert seen.events[0].type == "subscription_cancelled"


async def test_a_trial_ends_on_its_day_or_when_it_is_left(shop: Shop) -> None:
    trial = await shop.deploy(trial=True, trial_ends_on="2026-04-24")
    made = await shop.subscribe(trial.id)
    assert made.trial_end == "2026-04-24"
    shop.clock.set("2026-04-15")
    await shop.move(trial.id, "active")
    assert (await shop.subscription(made.id)).trial_end == "2026-04-15"
    endless = await shop.deploy("wiki", shop.operator, tenant_id="acme", trial=True)
    made = await shop.subscribe(endless.id)
    assert made.trial_end == ""
    shop.clock.set("2026-04-20")
    await shop.move(endless.id, "active")
    assert (await shop.subscription(made.id)).trial_end == "2026-04-20"
    assert (await subscribed(shop, "shop")).trial_end == ""


@pytest.mark.parametrize("what", ["CancelSubscription", "ChangePlan", "AttachAddon"])
async def test_days_that_were_used_are_owed(shop: Shop, what: str) -> None:
    shop.clock.set("2026-03-20")
    made = await subscribed(shop)
    shop.clock.set("2026-04-10")
    said: dict[str, Any] = {"AttachAddon": {"code": "llm_1m"}, "ChangePlan": {"plan_code": "pro"}}
    for token, day, reason in (
        (shop.acme, "2026-04-09", "BACKDATED"),
        (shop.operator, "2026-03-19", "OUT_OF_RANGE"),
    ):
        call = shop.change(what, made.id, token, effective_on=day, **said.get(what, {}))
        assert await refusal(call, reason_of) == ("INVALID_ARGUMENT", reason)
    assert await shop.subscription(made.id) == await shop.subscription(made.id, shop.operator)
    await shop.change(what, made.id, effective_on="2026-03-21", **said.get(what, {}))


async def test_a_tenant_holds_no_price_for_longer_than_the_stated_time_ahead(shop: Shop) -> None:
    shop.clock.set("2026-04-10")
    deployment = await shop.deploy()
    late, latest = "2026-07-12", "2026-07-11"
    call = shop.subscribe(deployment.id, starts_on=late)
    assert await refusal(call, reason_of) == ("INVALID_ARGUMENT", "OUT_OF_RANGE")
    made = await subscribed(shop, "wiki")
    changes: dict[str, dict[str, Any]] = {
        "ChangePlan": {"plan_code": "pro"},
        "AttachAddon": {"code": "llm_1m"},
    }
    for what, said in changes.items():
        call = shop.change(what, made.id, shop.acme, effective_on=late, **said)
        assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "effective_on")
    said = changes["ChangePlan"] | {"effective_on": latest}
    agreed = await shop.change("ChangePlan", made.id, shop.acme, **said)
    [change] = agreed.subscription.upcoming_changes
    moved = {"change_id": change.id, "effective_on": late}
    call = shop.change("MoveChange", made.id, shop.acme, **moved)
    assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "effective_on")
    await shop.change("MoveChange", made.id, **moved)  # an operator decides about prices
    await shop.change("CancelSubscription", made.id, shop.acme, effective_on="2027-04-10")


@pytest.mark.parametrize("what", ["PauseSubscription", "ResumeSubscription"])
async def test_a_tenant_cannot_stop_being_billed_for_what_still_runs(shop: Shop, what: str) -> None:
    made = await subscribed(shop)
    call = shop.change(what, made.id, shop.acme)
    assert await refusal(call, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")
    assert await shop.subscription(made.id) == made


async def test_lists_filter_by_status_and_plan_of_today(shop: Shop) -> None:
    blog, wiki = await subscribed(shop), await subscribed(shop, "wiki", plan_code="pro")
    await shop.change("PauseSubscription", wiki.id)
    await shop.change("ChangePlan", blog.id, plan_code="starter", effective_on="2026-04-11")

    async def listed(**said: Any) -> list[str]:
        request = pb.ListSubscriptionsRequest(**said)
        answer = await shop.subscriptions.ListSubscriptions(request, metadata=shop.acme)
        return [one.id for one in answer.subscriptions]

    assert await listed() == [blog.id, wiki.id]
    assert await listed(status="paused") == await listed(plan_code="pro") == [wiki.id]
    assert await listed(plan_code="studio") == await listed(status="active") == [blog.id]
    assert await listed(deployment_id=wiki.deployment_id) == [wiki.id]
    shop.clock.set("2026-04-11")
    assert await listed(plan_code="starter") == [blog.id]
    first = pb.ListSubscriptionsRequest(page_size=1)
    page = await shop.subscriptions.ListSubscriptions(first, metadata=shop.acme)
    assert await listed(page_token=page.next_page_token) == [wiki.id]

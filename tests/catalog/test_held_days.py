"""A day on which a subscription was active is billed: tenants cannot cancel for today."""

from typing import Any

import pytest

from tests.catalog.shop import Shop, refusal
from tests.catalog.test_billing_periods import billed
from tests.catalog.test_subscriptions import subscribed, terms
from tests.inventory.account import reason_of


async def prorations(shop: Shop, subscription_id: str) -> dict[str, str]:
    """Of each line of April, its share of the month."""
    lines = (await billed(shop, subscription_id, {})).first_invoice
    return {line.description: line.meta["proration"] for line in lines}


@pytest.mark.parametrize("said", ["", "2026-04-10"])
async def test_subscribing_and_cancelling_on_one_day_is_billed(shop: Shop, said: str) -> None:
    made = await subscribed(shop)
    ended = await shop.change("CancelSubscription", made.id, shop.acme, effective_on=said)
    assert (ended.subscription.status, ended.subscription.ends_on) == ("active", "2026-04-11")
    assert await prorations(shop, made.id) == {"Plan: studio": "1/30"}
    shop.clock.set("2026-04-11")
    assert (await shop.subscription(made.id)).status == "cancelled"


async def test_an_operator_may_end_it_without_a_billed_day(shop: Shop) -> None:
    made = await subscribed(shop)
    ended = await shop.change("CancelSubscription", made.id)
    assert (ended.subscription.status, ended.subscription.ends_on) == ("cancelled", "2026-04-10")
    assert await prorations(shop, made.id) == {}


async def test_cancelling_a_deployment_on_the_day_it_was_subscribed_is_billed(shop: Shop) -> None:
    made = await subscribed(shop)
    await shop.move(made.deployment_id, "cancelled", shop.acme)
    await shop.move(made.deployment_id, "archived")
    assert (await shop.subscription(made.id)).ends_on == "2026-04-11"
    assert await prorations(shop, made.id) == {"Plan: studio": "1/30"}


async def test_a_trial_that_is_cancelled_stays_free_on_its_last_day_too(shop: Shop) -> None:
    deployment = await shop.deploy(trial=True)
    made = await shop.subscribe(deployment.id)
    await shop.move(deployment.id, "cancelled", shop.acme)
    kept = await shop.subscription(made.id)
    assert (kept.ends_on, kept.trial_end) == ("2026-04-11", "2026-04-11")
    assert await prorations(shop, made.id) == {}


async def test_an_addon_of_one_day_is_billed_for_the_day(shop: Shop) -> None:
    made = await subscribed(shop)
    attached = await shop.change("AttachAddon", made.id, shop.acme, code="storage_50gb")
    detach = {"attached_addon_id": attached.attached_addon.id}
    after = await shop.change("DetachAddon", made.id, shop.acme, **detach)
    assert [one.detached_on for one in after.subscription.addons] == ["2026-04-11"]
    assert (await prorations(shop, made.id))["Addon: storage_50gb"] == "1/30"
    again = shop.change("DetachAddon", made.id, shop.acme, **detach)
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "ADDON_DETACHED")


async def test_a_plan_goes_up_today_and_down_tomorrow(shop: Shop) -> None:
    made = await subscribed(shop)

    async def change(plan_code: str, day: str) -> Any:
        said = {"plan_code": plan_code, "effective_on": day}
        return await shop.change("ChangePlan", made.id, shop.acme, **said)

    await change("pro", "2026-04-10")
    for cheaper in ("studio", "starter"):
        refused = await refusal(change(cheaper, "2026-04-10"), reason_of)
        assert refused == ("INVALID_ARGUMENT", "DAY_HELD")
    await change("studio", "2026-04-11")
    assert terms(await shop.subscription(made.id)) == [
        ("pro", 1, "2026-04-10", "2026-04-11"),
        ("studio", 1, "2026-04-11", ""),
    ]
    assert await prorations(shop, made.id) == {"Plan: pro": "1/30", "Plan: studio": "20/30"}
    # An operator makes up for a mistake.
    await shop.change("ChangePlan", made.id, plan_code="starter", effective_on="2026-04-10")
    assert terms(await shop.subscription(made.id)) == [("starter", 1, "2026-04-10", "")]


async def test_a_term_replaced_before_it_begins_was_not_held(shop: Shop) -> None:
    made = await subscribed(shop, plan_code="pro", starts_on="2026-05-01")
    changed = await shop.change(
        "ChangePlan", made.id, shop.acme, plan_code="starter", effective_on="2026-05-01"
    )
    assert terms(changed.subscription) == [("starter", 1, "2026-05-01", "")]
    ended = await shop.change("CancelSubscription", made.id, shop.acme)
    assert ended.subscription.ends_on == "2026-05-01"

"""Ended subscriptions: free days stay free, and one that never began blocks nothing."""

import pytest
from arcadia.catalog.v1 import subscription_service_pb2 as pb

from tests.catalog.shop import Shop, refusal
from tests.catalog.test_billing_periods import billed
from tests.inventory.account import reason_of

MANY = {"droplet_hours": "3600"}


@pytest.mark.parametrize("after", ["active", "suspended", "cancelled"])
async def test_a_subscription_that_ended_in_an_open_ended_trial_stays_free_when_the_trial_is_left(
    shop: Shop, after: str
) -> None:
    shop.clock.set("2026-04-01")
    deployment = await shop.deploy(token=shop.operator, tenant_id="acme", trial=True)
    first = await shop.subscribe(deployment.id)
    shop.clock.set("2026-04-10")
    await shop.change("CancelSubscription", first.id)
    second = await shop.subscribe(deployment.id)
    shop.clock.set("2026-04-21")
    await shop.move(deployment.id, after)
    free = await billed(shop, first.id, MANY)
    assert (list(free.first_invoice), list(free.overage)) == ([], [])
    assert (await shop.subscription(first.id)).trial_end == "2026-04-10"
    owed = [line.meta["proration"] for line in (await billed(shop, second.id, {})).first_invoice]
    assert owed == ([] if after == "cancelled" else ["10/30"])


async def test_a_subscription_that_was_cancelled_before_it_began_is_in_nobodys_way(
    shop: Shop,
) -> None:
    deployment = await shop.deploy()
    never = await shop.subscribe(deployment.id, starts_on="2026-06-01")
    cancelled = (await shop.change("CancelSubscription", never.id, shop.acme)).subscription
    assert (cancelled.status, cancelled.ends_on) == ("cancelled", "2026-06-01")
    made = await shop.subscribe(deployment.id, "pro")

    async def standing() -> None:
        assert (await shop.look(deployment.id)).subscription.id == made.id
        again = await refusal(shop.subscribe(deployment.id), reason_of)
        assert again == ("ALREADY_EXISTS", "ALREADY_SUBSCRIBED")

    await standing()
    request = pb.ListSubscriptionsRequest(status="cancelled")
    listed = await shop.subscriptions.ListSubscriptions(request, metadata=shop.acme)
    assert [one.id for one in listed.subscriptions] == [never.id]
    shop.clock.set("2026-06-02")
    await standing()

"""Scheduled changes can be moved or withdrawn until their day."""

from typing import Any, Final
from uuid import UUID

import pytest
from arcadia.catalog.v1 import subscriptions_pb2

from services.catalog.subscriptions.store.subscriptions import read_subscription
from services.common.identity.callers import ALL
from tests.catalog.shop import Shop, Token, refusal
from tests.catalog.test_concurrency import meeting
from tests.catalog.test_subscriptions import subscribed, terms
from tests.inventory.account import reason_of, violated_field

Kept = subscriptions_pb2.Subscription

LOCK: Final = "SELECT FROM deployments WHERE id = %s FOR UPDATE"


async def take_back(
    shop: Shop, subscription_id: str, change_id: str, token: Token | None = None
) -> Kept:
    """Takes a change back, as acme unless a token says otherwise."""
    answer = await shop.change(
        "TakeBackChange", subscription_id, token or shop.acme, change_id=change_id
    )
    taken: Kept = answer.subscription
    return taken


async def move(
    shop: Shop, subscription_id: str, change_id: str, day: str, token: Token | None = None
) -> Kept:
    """Moves a change, as acme unless a token says otherwise."""
    said = {"change_id": change_id, "effective_on": day}
    moved: Kept = (
        await shop.change("MoveChange", subscription_id, token or shop.acme, **said)
    ).subscription
    return moved


def upcoming(subscription: Kept) -> list[tuple[str, str]]:
    return [(one.kind, one.effective_on) for one in subscription.upcoming_changes]


def id_of(subscription: Kept, kind: str) -> str:
    """The id of the one change of a kind that is to come."""
    [found] = [one.id for one in subscription.upcoming_changes if one.kind == kind]
    return str(found)


async def with_everything_agreed(shop: Shop) -> Kept:
    """A subscription with a change of each kind for May, but no cancellation."""
    made = await subscribed(shop, addons=["storage_50gb"])
    later: list[tuple[str, Token, dict[str, Any]]] = [
        ("ChangePlan", shop.acme, {"plan_code": "pro", "effective_on": "2026-05-02"}),
        ("AttachAddon", shop.acme, {"code": "llm_1m", "effective_on": "2026-05-03"}),
        (
            "DetachAddon",
            shop.acme,
            {"attached_addon_id": made.addons[0].id, "effective_on": "2026-05-04"},
        ),
        ("PauseSubscription", shop.operator, {"effective_on": "2026-05-05"}),
        ("ResumeSubscription", shop.operator, {"effective_on": "2026-05-07"}),
    ]
    for what, token, said in later:
        await shop.change(what, made.id, token, **said)
    return await shop.subscription(made.id)


async def test_withdrawing_a_cancellation_restores_what_it_cut(shop: Shop) -> None:
    before = await with_everything_agreed(shop)
    ended = await shop.change("CancelSubscription", before.id, shop.acme, effective_on="2026-04-20")
    assert ended.subscription.ends_on == "2026-04-20"
    assert upcoming(ended.subscription) == [("cancel", "2026-04-20")]
    assert terms(ended.subscription) == [("studio", 1, "2026-04-10", "2026-04-20")]
    assert await take_back(shop, before.id, "cancel") == before
    assert [event.type for event in (await shop.look(before.deployment_id)).events[:2]] == [
        "change_taken_back",
        "subscription_cancelled",
    ]


async def test_a_cancellation_can_be_moved_later_and_earlier(shop: Shop) -> None:
    before = await with_everything_agreed(shop)
    await shop.change("CancelSubscription", before.id, shop.acme, effective_on="2026-04-20")
    moved = await move(shop, before.id, "cancel", "2026-05-06")
    assert terms(moved)[-1] == ("pro", 1, "2026-05-02", "2026-05-06")
    assert [(one.paused_on, one.resumed_on) for one in moved.pauses] == [
        ("2026-05-05", "2026-05-06")
    ]
    again = await shop.change("CancelSubscription", before.id, shop.acme, effective_on="2026-06-01")
    assert upcoming(again.subscription) == [*upcoming(before), ("cancel", "2026-06-01")]
    same = shop.change("CancelSubscription", before.id, shop.acme, effective_on="2026-06-01")
    assert await refusal(same, reason_of) == ("FAILED_PRECONDITION", "SUBSCRIPTION_CANCELLED")
    assert (await move(shop, before.id, "cancel", "2026-04-11")).ends_on == "2026-04-11"


async def test_each_change_that_is_to_come_is_taken_back_by_itself(shop: Shop) -> None:
    before = await with_everything_agreed(shop)
    assert upcoming(before) == [
        ("plan_change", "2026-05-02"),
        ("addon_attach", "2026-05-03"),
        ("addon_detach", "2026-05-04"),
        ("pause", "2026-05-05"),
        ("resume", "2026-05-07"),
    ]
    kinds = ["plan_change", "addon_attach", "addon_detach", "resume", "pause"]
    for taken, kind in enumerate(kinds, start=1):
        token = shop.operator if kind in ("pause", "resume") else shop.acme
        after = await take_back(shop, before.id, id_of(before, kind), token)
        left = {one.kind for one in after.upcoming_changes}
        assert left == set(kinds[taken:])
    assert terms(after) == [("studio", 1, "2026-04-10", "")]
    assert [(one.code, one.detached_on) for one in after.addons] == [("storage_50gb", "")]
    assert list(after.pauses) == []
    gone = take_back(shop, before.id, id_of(before, "plan_change"))
    assert await refusal(gone, reason_of) == ("NOT_FOUND", "CHANGE_NOT_FOUND")


async def test_each_change_that_is_to_come_is_moved_between_those_beside_it(shop: Shop) -> None:
    before = await with_everything_agreed(shop)
    after = before
    days = {
        "plan_change": "2026-04-12",
        "addon_attach": "2026-06-03",
        "addon_detach": "2026-04-11",
        "resume": "2026-05-20",
        "pause": "2026-05-19",
    }
    for kind, day in days.items():
        token = shop.operator if kind in ("pause", "resume") else shop.acme
        after = await move(shop, before.id, id_of(after, kind), day, token)
    assert dict(upcoming(after)) == days
    assert terms(after) == [
        ("studio", 1, "2026-04-10", "2026-04-12"),
        ("pro", 1, "2026-04-12", ""),
    ]
    for kind, day in (
        ("plan_change", "2026-04-10"),
        ("pause", "2026-05-20"),
        ("resume", "2026-05-19"),
        ("addon_detach", "2026-04-10"),
        ("addon_attach", "2026-04-09"),
        ("addon_attach", "tomorrow"),
    ):
        token = shop.operator if kind in ("pause", "resume") else shop.acme
        call = move(shop, before.id, id_of(after, kind), day, token)
        assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "effective_on")
    assert await shop.subscription(before.id) == after


async def test_a_plan_change_between_two_is_taken_back_without_a_day_or_a_term_too_many(
    shop: Shop,
) -> None:
    made = await subscribed(shop)
    for plan, day in (("pro", "2026-05-01"), ("studio", "2026-06-01"), ("starter", "2026-07-01")):
        await shop.change("ChangePlan", made.id, shop.acme, plan_code=plan, effective_on=day)
    after = await take_back(shop, made.id, "plan-2026-05-01")
    assert terms(after) == [
        ("studio", 1, "2026-04-10", "2026-07-01"),
        ("starter", 1, "2026-07-01", ""),
    ]
    assert terms(await take_back(shop, made.id, "plan-2026-07-01")) == terms(made)


async def test_a_change_in_effect_cannot_be_taken_back(shop: Shop) -> None:
    before = await with_everything_agreed(shop)
    await shop.change("CancelSubscription", before.id, shop.acme, effective_on="2026-05-20")
    shop.clock.set("2026-05-20")
    kept = await shop.subscription(before.id)
    assert list(kept.upcoming_changes) == []
    ids = [one.id for one in before.upcoming_changes if one.kind not in ("pause", "resume")]
    for change_id in [*ids, "cancel"]:
        refused = ("FAILED_PRECONDITION", "CHANGE_IN_EFFECT")
        assert await refusal(take_back(shop, before.id, change_id), reason_of) == refused
        moved = move(shop, before.id, change_id, "2026-05-25")
        assert await refusal(moved, reason_of) == refused
    assert await shop.subscription(before.id) == kept


async def test_a_tenant_takes_back_only_what_it_agreed_itself(shop: Shop) -> None:
    made = await subscribed(shop)
    denied = ("PERMISSION_DENIED", "OPERATOR_ONLY")
    await shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-05-01")
    await shop.change("CancelSubscription", made.id, effective_on="2026-05-10")
    for change_id in ("plan-2026-05-01", "cancel"):
        assert await refusal(take_back(shop, made.id, change_id), reason_of) == denied
    later = shop.change("CancelSubscription", made.id, shop.acme, effective_on="2026-06-01")
    assert await refusal(later, reason_of) == denied
    # It may leave earlier; the operator's end is not forgotten by that.
    await shop.change("CancelSubscription", made.id, shop.acme, effective_on="2026-04-20")
    assert await refusal(take_back(shop, made.id, "cancel"), reason_of) == denied
    taken = await take_back(shop, made.id, "cancel", shop.operator)
    assert (taken.ends_on, upcoming(taken)) == ("", [("plan_change", "2026-05-01")])
    foreign = take_back(shop, made.id, "plan-2026-05-01", shop.tenant("globex"))
    assert await refusal(foreign, reason_of) == ("NOT_FOUND", "SUBSCRIPTION_NOT_FOUND")


async def test_an_end_is_not_taken_back_where_something_else_took_its_place(shop: Shop) -> None:
    deployment = await shop.deploy()
    never = await shop.subscribe(deployment.id, starts_on="2026-06-01")
    await shop.change("CancelSubscription", never.id, shop.acme)
    other = await shop.subscribe(deployment.id, "pro")
    again = take_back(shop, never.id, "cancel")
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "ALREADY_SUBSCRIBED")
    await shop.move(deployment.id, "cancelled", shop.acme)
    ended = take_back(shop, other.id, "cancel")
    assert await refusal(ended, reason_of) == ("FAILED_PRECONDITION", "DEPLOYMENT_ENDED")


@pytest.mark.parametrize("second", ["take back", "change", "cancel"])
async def test_of_two_that_change_what_is_to_come_at_once_the_second_sees_the_first(
    shop: Shop, second: str
) -> None:
    made = await subscribed(shop)
    await shop.change("CancelSubscription", made.id, shop.acme, effective_on="2026-05-01")
    calls: dict[str, Any] = {
        "take back": lambda: take_back(shop, made.id, "cancel"),
        "change": lambda: shop.change(
            "ChangePlan", made.id, shop.acme, plan_code="pro", effective_on="2026-06-01"
        ),
        "cancel": lambda: shop.change(
            "CancelSubscription", made.id, shop.acme, effective_on="2026-05-02"
        ),
    }
    async with meeting(shop, LOCK, made.deployment_id) as both:
        await both.join(take_back(shop, made.id, "cancel"), calls[second]())
    first, other = await both.ended()
    assert first.ends_on == ""
    kept = await shop.subscription(made.id)
    expected: dict[str, list[tuple[str, str]]] = {
        "take back": [],
        "change": [("plan_change", "2026-06-01")],
        "cancel": [("cancel", "2026-05-02")],
    }
    assert upcoming(kept) == expected[second]
    assert (other == "CHANGE_NOT_FOUND") == (second == "take back")


async def test_of_a_cancellation_and_a_change_after_it_at_once_none_outlives_the_end(
    shop: Shop,
) -> None:
    made = await subscribed(shop)
    async with meeting(shop, LOCK, made.deployment_id) as both:
        await both.join(
            shop.change("CancelSubscription", made.id, shop.acme, effective_on="2026-05-01"),
            shop.change(
                "ChangePlan", made.id, shop.acme, plan_code="pro", effective_on="2026-05-01"
            ),
        )
    _, refused = await both.ended()
    assert refused == "SUBSCRIPTION_CANCELLED"
    async with shop.database.read(ALL) as session:
        kept = await read_subscription(session, ALL, UUID(made.id))
    assert [term.effective_to for term in kept.terms] == [kept.ends_on]


async def test_a_pause_takes_the_place_of_one_that_a_cancellation_hides(shop: Shop) -> None:
    made = await subscribed(shop)
    await shop.change("PauseSubscription", made.id, effective_on="2026-05-20")
    await shop.change("CancelSubscription", made.id, effective_on="2026-05-10")
    await shop.change("PauseSubscription", made.id, effective_on="2026-05-05")
    kept = await take_back(shop, made.id, "cancel", shop.operator)
    assert [(one.paused_on, one.resumed_on) for one in kept.pauses] == [("2026-05-05", "")]


async def test_a_pause_whose_end_is_taken_back_goes_on_over_one_that_a_cancellation_hides(
    shop: Shop,
) -> None:
    made = await subscribed(shop)
    await shop.change("PauseSubscription", made.id, effective_on="2026-05-02")
    await shop.change("ResumeSubscription", made.id, effective_on="2026-05-04")
    await shop.change("PauseSubscription", made.id, effective_on="2026-05-20")
    await shop.change("CancelSubscription", made.id, effective_on="2026-05-10")
    await take_back(shop, made.id, "resume-2026-05-02", shop.operator)
    kept = await take_back(shop, made.id, "cancel", shop.operator)
    assert [(one.paused_on, one.resumed_on) for one in kept.pauses] == [("2026-05-02", "")]

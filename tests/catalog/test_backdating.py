"""Operators' changes in any month are listed for billing, in order and completely."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as deployments_pb
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import subscriptions_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.quoting.spans import billed_days
from services.catalog.subscriptions.rules.changes import first_changed_day
from services.catalog.subscriptions.rules.subscriptions import PauseSpan, PlanTerm, Subscription
from services.common.values.periods import Period
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_billing_periods import billed
from tests.catalog.test_concurrency import meeting
from tests.inventory.account import reason_of, violated_field
from tests.quoting.test_properties import ID

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('backdated_changes', 0))"


@pytest.fixture
async def made(shop: Shop) -> subscriptions_pb2.Subscription:
    """Studio with an addon since the 10th of February; it is the 10th of April."""
    shop.clock.set("2026-02-10")
    subscription = await shop.subscribe((await shop.deploy()).id, addons=["storage_50gb"])
    shop.clock.set("2026-04-10")
    return subscription


async def read(shop: Shop, after: int = 0, size: int = 0) -> tuple[list[pb.BackdatedChange], int]:
    """The changes after a cursor, and the next one."""
    request = pb.ReadBackdatedChangesRequest(after=after, page_size=size)
    answer = await shop.pricing.ReadBackdatedChanges(request, metadata=shop.program("analytics"))
    return list(answer.changes), answer.cursor


async def days(shop: Shop) -> list[str]:
    return [one.effective_from for one in (await read(shop))[0]]


async def test_a_subscription_that_begins_in_an_earlier_month_is_read_as_such(shop: Shop) -> None:
    deployment = await shop.deploy()
    await shop.subscribe(deployment.id, token=shop.operator, starts_on="2026-04-01")
    assert await read(shop) == ([], 0)
    other = await shop.deploy("wiki", shop.tenant("globex"))
    made = await shop.subscribe(other.id, token=shop.operator, starts_on="2026-02-20")
    [change], cursor = await read(shop)
    assert (change.tenant_id, change.deployment_id, change.subscription_id) == (
        "globex",
        other.id,
        made.id,
    )
    assert change.effective_from == "2026-02-20"
    assert await read(shop, cursor) == ([], cursor)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("ChangePlan", {"plan_code": "pro"}),
        ("AttachAddon", {"code": "llm_1m"}),
        ("DetachAddon", {"attached_addon_id": "storage"}),
        ("PauseSubscription", {}),
        ("CancelSubscription", {}),
    ],
)
async def test_a_change_that_reaches_back_is_made_and_read(
    shop: Shop, made: subscriptions_pb2.Subscription, what: str, said: dict[str, Any]
) -> None:
    if "attached_addon_id" in said:
        said = {"attached_addon_id": made.addons[0].id}
    before = (await billed(shop, made.id, {}, start="2026-03-01", end="2026-04-01")).first_invoice
    await shop.change(what, made.id, effective_on="2026-03-16", **said)
    after = (await billed(shop, made.id, {}, start="2026-03-01", end="2026-04-01")).first_invoice
    assert list(before) != list(after)
    assert await days(shop) == ["2026-03-16"]
    refused = shop.change(what, made.id, shop.acme, effective_on="2026-03-15", **said)
    assert (await refusal(refused, reason_of))[1] in (
        "BACKDATED",
        "SUBSCRIPTION_CANCELLED",
        "OPERATOR_ONLY",
    )


async def test_a_change_of_this_month_reaches_nothing_that_is_billed(
    shop: Shop, made: subscriptions_pb2.Subscription
) -> None:
    await shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-04-01")
    await shop.change("CancelSubscription", made.id, shop.acme)
    assert await read(shop) == ([], 0)


async def test_the_first_day_that_differs_counts_and_not_the_requested_one(
    shop: Shop, made: subscriptions_pb2.Subscription
) -> None:
    await shop.change("PauseSubscription", made.id, effective_on="2026-03-05")
    await shop.change("ResumeSubscription", made.id, effective_on="2026-03-12")
    await shop.change("CancelSubscription", made.id, effective_on="2026-04-02")
    await shop.change("CancelSubscription", made.id, effective_on="2026-03-20")
    # One that has ended is changed before its end, or ends later after all.
    await shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-02-15")
    await shop.change("CancelSubscription", made.id, effective_on="2026-04-05")
    assert await days(shop) == [
        "2026-03-05",
        "2026-03-12",
        "2026-03-20",
        "2026-02-15",
        "2026-03-20",
    ]
    late = shop.change("ChangePlan", made.id, plan_code="starter", effective_on="2026-04-06")
    assert await refusal(late, reason_of) == ("FAILED_PRECONDITION", "SUBSCRIPTION_CANCELLED")


async def test_a_trial_that_is_extended_over_a_month_that_is_over_is_read(shop: Shop) -> None:
    shop.clock.set("2026-03-01")
    deployment = await shop.deploy(trial=True, trial_ends_on="2026-03-11")
    made = await shop.subscribe(deployment.id)
    shop.clock.set("2026-03-12")
    await shop.move(deployment.id, "active")
    shop.clock.set("2026-04-10")
    request = deployments_pb.ExtendTrialRequest(id=deployment.id, trial_ends_on="2026-03-21")
    await shop.deployments.ExtendTrial(request, metadata=shop.operator)
    quote = await billed(shop, made.id, {}, start="2026-03-01", end="2026-04-01")
    assert [line.meta["proration"] for line in quote.first_invoice] == ["11/31"]
    assert await days(shop) == ["2026-03-11"]


async def test_a_reader_with_a_cursor_misses_none_whoever_commits_first(
    shop: Shop, made: subscriptions_pb2.Subscription
) -> None:
    other = await shop.subscribe((await shop.deploy("wiki")).id, "pro")
    calls = [
        shop.change("ChangePlan", made.id, plan_code="pro", effective_on="2026-03-01"),
        shop.change("PauseSubscription", made.id, effective_on="2026-03-05"),
    ]
    async with meeting(shop, LOCK) as both:
        await both.join(calls[0])
        # No id is taken by who waits: the sequence is asked after the lock is held.
        assert shop.rows("SELECT last_value, is_called FROM backdated_changes_id_seq") == [
            (1, False)
        ]
        await both.join(calls[1])
    await both.ended()
    first, cursor = await read(shop, size=1)
    second, end = await read(shop, cursor, size=1)
    assert [one.effective_from for one in (*first, *second)] == ["2026-03-01", "2026-03-05"]
    assert await read(shop, end) == ([], end)
    assert other.id not in {one.subscription_id for one in (*first, *second)}


async def test_the_log_of_backdated_changes_is_append_only(
    shop: Shop, made: subscriptions_pb2.Subscription
) -> None:
    await shop.change("PauseSubscription", made.id, effective_on="2026-03-05")
    for statement in ("UPDATE backdated_changes SET effective_from = now()", "TRUNCATE {}"):
        query = statement.format("backdated_changes")
        with (
            psycopg.connect(shop.admin_url) as connection,
            pytest.raises(psycopg.Error, match="append-only"),
        ):
            connection.execute(query.encode())


@pytest.mark.parametrize(
    ("after", "size", "field"), [(-1, 0, "after"), (0, 1_001, "page_size"), (0, -1, "page_size")]
)
async def test_a_page_that_makes_no_sense_is_refused_by_its_field(
    shop: Shop, after: int, size: int, field: str
) -> None:
    assert await refusal(read(shop, after, size), violated_field) == ("INVALID_ARGUMENT", field)


APRIL = Period.month(2026, 4)
DAYS = st.integers(0, 29).map(lambda days: APRIL.start + timedelta(days=days))


@st.composite
def held(draw: st.DrawFn) -> Subscription:
    """A subscription of one plan with a pause and a trial, or without."""
    start, end = sorted((draw(DAYS), draw(DAYS)))
    pause = sorted((draw(DAYS), draw(DAYS)))
    return Subscription(
        id=ID,
        deployment_id=ID,
        tenant_id="acme",
        starts_on=start,
        ends_on=end,
        trial_end=draw(st.none() | DAYS),
        created_at=APRIL.start_at,
        terms=(PlanTerm(ID, "studio", 1, ID, start, end),),
        pauses=(PauseSpan(pause[0], pause[1]),),
        addons=(),
    )


def billed_on(one: Subscription, day: date) -> bool:
    return any(day in span for span in billed_days(one, APRIL, on_trial=False).days)


@given(held(), held())
def test_no_day_before_the_first_changed_one_bills_otherwise(
    before: Subscription, after: Subscription
) -> None:
    first = first_changed_day(before, after, was_trial=False, is_trial=False)
    for number in range(APRIL.days):
        day = APRIL.start + timedelta(days=number)
        if first is None or day < first:
            assert billed_on(before, day) == billed_on(after, day)
    assert first_changed_day(before, before, was_trial=False, is_trial=False) is None

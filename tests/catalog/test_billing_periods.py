"""Billable subscriptions of a period, as roll-up and accrual list them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import quotes_pb2, subscription_service_pb2

from services.catalog.plans.seed import seed
from services.catalog.pricing import servicer as pricing_servicer
from tests.catalog.shop import Shop, Token, refusal

Used = dict[str, str]


@pytest.fixture
async def seeded(shop: Shop) -> Shop:
    """The seeded catalog, in which it is the first of April."""
    await seed(shop.database)
    shop.clock.set("2026-04-01")
    return shop


async def subscribe(
    shop: Shop,
    slug: str = "blog",
    plan_code: str = "studio",
    addons: Sequence[str] = ("storage_50gb",),
    starts_on: str = "2026-04-01",
    token: Token | None = None,
) -> str:
    """Deploys and subscribes; the subscription's id."""
    deployment = await shop.deploy(slug, token)
    answer = await shop.subscriptions.Subscribe(
        subscription_service_pb2.SubscribeRequest(
            id=deployment.id, plan_code=plan_code, addons=addons, starts_on=starts_on
        ),
        metadata=token or shop.acme,
    )
    return answer.subscription.id


def on_day(kind: str, day: str, qty: str) -> pb.UsageSeries:
    """Usage of one day."""
    run = pb.UsageRun(first_day=day, days=1, qty=qty)
    return pb.UsageSeries(resource_kind=kind, runs=[run])


async def batch(
    shop: Shop,
    items: Sequence[tuple[str, Used]],
    start: str = "2026-04-01",
    end: str = "2026-05-01",
) -> list[pb.BatchQuoteResult]:
    """The results of a batch, in order."""
    request = pb.BatchQuoteRequest(
        period_start=start,
        period_end=end,
        items=[
            pb.BatchQuoteItem(
                subscription_id=subscription,
                usage=[on_day(kind, start, qty) for kind, qty in used.items()],
            )
            for subscription, used in items
        ],
    )
    stream = shop.pricing.BatchQuote(request, metadata=shop.program("analytics"))
    return [result async for answer in stream for result in answer.results]


async def billed(shop: Shop, subscription: str, used: Used, **period: str) -> quotes_pb2.Quote:
    """The quote of one subscription."""
    (result,) = await batch(shop, [(subscription, used)], **period)
    assert result.WhichOneof("outcome") == "quote", result.failure
    return result.quote


def amounts(lines: Any) -> dict[str, int]:
    return {line.description: line.amount_cents for line in lines}


def subtotal(quote: quotes_pb2.Quote) -> int:
    return quote.first_invoice_cents + quote.overage_cents + quote.ad_hoc_cents


async def test_three_droplets_through_all_of_april_on_studio_with_storage(seeded: Shop) -> None:
    quote = await billed(seeded, await subscribe(seeded), {"droplet_hours": "2160"})
    assert amounts(quote.first_invoice) == {"Plan: studio": 5000, "Addon: storage_50gb": 750}
    (over,) = quote.overage
    assert (over.resource_kind, over.qty, over.unit, over.amount_cents) == (
        "droplet_hours",
        "672",
        "hour",
        672,
    )
    assert (over.meta["used"], over.meta["allowance"]) == ("2160", "1488")
    assert subtotal(quote) == 6422


async def test_five_droplets_through_all_of_april_on_studio(seeded: Shop) -> None:
    subscription = await subscribe(seeded, addons=[])
    assert subtotal(await billed(seeded, subscription, {"droplet_hours": "3600"})) == 7112


async def test_a_plan_change_prorates_both_sides(seeded: Shop) -> None:
    subscription = await subscribe(seeded, addons=[])
    await seeded.subscriptions.ChangePlan(
        subscription_service_pb2.ChangePlanRequest(
            id=subscription, plan_code="pro", effective_on="2026-04-11"
        ),
        metadata=seeded.acme,
    )
    quote = await billed(seeded, subscription, {})
    assert amounts(quote.first_invoice) == {"Plan: studio": 1667, "Plan: pro": 8000}
    assert [line.meta["proration"] for line in quote.first_invoice] == ["10/30", "20/30"]
    assert amounts(quote.recurring) == {"Plan: pro": 12000}


async def test_paused_days_and_days_after_the_end_are_not_billed(seeded: Shop) -> None:
    subscription = await subscribe(seeded, addons=[])
    service = seeded.subscriptions
    pause = subscription_service_pb2.PauseSubscriptionRequest(
        id=subscription, effective_on="2026-04-06"
    )
    resume = subscription_service_pb2.ResumeSubscriptionRequest(
        id=subscription, effective_on="2026-04-11"
    )
    cancel = subscription_service_pb2.CancelSubscriptionRequest(
        id=subscription, effective_on="2026-04-21"
    )
    await service.PauseSubscription(pause, metadata=seeded.operator)
    seeded.clock.set("2026-04-11")
    await service.ResumeSubscription(resume, metadata=seeded.operator)
    await service.CancelSubscription(cancel, metadata=seeded.acme)
    (line,) = (await billed(seeded, subscription, {})).first_invoice
    assert (line.meta["proration"], line.amount_cents) == ("15/30", 2500)


async def test_usage_that_the_plan_does_not_cover_is_billed_at_the_price_in_force(
    seeded: Shop,
) -> None:
    subscription = await subscribe(seeded, plan_code="starter", addons=[])
    quote = await billed(seeded, subscription, {"llm_tokens": "250000"})
    (line,) = quote.ad_hoc
    assert (line.kind, line.resource_kind) == ("ad_hoc", "llm_tokens")
    assert line.meta["resource_price_id"]


async def test_a_missing_item_fails_alone_and_results_keep_their_order(seeded: Shop) -> None:
    subscription = await subscribe(seeded)
    nobody = "0197f3c4-0000-7000-8000-000000000000"
    first, second, third = await batch(
        seeded, [(subscription, {}), (nobody, {}), (subscription, {"dns_zones": "1"})]
    )
    assert first.quote.first_invoice_cents == third.quote.first_invoice_cents == 5750
    assert (second.subscription_id, second.failure.reason) == (nobody, "SUBSCRIPTION_NOT_FOUND")


@pytest.mark.parametrize(
    ("used", "reason", "message"),
    [
        ({"droplet_hours": "-1"}, "OUT_OF_RANGE", "items[0].usage[0].runs[0].qty: "),
        ({"droplet_hours": f"{10**15 + 1}"}, "OUT_OF_RANGE", "items[0].usage[0].runs[0].qty: "),
        ({"droplet_hours": "NaN"}, "NOT_A_DECIMAL", "items[0].usage[0].runs[0].qty: "),
        ({"coffee": "1"}, "UNKNOWN_KIND", "items[0].usage[0].resource_kind: "),
    ],
)
async def test_usage_that_cannot_be_priced_fails_its_own_item_and_stops_nobody_else(
    seeded: Shop, used: Used, reason: str, message: str
) -> None:
    subscription = await subscribe(seeded)
    bad, good = await batch(seeded, [(subscription, used), (subscription, {"dns_zones": "1"})])
    assert (bad.failure.reason, good.quote.first_invoice_cents) == (reason, 5750)
    assert bad.failure.message.startswith(message)


async def test_usage_that_adds_up_to_more_than_anybody_uses_fails_its_own_item(
    seeded: Shop,
) -> None:
    subscription = await subscribe(seeded)
    run = pb.UsageRun(first_day="2026-04-01", days=30, qty=str(10**14))
    item = pb.BatchQuoteItem(
        subscription_id=subscription,
        usage=[pb.UsageSeries(resource_kind="llm_tokens", runs=[run])],
    )
    request = pb.BatchQuoteRequest(period_start="2026-04-01", period_end="2026-05-01", items=[item])
    stream = seeded.pricing.BatchQuote(request, metadata=seeded.program("analytics"))
    [result] = [result async for answer in stream for result in answer.results]
    assert result.failure.reason == "OUT_OF_RANGE"


async def test_a_month_is_priced_again_by_the_engine_that_billed_it(seeded: Shop) -> None:
    # Given a subscription from the 16th, and usage before it began
    subscription = await subscribe(seeded, addons=[], starts_on="2026-04-16")
    usage = [
        on_day("droplet_hours", "2026-04-02", "744"),
        on_day("spaces_gb_month", "2026-04-20", "150"),
    ]
    items = [
        pb.BatchQuoteItem(subscription_id=subscription, usage=usage, engine_version=version)
        for version in ("", "1", "2", "9")
    ]
    request = pb.BatchQuoteRequest(period_start="2026-04-01", period_end="2026-05-01", items=items)
    stream = seeded.pricing.BatchQuote(request, metadata=seeded.program("analytics"))
    now, first, second, unknown = [result async for answer in stream for result in answer.results]
    # Then engine 1 spreads it over the billed days, as it did, and engine 2 leaves it unbilled
    assert now.quote.proof == second.quote.proof
    assert (now.quote.proof.engine_version, first.quote.proof.engine_version) == ("2", "1")
    hours = [line for line in first.quote.overage if line.resource_kind == "droplet_hours"]
    assert hours == [line for line in now.quote.overage if line.resource_kind == "droplet_hours"]
    assert unknown.failure.reason == "UNKNOWN_ENGINE"
    verified = await seeded.pricing.VerifyProofs(
        pb.VerifyProofsRequest(proofs=[now.quote.proof, first.quote.proof]),
        metadata=seeded.program("analytics"),
    )
    assert all(one.verified for one in verified.verifications)


async def test_engine_1_gave_usage_to_the_subscription_that_bore_its_day(seeded: Shop) -> None:
    # Given a deployment that was subscribed twice in a month
    first = await subscribe(seeded, addons=[])
    cancel = subscription_service_pb2.CancelSubscriptionRequest(id=first, effective_on="2026-04-11")
    await seeded.subscriptions.CancelSubscription(cancel, metadata=seeded.operator)
    [deployment] = {row[0] for row in seeded.rows("SELECT deployment_id FROM subscriptions")}
    seeded.clock.set("2026-04-21")
    again = await seeded.subscriptions.Subscribe(
        subscription_service_pb2.SubscribeRequest(
            id=str(deployment), plan_code="studio", starts_on="2026-04-21"
        ),
        metadata=seeded.operator,
    )
    usage = [
        pb.UsageSeries(
            resource_kind="droplet_hours",
            runs=[
                pb.UsageRun(first_day=day, days=1, qty="2000")
                for day in ("2026-04-15", "2026-04-25")
            ],
        )
    ]
    results = []
    for one in (first, again.subscription.id):  # in batches of their own
        request = pb.BatchQuoteRequest(
            period_start="2026-04-01",
            period_end="2026-05-01",
            items=[pb.BatchQuoteItem(subscription_id=one, usage=usage, engine_version="1")],
        )
        stream = seeded.pricing.BatchQuote(request, metadata=seeded.program("analytics"))
        results += [result async for answer in stream for result in answer.results]
    assert [line.meta["used"] for result in results for line in result.quote.overage] == [
        "2000",
        "2000",
    ]


async def test_usage_is_worth_the_unit_price_in_force_on_its_day(seeded: Shop) -> None:
    usage = [
        pb.UsageSeries(
            resource_kind="llm_tokens",
            runs=[pb.UsageRun(first_day="2026-04-03", days=2, qty="1500")],
        )
    ]
    found = []
    for currency in ("AUD", "NZD"):
        answer = await seeded.pricing.ValueUsage(
            pb.ValueUsageRequest(usage=usage, currency=currency),
            metadata=seeded.program("analytics"),
        )
        [value] = answer.values
        [valued] = value.runs
        assert (valued.run.first_day, valued.run.days) == ("2026-04-03", 2)
        found.append(valued.value if valued.HasField("value") else None)
    # What nothing prices in a currency is unknown, not worth nothing.
    assert found == ["1.8", None]


async def test_a_subscription_on_trial_is_listed_only_if_trials_are_requested(
    seeded: Shop,
) -> None:
    deployment = await seeded.deploy("try", trial=True)
    await seeded.subscriptions.Subscribe(
        subscription_service_pb2.SubscribeRequest(
            id=deployment.id, plan_code="studio", starts_on="2026-04-01"
        ),
        metadata=seeded.acme,
    )
    found = []
    for trials in (False, True):
        answer = await seeded.pricing.ListBillableSubscriptions(
            pb.ListBillableSubscriptionsRequest(
                period_start="2026-04-01", period_end="2026-05-01", include_trials=trials
            ),
            metadata=seeded.program("analytics"),
        )
        found.append(
            [
                (
                    [(d.start, d.end) for d in one.billed_days],
                    [(d.start, d.end) for d in one.trial_days],
                )
                for one in answer.billable_subscriptions
            ]
        )
    assert found == [[], [([], [("2026-04-01", "2026-05-01")])]]


@pytest.mark.parametrize(
    ("items", "start", "end", "field"),
    [
        ([("x", {})], "2026-04-01", "2026-05-01", "items[0].subscription_id"),
        ([], "2026-04-01", "2026-05-02", "period_end"),
        ([], "2026-04-01", "2026-04-01", "period_end"),
        ([], "April", "2026-04-01", "period_start"),
    ],
)
async def test_a_malformed_batch_is_refused_with_the_field(
    seeded: Shop, items: list[tuple[str, Used]], start: str, end: str, field: str
) -> None:
    status, detail = await refusal(
        batch(seeded, items, start, end), lambda error: str(error.details())
    )
    assert status == "INVALID_ARGUMENT"
    assert detail.startswith(f"{field}:")


async def test_billable_subscriptions_come_by_tenant_and_a_page_never_cuts_one_in_two(
    seeded: Shop,
) -> None:
    mine = [await subscribe(seeded, slug) for slug in ("blog", "shop")]
    globex = seeded.tenant("globex")
    other = await subscribe(seeded, token=globex)
    await subscribe(seeded, "later", starts_on="2026-05-01", token=seeded.tenant("hooli"))
    found: list[list[str]] = []
    token = ""
    while True:
        answer = await seeded.pricing.ListBillableSubscriptions(
            pb.ListBillableSubscriptionsRequest(
                page_size=1, page_token=token, period_start="2026-04-01", period_end="2026-05-01"
            ),
            metadata=seeded.program("analytics"),
        )
        found.append([one.subscription.id for one in answer.billable_subscriptions])
        token = answer.next_page_token
        if not token:
            break
    assert [set(page) for page in found if page] == [set(mine), {other}]


async def test_tenants_alone_are_those_that_a_subscription_bills_and_pages_are_the_same(
    seeded: Shop,
) -> None:
    for slug in ("blog", "shop"):
        await subscribe(seeded, slug)
    await subscribe(seeded, token=seeded.tenant("globex"))
    await subscribe(seeded, "later", starts_on="2026-05-01", token=seeded.tenant("hooli"))
    deployment = await seeded.deploy("try", trial=True, token=seeded.tenant("initech"))
    await seeded.subscriptions.Subscribe(
        subscription_service_pb2.SubscribeRequest(
            id=deployment.id, plan_code="studio", starts_on="2026-04-01"
        ),
        metadata=seeded.tenant("initech"),
    )
    found: list[str] = []
    token = ""
    while True:
        answer = await seeded.pricing.ListBillableSubscriptions(
            pb.ListBillableSubscriptionsRequest(
                page_size=1,
                page_token=token,
                period_start="2026-04-01",
                period_end="2026-05-01",
                tenants_only=True,
            ),
            metadata=seeded.program("analytics"),
        )
        assert not answer.billable_subscriptions
        found += answer.tenant_ids
        token = answer.next_page_token
        if not token:
            break
    assert found == ["acme", "globex"]


async def test_the_proof_of_a_batch_is_verified_and_a_forged_one_is_not(seeded: Shop) -> None:
    quote = await billed(seeded, await subscribe(seeded), {"droplet_hours": "2160"})
    forged = quotes_pb2.Proof()
    forged.CopyFrom(quote.proof)
    forged.inputs_json = forged.inputs_json.replace('1,"2160"', '1,"2159"')
    answer = await seeded.pricing.VerifyProofs(
        pb.VerifyProofsRequest(proofs=[quote.proof, forged]), metadata=seeded.program("analytics")
    )
    good, bad = answer.verifications
    assert (good.verified, good.result_hash) == (True, quote.proof.result_hash)
    assert not bad.verified
    assert bad.reason
    compared = await seeded.pricing.CompareProofs(
        pb.CompareProofsRequest(left_proof=quote.proof, right_proof=forged),
        metadata=seeded.program("analytics"),
    )
    assert [(one.path, one.left_json, one.right_json) for one in compared.differences] == [
        ("usage.droplet_hours.runs[0][2]", '"2160"', '"2159"')
    ]


async def test_a_batch_of_several_parts_prices_each_by_its_own_plan(
    seeded: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each part is one subscription; the first one knows nothing of the plans of the others.
    monkeypatch.setattr(pricing_servicer, "READ_AT_ONCE", 1)
    plans = ["studio", "pro", "studio", "starter", "pro", "studio"]
    ids = [
        await subscribe(seeded, f"app-{place}", plan_code=plan) for place, plan in enumerate(plans)
    ]
    results = await batch(seeded, [(one, {}) for one in ids])
    assert [result.subscription_id for result in results] == ids
    assert [result.quote.plan_code for result in results] == plans


async def test_a_large_batch_comes_in_several_answers(seeded: Shop) -> None:
    subscription = await subscribe(seeded)
    results = await asyncio.wait_for(batch(seeded, [(subscription, {})] * 250), 120)
    assert [result.subscription_id for result in results] == [subscription] * 250

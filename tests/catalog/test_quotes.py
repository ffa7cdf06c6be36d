"""Quotes over gRPC: contents, owners, proofs, refusals."""

import asyncio
from datetime import date
from typing import Any

import grpc
import pytest
from arcadia.catalog.v1 import catalog_service_pb2, quotes_pb2, subscription_service_pb2
from arcadia.catalog.v1 import quote_service_pb2 as pb
from google.protobuf.struct_pb2 import ListValue, Value
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.catalog.plans.seed import seed
from services.catalog.quotes.store.quotes import prepare_month
from services.common.identity.callers import ALL
from services.common.rpc.message_limits import MAX_FIELDS
from tests.catalog.shop import Shop, Token, refusal


@pytest.fixture
async def seeded(shop: Shop) -> Shop:
    """The seeded catalog, in which it is the first of April."""
    await seed(shop.database)
    shop.clock.set("2026-04-01")
    return shop


def value(said: object) -> Value:
    if isinstance(said, bool):
        return Value(bool_value=said)
    if isinstance(said, str):
        return Value(string_value=said)
    return Value(number_value=said)  # type: ignore[arg-type]


async def quote(
    shop: Shop, token: Token | None = None, usage: dict[str, object] | None = None, **said: Any
) -> quotes_pb2.Quote:
    """A quote, for acme unless a token says otherwise."""
    used = {kind: value(qty) for kind, qty in (usage or {}).items()}
    request = pb.CreateQuoteRequest(projected_usage=used, **said)
    return await shop.quotes.CreateQuote(request, metadata=token or shop.acme)


def field_of(error: Any) -> str:
    """The field that an error blames; its reason when it blames none."""
    status = rpc_status.from_call(error)
    assert status is not None
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info) or detail.Unpack(bad)
    return str(bad.field_violations[0].field if bad.field_violations else info.reason)


async def publish(shop: Shop, plan_code: str, price_cents: int, currency: str = "AUD") -> None:
    """Sells a plan at a price, with nothing included, from now on."""
    drafted = await shop.catalog.CreatePlanVersion(
        catalog_service_pb2.CreatePlanVersionRequest(
            plan_code=plan_code, price_cents=price_cents, currency=currency
        ),
        metadata=shop.operator,
    )
    await shop.catalog.PublishPlanVersion(
        catalog_service_pb2.PublishPlanVersionRequest(
            plan_code=plan_code, version=drafted.plan_version.version
        ),
        metadata=shop.operator,
    )


async def subscribed(shop: Shop, plan_code: str = "studio", token: Token | None = None) -> str:
    deployment = await shop.deploy("blog", token)
    request = subscription_service_pb2.SubscribeRequest(
        id=deployment.id, plan_code=plan_code, starts_on="2026-04-01"
    )
    answer = await shop.subscriptions.Subscribe(request, metadata=token or shop.acme)
    return answer.subscription.id


async def test_studio_bare_is_fifty_a_month_without_overage(seeded: Shop) -> None:
    answer = await quote(seeded, plan_code="studio")
    assert (answer.all_in_monthly_cents, answer.currency) == (5000, "AUD")
    assert not answer.overage
    assert not answer.ad_hoc


async def test_quoting_a_plan_needs_no_tenants_token(seeded: Shop) -> None:
    answer = await quote(seeded, seeded.user("visitor"), plan_code="studio")
    assert answer.all_in_monthly_cents == 5000
    got = await seeded.quotes.GetQuote(pb.GetQuoteRequest(id=answer.id), metadata=seeded.operator)
    assert got.quote.all_in_monthly_cents == 5000


async def test_a_stored_quote_is_read_as_it_was_answered_and_proves_itself(seeded: Shop) -> None:
    answer = await quote(
        seeded, plan_code="studio", addons=["storage_50gb"], usage={"dns_zones": "0.645"}
    )
    got = await seeded.quotes.GetQuote(pb.GetQuoteRequest(id=answer.id), metadata=seeded.acme)
    assert got.quote == answer
    verified = await seeded.quotes.VerifyQuote(
        pb.VerifyQuoteRequest(id=answer.id), metadata=seeded.acme
    )
    assert verified.verification.verified, verified.verification.reason
    assert verified.verification.result_hash == answer.proof.result_hash


async def test_another_tenants_quote_or_subscription_is_not_found(seeded: Shop) -> None:
    globex = seeded.tenant("globex")
    mine = await quote(seeded, plan_code="studio")
    subscription = await subscribed(seeded)
    for call in (
        seeded.quotes.GetQuote(pb.GetQuoteRequest(id=mine.id), metadata=globex),
        seeded.quotes.VerifyQuote(pb.VerifyQuoteRequest(id=mine.id), metadata=globex),
        seeded.quotes.CompareQuotes(
            pb.CompareQuotesRequest(id=mine.id, other_id=mine.id), metadata=globex
        ),
        quote(seeded, globex, subscription_id=subscription),
        quote(seeded, globex, subscription_id=subscription, request_id="k"),
    ):
        status, _ = await refusal(call, field_of)
        assert status == "NOT_FOUND"


async def test_a_comparison_names_the_inputs_that_differ(seeded: Shop) -> None:
    one = await quote(seeded, plan_code="studio", usage={"llm_tokens": 10})
    other = await quote(seeded, plan_code="studio", usage={"llm_tokens": "11"})
    request = pb.CompareQuotesRequest(id=one.id, other_id=other.id)
    answer = await seeded.quotes.CompareQuotes(request, metadata=seeded.acme)
    assert [(d.path, d.left_json, d.right_json) for d in answer.differences] == [
        ("usage.llm_tokens.projected_qty", '"10"', '"11"')
    ]


@pytest.mark.parametrize(
    ("field", "said", "usage"),
    [
        ("plan_code", {}, {}),
        ("plan_code", {"plan_code": "platinum"}, {}),
        ("addons[1]", {"plan_code": "studio", "addons": ["storage_50gb", "moon"]}, {}),
        ("starts_on", {"plan_code": "studio", "starts_on": "2026-02-30"}, {}),
        ("starts_on", {"plan_code": "studio", "starts_on": "tomorrow"}, {}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": -1}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": float("nan")}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": float("inf")}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": "NaN"}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": True}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": 1e16}),
        ("projected_usage.llm_tokens", {"plan_code": "studio"}, {"llm_tokens": 0.1234567890123456}),
        ("projected_usage.coffee", {"plan_code": "studio"}, {"coffee": 1}),
        ("subscription_id", {"subscription_id": "mine"}, {}),
        ("plan_version", {"plan_code": "studio", "plan_version": -1}, {}),
    ],
)
async def test_bad_input_is_refused_with_the_fields_name(
    seeded: Shop, field: str, said: dict[str, Any], usage: dict[str, object]
) -> None:
    refused = await refusal(quote(seeded, usage=usage, **said), field_of)
    assert refused == ("INVALID_ARGUMENT", field)


@pytest.mark.parametrize(
    ("said", "exact"),
    [(0.1, "0.1"), ("0.10", "0.1"), (744, "744"), (999_999_999_999_999, "9" * 15)],
)
async def test_a_quantity_is_taken_exactly_whether_number_or_text(
    seeded: Shop, said: object, exact: str
) -> None:
    answer = await quote(seeded, plan_code="studio", usage={"llm_tokens": said})
    assert f'"llm_tokens":{{"projected_qty":"{exact}"}}' in answer.proof.inputs_json


async def test_only_an_operator_names_a_version_and_drafts_can_be_quoted(seeded: Shop) -> None:
    drafted = await seeded.catalog.CreatePlanVersion(
        catalog_service_pb2.CreatePlanVersionRequest(
            plan_code="studio", price_cents=6000, currency="AUD"
        ),
        metadata=seeded.operator,
    )
    number = drafted.plan_version.version
    answer = await quote(seeded, seeded.operator, plan_code="studio", plan_version=number)
    assert (answer.plan_version, answer.all_in_monthly_cents) == (number, 6000)
    status, reason = await refusal(quote(seeded, plan_code="studio", plan_version=number), field_of)
    assert (status, reason) == ("PERMISSION_DENIED", "OPERATOR_ONLY")


async def test_a_change_gives_back_the_old_terms_and_charges_the_new(seeded: Shop) -> None:
    subscription = await subscribed(seeded)
    answer = await quote(
        seeded,
        subscription_id=subscription,
        plan_code="pro",
        addons=["storage_50gb"],
        starts_on="2026-04-11",
    )
    assert [(line.description, line.amount_cents) for line in answer.change.credits] == [
        ("Plan: studio", -3333)
    ]
    assert [(line.description, line.amount_cents) for line in answer.change.charges] == [
        ("Plan: pro", 8000),
        ("Addon: storage_50gb", 500),
    ]
    assert answer.change.net_cents == 5167
    assert answer.recurring_cents == 12750
    assert [line.amount_cents for line in answer.first_invoice] == [1667, 8000, 500]


async def test_a_plan_in_another_currency_is_neither_quoted_nor_subscribed_to(
    seeded: Shop,
) -> None:
    subscription = await subscribed(seeded)
    await publish(seeded, "pro", 9000, "USD")
    mismatch = ("FAILED_PRECONDITION", "CURRENCY_MISMATCH")
    for said in (
        {"plan_code": "pro", "addons": ["storage_50gb"]},
        {"subscription_id": subscription, "plan_code": "pro", "starts_on": "2026-04-11"},
    ):
        assert await refusal(quote(seeded, **said), field_of) == mismatch
    deployment = await seeded.deploy("shop")
    request = subscription_service_pb2.SubscribeRequest(
        id=deployment.id, plan_code="pro", addons=["storage_50gb"]
    )
    subscribing = seeded.subscriptions.Subscribe(request, metadata=seeded.acme)
    assert await refusal(subscribing, field_of) == mismatch


async def test_a_quote_of_a_subscription_as_it_is_changes_nothing(seeded: Shop) -> None:
    answer = await quote(seeded, subscription_id=await subscribed(seeded), starts_on="2026-04-11")
    assert not answer.HasField("change")
    assert (answer.plan_code, answer.all_in_monthly_cents) == ("studio", 5000)


async def test_a_new_price_is_quoted_at_once_and_never_reprices_a_subscriber(seeded: Shop) -> None:
    subscription = await subscribed(seeded)
    assert (await quote(seeded, plan_code="studio")).all_in_monthly_cents == 5000
    await publish(seeded, "studio", 6000)
    assert (await quote(seeded, plan_code="studio")).all_in_monthly_cents == 6000
    assert (await quote(seeded, subscription_id=subscription)).all_in_monthly_cents == 5000


async def test_a_plan_is_quoted_as_soon_as_its_first_version_is_published(seeded: Shop) -> None:
    assert await refusal(quote(seeded, plan_code="solo"), field_of) == (
        "INVALID_ARGUMENT",
        "plan_code",
    )
    await seeded.catalog.CreatePlan(
        catalog_service_pb2.CreatePlanRequest(code="solo", name="Solo"), metadata=seeded.operator
    )
    await publish(seeded, "solo", 1500)
    assert (await quote(seeded, plan_code="solo")).all_in_monthly_cents == 1500


async def test_while_prices_change_every_quote_is_kept_at_a_price_that_was_sold_then(
    seeded: Shop,
) -> None:
    prices = [6000, 7000, 8000]

    async def publishing() -> None:
        for price in prices:
            await publish(seeded, "studio", price)

    async def asking() -> list[quotes_pb2.Quote]:
        return [await quote(seeded, plan_code="studio") for _ in range(8)]

    changes = asyncio.create_task(publishing())
    made = [one for some in await asyncio.gather(*(asking() for _ in range(6))) for one in some]
    await changes
    # Each stands on the version that was active when its row was committed.
    kept = seeded.rows("SELECT count(*) FROM quotes")
    assert kept == [(len(made),)]
    priced = {one.plan_version: one.all_in_monthly_cents for one in made}
    known = dict(enumerate([5000, *prices], start=1))
    assert priced.items() <= known.items()
    assert (await quote(seeded, plan_code="studio")).all_in_monthly_cents == prices[-1]


async def test_the_same_key_gives_the_same_quote_and_another_body_is_a_conflict(
    seeded: Shop,
) -> None:
    first = await quote(seeded, plan_code="studio", request_id="q-1")
    assert await quote(seeded, plan_code="studio", request_id="q-1") == first
    status, reason = await refusal(quote(seeded, plan_code="pro", request_id="q-1"), field_of)
    assert (status, reason) == ("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED")
    await publish(seeded, "studio", 6000)
    assert await quote(seeded, plan_code="studio", request_id="q-1") == first
    another = await quote(seeded, plan_code="studio", request_id="q-2")
    assert another.all_in_monthly_cents == 6000


async def test_quotes_requested_at_the_same_time_are_each_stored_for_their_tenant(
    seeded: Shop,
) -> None:
    tokens = {name: seeded.tenant(name) for name in ("acme", "globex")}
    made = await asyncio.gather(
        *(quote(seeded, tokens[name], plan_code="studio") for name in tokens for _ in range(20))
    )
    rows = seeded.rows("SELECT id::text, tenant_id FROM quotes")
    owners = [name for name in tokens for _ in range(20)]
    assert dict(rows) == {one.id: owner for one, owner in zip(made, owners, strict=True)}


async def test_kept_quotes_cannot_be_rewritten(seeded: Shop) -> None:
    await quote(seeded, plan_code="studio")
    with pytest.raises(Exception, match="append-only"):
        seeded.rows("UPDATE quotes SET inputs_hash = 'x' RETURNING id")


async def test_the_cost_side_is_for_operators_and_unknown_costs_are_not_nothing(
    seeded: Shop,
) -> None:
    tenants = await quote(seeded, plan_code="studio", usage={"droplet_hours": 744})
    assert not tenants.HasField("margin_guard")
    # Neither billing nor analytics runs here: nothing is known, and parity not assumed.
    operators = await quote(
        seeded, seeded.operator, plan_code="studio", usage={"droplet_hours": 744}
    )
    guard = operators.margin_guard
    assert list(guard.unknown_kinds) == ["droplet_hours"]
    assert not guard.HasField("cost_cents")
    assert not guard.HasField("below_floor")
    assert (guard.floor_percent, guard.parity_assumed) == ("30", False)


async def test_many_who_make_room_for_a_month_at_the_same_time_all_succeed(shop: Shop) -> None:
    async def prepare(month: int) -> None:
        async with shop.database.write(ALL) as session:
            await prepare_month(session, date(2030, month, 1))

    for month in range(1, 4):
        await asyncio.gather(*(prepare(month) for _ in range(8)))
    made = shop.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'quotes\\_2030\\___'")
    assert made == [(3,)]


async def test_a_request_of_too_many_nested_fields_is_refused_unread(seeded: Shop) -> None:
    many = ListValue(values=[Value()] * (MAX_FIELDS + 1))
    request = pb.CreateQuoteRequest(
        plan_code="studio", projected_usage={"storage": Value(list_value=many)}
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await seeded.quotes.CreateQuote(request, metadata=seeded.acme)
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "fields" in str(refused.value.details())

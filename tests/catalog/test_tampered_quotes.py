"""Stored quotes that a superuser rewrote, and amounts out of range."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from arcadia.catalog.v1 import catalog_pb2, catalog_service_pb2, pricing_service_pb2, quotes_pb2
from arcadia.catalog.v1 import quote_service_pb2 as pb
from google.protobuf.struct_pb2 import Value

from services.catalog.plans.seed import seed
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_billing_periods import batch, subscribe
from tests.catalog.test_quotes import field_of, quote
from tests.inventory.account import reason_of

Rewrite = Callable[[quotes_pb2.Quote], object]


@pytest.fixture
async def seeded(shop: Shop) -> Shop:
    """The seeded catalog, in which it is the first of April."""
    await seed(shop.database)
    shop.clock.set("2026-04-01")
    return shop


def rewrite(shop: Shop, column: str, value: object) -> None:
    """Changes the stored quotes as only a superuser can."""
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("ALTER TABLE quotes DISABLE TRIGGER append_only")
        connection.execute(f"UPDATE quotes SET {column} = %s".encode(), [value])
        connection.execute("ALTER TABLE quotes ENABLE ALWAYS TRIGGER append_only")


async def verified(shop: Shop, identifier: str) -> quotes_pb2.Verification:
    answer = await shop.quotes.VerifyQuote(pb.VerifyQuoteRequest(id=identifier), metadata=shop.acme)
    return answer.verification


def discount(answer: quotes_pb2.Quote) -> None:
    answer.recurring[0].amount_cents = 1


def swap(answer: quotes_pb2.Quote) -> None:
    answer.plan_code = "pro"


def total(answer: quotes_pb2.Quote) -> None:
    answer.all_in_monthly_cents -= 1


def rename(answer: quotes_pb2.Quote) -> None:
    answer.id = "01a208dd-2bf5-72dc-bb60-45a228d5e6d0"


@pytest.mark.parametrize("touch", [discount, swap, total, rename])
async def test_an_answer_that_was_rewritten_does_not_verify(seeded: Shop, touch: Rewrite) -> None:
    made = await quote(seeded, plan_code="studio", usage={"spaces_gb_month": 200})
    assert (await verified(seeded, made.id)).verified
    [[kept]] = seeded.rows("SELECT answer FROM quotes")
    answer = quotes_pb2.Quote.FromString(bytes(kept))
    touch(answer)
    rewrite(seeded, "answer", answer.SerializeToString())
    verification = await verified(seeded, made.id)
    assert not verification.verified
    assert "the stored quote differs" in verification.reason


async def test_a_quote_of_a_change_verifies_and_its_credit_is_proved_too(seeded: Shop) -> None:
    subscription = await subscribe(seeded)
    made = await quote(
        seeded, plan_code="pro", subscription_id=subscription, starts_on="2026-04-16"
    )
    assert (await verified(seeded, made.id)).verified
    [[kept]] = seeded.rows("SELECT answer FROM quotes")
    answer = quotes_pb2.Quote.FromString(bytes(kept))
    answer.change.net_cents -= 1
    rewrite(seeded, "answer", answer.SerializeToString())
    assert not (await verified(seeded, made.id)).verified


async def test_a_corrupted_quote_is_refused_and_never_verified(seeded: Shop) -> None:
    spoilt = await quote(seeded, plan_code="studio")
    rewrite(seeded, "answer", b"garbage")
    assert not (await verified(seeded, spoilt.id)).verified
    rewrite(seeded, "inputs_json", "{")
    assert not (await verified(seeded, spoilt.id)).verified
    whole = await quote(seeded, plan_code="studio")
    for ids in ((spoilt.id, whole.id), (whole.id, spoilt.id)):
        request = pb.CompareQuotesRequest(id=ids[0], other_id=ids[1])
        call = seeded.quotes.CompareQuotes(request, metadata=seeded.acme)
        assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "INPUTS_UNREADABLE")


@pytest.mark.parametrize("hostile", ["{", "[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900])
async def test_proofs_that_are_none_are_refused_with_their_side(seeded: Shop, hostile: str) -> None:
    good = (await quote(seeded, plan_code="studio")).proof
    forged = quotes_pb2.Proof(inputs_json=hostile)
    for left, right, field in ((forged, good, "left_proof"), (good, forged, "right_proof")):
        request = pricing_service_pb2.CompareProofsRequest(left_proof=left, right_proof=right)
        call = seeded.pricing.CompareProofs(request, metadata=seeded.program("analytics"))
        assert await refusal(call, field_of) == ("INVALID_ARGUMENT", field)
    answer = await seeded.pricing.VerifyProofs(
        pricing_service_pb2.VerifyProofsRequest(proofs=[forged]),
        metadata=seeded.program("analytics"),
    )
    assert not answer.verifications[0].verified


async def costly(shop: Shop) -> None:
    """Puts a plan on sale with the highest unit price that may be set."""
    item = catalog_pb2.PlanItem(
        resource_kind="llm_tokens", overage_unit="token", overage_price_cents="1000000000000"
    )
    requests: list[tuple[str, Any]] = [
        ("CreatePlan", {"code": "costly", "name": "Costly"}),
        ("CreatePlanVersion", {"plan_code": "costly", "currency": "AUD", "items": [item]}),
        ("PublishPlanVersion", {"plan_code": "costly", "version": 1}),
    ]
    for method, said in requests:
        request = getattr(catalog_service_pb2, f"{method}Request")(**said)
        await getattr(shop.catalog, method)(request, metadata=shop.operator)


async def test_an_amount_out_of_range_fails_only_its_own_subscription(
    seeded: Shop,
) -> None:
    await costly(seeded)
    request = pb.CreateQuoteRequest(plan_code="costly")
    request.projected_usage["llm_tokens"].CopyFrom(Value(string_value="1e15"))
    call = seeded.quotes.CreateQuote(request, metadata=seeded.acme)
    assert await refusal(call, field_of) == ("INVALID_ARGUMENT", "projected_usage.llm_tokens")
    absurd = await subscribe(seeded, "absurd", "costly", addons=())
    sane = await subscribe(seeded, "sane")
    used = {"llm_tokens": "1e15"}
    failed, priced = await batch(seeded, [(absurd, used), (sane, used)])
    assert failed.failure.reason == "AMOUNT_OUT_OF_RANGE"
    assert priced.WhichOneof("outcome") == "quote"
    assert priced.quote.overage[0].amount_cents == 10**12 - 1000

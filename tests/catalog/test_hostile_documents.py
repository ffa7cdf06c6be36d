"""Invalid and hostile documents are refused with the path of the error."""

import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from services.catalog.plans.document import read_document
from services.common.errors import InvalidArgument
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_quotes import field_of

PLAN = "document.plans[0]"


def plan(said: str) -> str:
    return f"plans: [{{code: x, name: X, {said}}}]"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("plans: [", "document"),
        ("- studio", "document"),
        ("? [a]\n: b", "document"),
        ("plans: []\n---\nplans: []", "document"),
        ("a: &a [1]\nplans: *a", "document"),
        ("plans: " + "[" * 50 + "]" * 50, "document"),
        ("plan: []", "document.plan"),
        ("plans: 5", "document.plans"),
        ("plans: !!python/object/apply:os.getcwd [x]", PLAN),
        ("plans: [x]", PLAN),
        ("plans: [{code: x, name: X}, {code: x, name: Y}]", "document.plans[1]"),
        ("plans: [{code: x, code: y, name: X}]", PLAN),
        ("plans: [{code: X, name: X}]", f"{PLAN}.code"),
        ("plans: [{code: [x], name: X}]", f"{PLAN}.code"),
        ("plans: [{code: x}]", f"{PLAN}.name"),
        ('plans: [{code: x, name: "\\e[2J"}]', f"{PLAN}.name"),
        ('plans: [{code: x, name: "two\\nlines"}]', f"{PLAN}.name"),
        ('plans: [{code: x, name: "\\u202egro.elpmaxe"}]', f"{PLAN}.name"),
        (plan("prize_cents: 1"), f"{PLAN}.prize_cents"),
        (plan("priceCents: 1"), f"{PLAN}.priceCents"),
        (plan("plan_code: y"), f"{PLAN}.plan_code"),
        (plan("<<: {price_cents: 1}"), f"{PLAN}.<<"),
        (plan("price_cents: 1"), f"{PLAN}.currency"),
        (plan("price_cents: 1, currency: ABC"), f"{PLAN}.currency"),
        (
            "addons: [{code: x, resource_kind: llm_tokens, qty: 1, price_cents: 1, currency: ABC}]",
            "document.addons[0].currency",
        ),
        (plan("items: {a: b}"), f"{PLAN}.items"),
        (plan("items: [null]"), f"{PLAN}.items[0]"),
        (plan("items: [[{}]]"), f"{PLAN}.items[0]"),
        (plan("currency: AUD, items: [{resource_kind: cpu}]"), f"{PLAN}.items[0].resource_kind"),
        ("addons: [{code: x, resource_kind: cpu}]", "document.addons[0].resource_kind"),
        (plan("currency: AUD"), f"{PLAN}.price_cents"),
        (plan("currency: AUD, items: []"), f"{PLAN}.price_cents"),
        (
            "addons: [{code: x, resource_kind: llm_tokens, qty: 1, currency: AUD}]",
            "document.addons[0].price_cents",
        ),
    ],
)
def test_an_invalid_document_is_refused_with_the_path(document: str, path: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_document(document)
    assert refused.value.metadata["field"] == path


@pytest.mark.parametrize(
    "written",
    ["0.4", "5000.0", "1e3", "5_000", "\u0665\u0660", "0x10", "true", "[1]", "{a: 1}", "9" * 20],
)
def test_cents_are_whole_numbers_written_in_digits(written: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_document(plan(f"price_cents: {written}"))
    assert refused.value.metadata["field"] == f"{PLAN}.price_cents"


def test_a_version_has_no_more_tiers_than_a_person_can_read() -> None:
    tiers = ", ".join(f"{{up_to_qty: {limit}, unit_price_cents: 1}}" for limit in range(1, 101))
    item = "resource_kind: llm_tokens, overage_unit: token, pricing_model: graduated"
    last = "{unit_price_cents: 1}"
    with pytest.raises(InvalidArgument) as refused:
        read_document(plan(f"currency: AUD, items: [{{{item}, tiers: [{tiers}, {last}]}}]"))
    assert refused.value.metadata["field"] == f"{PLAN}.items[0].tiers"


async def test_no_name_and_no_reason_steers_the_terminal_that_shows_it(shop: Shop) -> None:
    for name in ("\x1b[2J", "two\nlines", "\u202egro.elpmaxe", "\x9b"):
        assert await refusal(shop.deploy(display_name=name), field_of) == (
            "INVALID_ARGUMENT",
            "display_name",
        )
        renamed = pb.UpdatePlanRequest(code="studio", name=name)
        call = shop.catalog.UpdatePlan(renamed, metadata=shop.operator)
        assert await refusal(call, field_of) == ("INVALID_ARGUMENT", "name")
    made = await shop.deploy(display_name="Søren, café 💥")
    hidden = shop.move(made.id, "paused", reason="\x1b[2J")
    assert await refusal(hidden, field_of) == ("INVALID_ARGUMENT", "reason")
    await shop.move(made.id, "paused", reason="on request:\n\tmoves house")

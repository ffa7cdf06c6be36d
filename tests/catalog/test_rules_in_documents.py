"""Rebilling rules as a section of the catalog file: shown, applied once, and withdrawn."""

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5

import pytest
from arcadia.catalog.v1 import rebilling_service_pb2 as pb
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans.document import read_document, write_document
from services.catalog.plans.rules.changes import CatalogState
from services.catalog.plans.rules.diff import missing_from, plan_changes
from services.catalog.rebilling.rules.rebilling import Basis, NewRule, RebillingRule
from services.common.values.cost_plus import Markup
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_document import apply, export
from tests.catalog.test_rebilling import listed, rule, set_rule
from tests.inventory.account import reason_of

NOW = datetime(2026, 4, 1, tzinfo=UTC)
amounts = st.decimals(0, 1000, places=3)
months = st.dates(date(2026, 1, 1), date(2028, 12, 1)).map(lambda day: day.replace(day=1))


@st.composite
def rules(draw: st.DrawFn, code: str) -> list[RebillingRule]:
    """The rules of one code, one after another."""
    starts = sorted(draw(st.sets(months, min_size=1, max_size=4)))
    found: list[RebillingRule] = []
    for start, following in pairwise([*starts, None]):
        assert start is not None
        made = NewRule(
            code=code,
            basis=Basis.LIST,
            match=(("meter", ("droplet_hours",)), ("tenant", (code,))),
            markup=Markup(*(draw(amounts) for _ in range(4))),
            currency="AUD",
            takes_all=draw(st.booleans()),
            effective_from=start,
            effective_to=following,
        )
        number = uuid5(UUID(int=0), f"{code} {start}")
        found.append(RebillingRule(number, made, "op", NOW))
    return found


catalogs = st.sets(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=3).flatmap(
    lambda codes: st.tuples(*map(rules, sorted(codes)))
)


@given(catalogs)
@settings(max_examples=100)
def test_exported_rules_change_nothing_when_they_are_applied(
    found: tuple[list[RebillingRule], ...],
) -> None:
    state = CatalogState(rules=tuple(one for of_code in found for one in of_code))
    document = read_document(write_document(state))
    assert document.rules == tuple(one.rule for one in state.rules)
    assert plan_changes(state, document) == []
    assert missing_from(state, document).rules == ()
    assert len(plan_changes(CatalogState(), document)) == len(state.rules)


def entry(code: str = "cost_plus", start: str = "2026-05-01", **said: Any) -> dict[str, Any]:
    meters = said.pop("meter", "[droplet_hours]")
    return {
        "code": code,
        "basis": "list",
        "match": f"{{meter: {meters}}}",
        "percent": 20,
        "currency": "USD",
        "effective_from": start,
    } | said


def document(*entries: dict[str, Any]) -> str:
    said = [
        "{" + ", ".join(f"{key}: {value}" for key, value in one.items()) + "}" for one in entries
    ]
    return "rebilling:\n" + "".join(f"  - {one}\n" for one in said)


async def test_rules_of_a_file_are_shown_set_from_their_month_and_set_once(shop: Shop) -> None:
    file = document(
        entry(takes_all="true", fixed_cents="0.5", effective_to="2026-09-01"),
        entry("volumes", meter="volume_gb_month", percent="12.5"),
    )
    planned = await apply(shop, file, validate_only=True)
    assert await listed(shop) == []
    assert [(one.action, one.object_type, one.object_key) for one in planned.changes] == [
        ("create", "rebilling_rule", "cost_plus 2026-05"),
        ("create", "rebilling_rule", "volumes 2026-05"),
    ]
    assert list(planned.changes[0].differences) == [
        "basis list",
        "match meter=droplet_hours",
        "percent 20",
        "fixed_cents 0.5",
        "currency USD",
        "takes_all True",
        "effective_from 2026-05-01",
        "effective_to 2026-09-01",
    ]
    made = await apply(shop, file, state_hash=planned.state_hash)
    assert made.changes == planned.changes
    assert made.state_hash != planned.state_hash
    first, second = await listed(shop)
    assert (first.code, first.percent, first.takes_all) == ("cost_plus", "20", True)
    assert (first.effective_from, first.effective_to) == ("2026-05-01", "2026-09-01")
    assert (first.created_by, second.percent) == ("op", "12.5")
    assert list((await apply(shop, file)).changes) == []
    exported = await export(shop)
    assert list((await apply(shop, exported.document)).changes) == []
    assert await export(shop) == exported


async def test_a_rule_that_has_not_begun_is_changed_and_one_that_has_is_followed(
    shop: Shop,
) -> None:
    await set_rule(shop, match={"meter": ["droplet_hours"]})
    await apply(shop, document(entry(percent="30", effective_to="2026-08-01")))
    made = await apply(shop, document(entry(percent="25")))
    assert [(one.action, list(one.differences)) for one in made.changes] == [
        ("update", ["percent 30 → 25", "effective_to 2026-08-01 → none"]),
    ]
    shop.clock.set("2026-06-01")
    changed = document(entry(percent="40"))
    for only in (True, False):
        refused = await refusal(apply(shop, changed, validate_only=only), reason_of)
        assert refused == ("FAILED_PRECONDITION", "RULE_FIXED")
    following = document(entry(percent="25"), entry(start="2026-06-01", percent="40"))
    await apply(shop, following)
    assert list((await apply(shop, following)).changes) == []
    assert [(one.percent, one.effective_from, one.effective_to) for one in await listed(shop)] == [
        ("40", "2026-06-01", ""),
        ("25", "2026-05-01", "2026-06-01"),
        ("20", "2026-04-01", "2026-05-01"),
    ]


async def test_an_open_rule_is_ended_by_the_file_and_not_before_the_current_month(
    shop: Shop,
) -> None:
    await set_rule(shop, match={"meter": ["droplet_hours"]})
    past = document(entry(start="2026-04-01", effective_to="2026-05-01"))
    shop.clock.set("2026-06-10")
    assert await refusal(apply(shop, past), reason_of) == ("FAILED_PRECONDITION", "RULE_FIXED")
    ended = document(entry(start="2026-04-01", effective_to="2026-07-01"))
    made = await apply(shop, ended)
    assert [list(one.differences) for one in made.changes] == [["effective_to none → 2026-07-01"]]
    assert list((await apply(shop, ended)).changes) == []
    again = document(entry(start="2026-04-01"))
    assert await refusal(apply(shop, again), reason_of) == ("FAILED_PRECONDITION", "RULE_FIXED")


async def test_a_rule_of_some_months_splits_another_which_ends_with_its_rest(shop: Shop) -> None:
    short = entry(start="2026-06-01", percent="50", effective_to="2026-08-01")
    file = document(entry(), short)
    await apply(shop, file)
    assert list((await apply(shop, file)).changes) == []
    spans = [(one.percent, one.effective_from, one.effective_to) for one in await listed(shop)]
    assert spans == [
        ("20", "2026-08-01", ""),
        ("50", "2026-06-01", "2026-08-01"),
        ("20", "2026-05-01", "2026-06-01"),
    ]
    await apply(shop, document(entry(effective_to="2026-12-01"), short))
    assert (await listed(shop))[0].effective_to == "2026-12-01"
    await apply(shop, document(entry(effective_to="2026-07-01"), short))
    assert [one.percent for one in await listed(shop)] == ["50", "20"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("document.rebilling[0].match.sku", {"match": "{meter: [droplet_hours], sku: ['']}"}),
        ("document.rebilling[0].match.meter", {"meter": "magic"}),
        ("document.rebilling[0].effective_from", {"effective_from": "2026-05-02"}),
        ("document.rebilling[0].takes_all", {"takes_all": "maybe"}),
        ("document.rebilling[0].percent", {"percent": "-1"}),
        ("document.rebilling[0].colour", {"colour": "red"}),
        ("document.rebilling[1]", {}),
    ],
)
async def test_a_wrong_rule_of_a_file_is_refused_by_its_path(
    shop: Shop, path: str, wrong: dict[str, Any]
) -> None:
    call = apply(shop, document(entry(**wrong), entry()))
    status, told = await refusal(call, lambda error: error.details() or "")
    assert (status, told.partition(":")[0]) == ("INVALID_ARGUMENT", path)


async def test_rules_of_a_file_that_tie_or_begin_too_early_are_refused_as_a_whole(
    shop: Shop,
) -> None:
    tied = document(
        entry("of_acme", match="{meter: droplet_hours, tenant: acme}"),
        entry("of_metal", match="{meter: droplet_hours, plan: metal}"),
    )
    assert await refusal(apply(shop, tied, validate_only=True), reason_of) == (
        "FAILED_PRECONDITION",
        "MATCH_TIE",
    )
    early = document(entry(), entry("early", start="2026-03-01", meter="volume_gb_month"))
    assert await refusal(apply(shop, early), reason_of) == ("FAILED_PRECONDITION", "RULE_FIXED")
    assert await listed(shop) == []


async def end(shop: Shop, month: str, code: str = "cost_plus") -> pb.RebillingRule:
    request = pb.EndRebillingRuleRequest(code=code, effective_to=month)
    answer = await shop.rebilling.EndRebillingRule(request, metadata=shop.operator)
    return answer.rebilling_rule


@pytest.mark.parametrize("month", ["2026-04-01", "2026-06-01"])
async def test_a_rule_is_withdrawn_before_it_begins(shop: Shop, month: str) -> None:
    made = await set_rule(shop, effective_from="2026-06-01")
    withdrawn = await end(shop, month)
    assert (withdrawn.id, withdrawn.effective_to) == (made.id, "2026-06-01")
    assert await listed(shop) == []
    assert await refusal(end(shop, month), reason_of) == ("NOT_FOUND", "REBILLING_RULE_NOT_FOUND")
    kept = shop.rows("SELECT superseded_at IS NOT NULL FROM rebilling_rules")
    assert kept == [(True,)]
    await set_rule(shop, effective_from="2026-06-01", percent="30")


async def test_the_end_of_a_rule_withdraws_what_would_follow(shop: Shop) -> None:
    await set_rule(shop)
    await set_rule(shop, percent="30", effective_from="2026-07-01")
    ended = await end(shop, "2026-05-01")
    assert (ended.percent, ended.effective_to) == ("20", "2026-05-01")
    assert [(one.percent, one.effective_to) for one in await listed(shop)] == [("20", "2026-05-01")]


@pytest.mark.parametrize("values", [[""], ["a", ""]])
async def test_an_empty_value_of_a_scope_is_refused_by_its_field(
    shop: Shop, values: list[str]
) -> None:
    request = rule(match={"meter": "droplet_hours", "sku": values})
    call = shop.rebilling.CreateRebillingRule(request, metadata=shop.operator)
    status, told = await refusal(call, lambda error: error.details() or "")
    assert (status, told) == ("INVALID_ARGUMENT", "match.sku: has an empty value")


def test_a_document_of_a_catalog_without_rules_has_no_section_for_them() -> None:
    assert "rebilling" not in write_document(CatalogState())

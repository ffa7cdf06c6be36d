"""The engine exactly at its bounds: full months, allowances, caps, tiers, days."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import MAX_AMOUNT, AmountOutOfRange, UnreadableInputs
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    ChangeInputs,
    HeldAddon,
    Term,
    UsageSeries,
)
from services.catalog.quoting.lines import Line, LineKind, ServiceDays, content_of, line_json, total
from services.catalog.quoting.lines import line as line_of
from services.catalog.quoting.proofs.canonical import inputs_json, result_json
from services.catalog.quoting.proofs.parse import MAX_CACHED, read_inputs
from services.common.values.periods import Period
from tests.boundaries.engine_months import (
    JUNE,
    MODELS,
    TOKEN_PRICE,
    TOKENS,
    month,
    months,
    recorded,
    selling,
    used,
    whole,
)

MONTHS = dict(months())


def cents(name: str, qty: str) -> int:
    """What a quantity over nothing but the allowance of ten comes to."""
    return total(price(whole(selling(MODELS[name]), used(qty))).overage)


@pytest.mark.parametrize(
    ("name", "qty", "amount"),
    [
        ("allowance", "10", 0), ("allowance", "10.1", 0), ("allowance", "10.17", 1),
        ("per unit, capped", "59.9", 150), ("per unit, capped", "60", 150),
        ("per unit, capped", "60.1", 150), ("per unit, capped", "59", 147),
        ("package", "10", 0), ("package", "10.001", 7), ("package", "34.999", 7),
        ("package", "35", 7), ("package", "35.001", 14), ("package", "60", 14),
        ("package", "60.001", 21),
        ("graduated", "110", 1000), ("graduated", "111", 1001), ("graduated", "1010", 1450),
        ("graduated", "1012", 1451),
        ("volume", "110", 1000), ("volume", "111", 51), ("volume", "1010", 500),
        ("volume", "1010.001", 250),
        ("flat", "10", 0), ("flat", "10.001", 1000), ("flat", "9999", 1000),
        ("minimum", "0", 500), ("minimum", "176.66", 500), ("minimum", "176.84", 501),
        ("minimum", "177", 501), ("minimum", "176.34", 500),
    ],
)  # fmt: skip  # a table
def test_a_model_charges_at_its_bound_what_its_terms_say(name: str, qty: str, amount: int) -> None:
    assert cents(name, qty) == amount


@pytest.mark.parametrize("name", MONTHS)
def test_every_recorded_month_reads_prices_and_is_written_as_it_always_was(name: str) -> None:
    [known] = [one for one in recorded() if one["name"] == name]
    inputs = read_inputs(known["inputs"])
    assert inputs_json(inputs) == inputs_json(MONTHS[name])
    assert inputs_json(inputs).decode() == known["inputs"]
    assert result_json(price(inputs)).decode() == known["result"]


@pytest.mark.parametrize("name", MONTHS)
def test_a_result_reads_the_same_whether_its_lines_were_written_before_or_not(name: str) -> None:
    quote = price(MONTHS[name])
    assert quote.fixed_json is not None
    assert result_json(replace(quote, fixed_json=None)) == result_json(quote)


def test_every_line_of_every_month_multiplies_and_covers_days_of_it() -> None:
    for inputs in MONTHS.values():
        quote = price(inputs)
        for line in (*quote.recurring, *quote.first_invoice, *quote.overage, *quote.ad_hoc):
            exact = Decimal(line.qty) * Decimal(line.unit_price_cents)
            assert abs(exact / Decimal(line.price_base_qty) - line.amount_cents) <= Decimal("0.5")
            if line.service is not None:
                assert JUNE.start <= line.service.start < line.service.end <= JUNE.end


def test_a_change_on_the_last_day_has_that_day_even_at_no_cost() -> None:
    first, last = Period(JUNE.start, date(2026, 6, 30)), Period(date(2026, 6, 30), JUNE.end)
    old, new = selling(price_cents=10, name="old"), selling(price_cents=12, name="new")
    more = HeldAddon(AddonSnapshot("a", "more", "dns_zones", Decimal(1), 14), (last,), added=True)
    made = replace(
        month(terms=(Term(old, (first,)), Term(new, (last,))), addons=(more,)),
        change=ChangeInputs((Term(old, (JUNE,)),)),
    )
    change = price(made).change
    assert change is not None
    days = ServiceDays(last.start, last.end, 1)
    told = [
        [(one.description, one.qty, one.amount_cents, one.service) for one in side]
        for side in (change.credits, change.charges)
    ]
    assert told == [
        [("Plan: old", "-1", 0, days)],
        [("Plan: new", "1", 0, days), ("Addon: more", "1", 0, days)],
    ]
    assert change.net_cents == 0


def test_a_line_may_come_to_the_most_and_not_to_a_cent_more() -> None:
    dear = replace(MODELS["allowance"], included_qty=Decimal(0), overage_price_cents=Decimal(1))
    most = whole(selling(dear), used(str(MAX_AMOUNT)))
    assert total(price(most).overage) == MAX_AMOUNT
    with pytest.raises(AmountOutOfRange, match=r"^dns_zones exceeds") as refused:
        price(whole(selling(dear), used(str(MAX_AMOUNT + 1))))
    assert refused.value.resource_kind == "dns_zones"


def test_a_line_of_many_digits_is_rounded_once_from_all_of_them() -> None:
    """It comes to 100,000,000,000,200 and a half less two parts of 10^24: no cent more."""
    price_of_one = Decimal("1.000000000002")
    dear = replace(MODELS["per unit, capped"], included_qty=Decimal(0), hard_cap_qty=None,
                   overage_price_cents=price_of_one)  # fmt: skip  # a table
    [line] = price(whole(selling(dear), used("100000000000000.499999999999"))).overage
    assert (line.qty, line.unit_price_cents) == ("100000000000000.499999999999", str(price_of_one))
    assert line.amount_cents == 100_000_000_000_200


HALVES = Period(JUNE.start, date(2026, 6, 16)), Period(date(2026, 6, 16), JUNE.end)


def test_two_plans_with_one_item_have_an_allowance_each_for_their_days() -> None:
    """30 zones in the days of each; 5 of them are included in half a month."""
    priced = MODELS["per unit, capped"]
    terms = tuple(
        Term(selling(priced, name=name), (half,)) for name, half in zip("ab", HALVES, strict=True)
    )
    usage = (used("30"), used("30", HALVES[1].start))
    lines = price(month(*usage, terms=terms)).overage
    assert [(one.qty, one.amount_cents) for one in lines] == [("25", 75), ("25", 75)]


def test_days_of_plans_that_leave_a_kind_out_are_one_line_at_a_price() -> None:
    terms = tuple(
        Term(selling(name=name), (half,)) for name, half in zip("ab", HALVES, strict=True)
    )
    usage = (used("1000", kind=TOKENS), used("1000", HALVES[1].start, TOKENS))
    whole_month = replace(TOKEN_PRICE, effective_from=JUNE.start, effective_to=None)
    zone = replace(whole_month, id="z", resource_kind="dns_zones", unit="zone")
    made = replace(month(*usage, used("3"), terms=terms), prices=(whole_month, zone))
    assert [(one.resource_kind, one.qty, one.amount_cents) for one in price(made).ad_hoc] == [
        ("dns_zones", "3", 6),
        (TOKENS, "2", 4),
    ]


def test_the_allowance_of_addons_is_free_and_the_first_unit_over_it_is_charged() -> None:
    zone = replace(TOKEN_PRICE, resource_kind="dns_zones", unit="zone", effective_from=JUNE.start)
    held = (HeldAddon(AddonSnapshot("a", "zones", "dns_zones", Decimal(10), 0), (JUNE,)),)
    bare = replace(whole(selling()), addons=held)
    for qty, prices, amounts in (("10", (), []), ("10", (zone,), []), ("11", (zone,), [2])):
        by_day = replace(bare, usage=(used(qty),), prices=prices)
        projected = replace(
            bare,
            usage=(UsageSeries("dns_zones", projected_qty=Decimal(qty)),),
            prices=prices,
            projected_from=JUNE.start,
        )
        for inputs in (by_day, projected):
            assert [one.amount_cents for one in price(inputs).ad_hoc] == amounts


def test_projections_of_one_kind_are_added_up() -> None:
    projected = [
        UsageSeries("dns_zones", projected_qty=Decimal(qty), dimensions=(("size", qty),))
        for qty in ("30", "7")
    ]
    version = selling(MODELS["per unit, capped"])
    for usage, qty in ((projected, "27"), (projected[:1], "20")):
        [line] = price(replace(whole(version, *usage), projected_from=JUNE.start)).overage
        assert (line.qty, line.amount_cents) == (qty, 3 * int(qty))


def without_currency(said: Any) -> None:
    del said["currency"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda said: said.update(terms=[]), "ValueError: there are no terms"),
        (without_currency, "KeyError: 'currency'"),
        (lambda said: said.update(currency=5), "TypeError: 5 is not text"),
        (
            lambda said: said["terms"][0]["plan_version"].update(price_cents="5"),
            "ValueError: '5' is not a whole number",
        ),
        (
            lambda said: said.update(usage={"boats": {}}),
            "ValueError: 'boats' is not a kind of usage",
        ),
        (
            lambda said: said["terms"][0]["plan_version"]["items"]["dns_zones"].update(
                overage_unit="boat"
            ),
            "ValueError: 'boat' is not a unit of dns_zones",
        ),
    ],
)
def test_inputs_that_cannot_be_read_say_what_is_wrong(
    spoil: Callable[[Any], None], why: str
) -> None:
    said = json.loads(inputs_json(MONTHS["allowance, 11 used"]))
    spoil(said)
    for written in (json.dumps(said), orjson.dumps(said)):
        with pytest.raises(UnreadableInputs) as refused:
            read_inputs(written)
        assert str(refused.value) == why


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text[:-1] + "]",
        lambda text: text + "}",
        lambda text: text.replace(',"usage":{', ',,"usage":{'),
        lambda text: text.replace(',"usage":{', '},"usage":{'),
        lambda text: text[:-1] + ',"usage":{}',
    ],
)
def test_damaged_text_is_not_read_although_a_sound_one_was_before(
    damage: Callable[[str], str],
) -> None:
    sound = inputs_json(MONTHS["allowance, 11 used"]).decode()
    read_inputs(sound)
    with pytest.raises(UnreadableInputs):
        read_inputs(damage(sound))


def test_a_part_with_a_usage_of_its_own_is_not_taken_for_the_usage_of_the_month() -> None:
    made = MONTHS["allowance, 11 used"]
    said = json.loads(inputs_json(made))
    note = {"remark": ',"usage":{}', "usage": {"dns_zones": {}}}
    told = orjson.dumps({**said, "zzz": note})
    assert inputs_json(read_inputs(told)) == inputs_json(made)


def test_months_with_the_same_plan_keep_their_own_usage() -> None:
    made = MONTHS["allowance, 11 used"]
    other = replace(made, usage=(UsageSeries("dns_zones"),))
    long = inputs_json(made).decode().replace("{", "{" + " " * MAX_CACHED, 1)
    for one in (made, other, made):
        assert inputs_json(read_inputs(inputs_json(one))) == inputs_json(one)
    assert inputs_json(read_inputs(long)) == inputs_json(made)


def a_line(**terms: Any) -> Line:
    """A third of a unit."""
    said: dict[str, Any] = {
        "qty": Decimal(1), "over": 3, "unit": "zone", "unit_price": Decimal(90), "base": 1,
        "service": None, "meta": {}, **terms,
    }  # fmt: skip  # a table
    return line_of(LineKind.OVERAGE, "dns_zones", "Overage: dns_zones", **said)


@pytest.mark.parametrize(
    ("unit_price", "base", "qty", "price_base_qty", "amount"),
    [
        ("90", 1, "0.333333333333", "1", 30),
        ("900", 10, "0.333333333333", "10", 30),
        # What is shown would come to 999,999,999,999.
        ("3000000000000", 1, "1", "3", 10**12),
        ("30000000000000", 10, "1", "30", 10**12),
    ],
)
def test_a_third_is_shown_as_a_decimal_unless_that_multiplies_to_another_cent(
    unit_price: str, base: int, qty: str, price_base_qty: str, amount: int
) -> None:
    made = a_line(unit_price=Decimal(unit_price), base=base)
    assert (made.qty, made.price_base_qty, made.amount_cents) == (qty, price_base_qty, amount)
    assert (made.unit_price_cents, made.meta) == (unit_price, {"exact_qty": "1/3"})


def test_a_line_is_written_with_its_keys_in_order_and_its_dimensions_if_any() -> None:
    made = a_line(over=1, meta={"used": "1", "allowance": "0"})
    assert "dimensions" not in content_of(made)
    sized = made._replace(dimensions=(("size", "s-1"), ("region", "syd1")))
    assert content_of(sized) == {
        **content_of(made),
        "dimensions": {"size": "s-1", "region": "syd1"},
    }
    assert orjson.dumps(line_json(sized)) == (
        b'{"amount_cents":90,"description":"Overage: dns_zones",'
        b'"dimensions":{"region":"syd1","size":"s-1"},"kind":"overage",'
        b'"meta":{"allowance":"0","used":"1"},"price_base_qty":"1","qty":"1",'
        b'"resource_kind":"dns_zones","service":null,"unit":"zone","unit_price_cents":"90"}'
    )
